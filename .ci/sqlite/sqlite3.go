// Package sqlite3 has the names of go-sqlite3 that barb uses and none of its C. With it .ci/cross vets barb for systems for
// which no C compiler is here. Nothing is ever built with it.
package sqlite3

import (
	"context"
	"database/sql/driver"
	"syscall"
)

const SQLITE_FCNTL_PERSIST_WAL = 10

type (
	SQLiteDriver  struct{}
	SQLiteConn    struct{}
	SQLiteStmt    struct{}
	ErrNo         int
	ErrNoExtended int
	Error         struct {
		Code         ErrNo
		ExtendedCode ErrNoExtended
		SystemErrno  syscall.Errno
	}
)

var ErrBusy, ErrLocked, ErrReadonly, ErrPerm, ErrCorrupt, ErrNotADB, ErrFull, ErrTooBig, ErrConstraint, ErrMismatch ErrNo

func (Error) Error() string                                                     { return "" }
func (*SQLiteDriver) Open(string) (driver.Conn, error)                          { return nil, nil }
func (*SQLiteConn) Close() error                                                { return nil }
func (*SQLiteConn) Begin() (driver.Tx, error)                                   { return nil, nil }
func (*SQLiteConn) Prepare(string) (driver.Stmt, error)                         { return nil, nil }
func (*SQLiteConn) PrepareContext(context.Context, string) (driver.Stmt, error) { return nil, nil }
func (*SQLiteConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return nil, nil
}
func (*SQLiteConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return nil, nil
}
func (*SQLiteConn) SetFileControlInt(string, int, int) error { return nil }
func (*SQLiteStmt) Close() error                             { return nil }
func (*SQLiteStmt) QueryContext(context.Context, []driver.NamedValue) (driver.Rows, error) {
	return nil, nil
}
func (*SQLiteStmt) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	return nil, nil
}
func (*SQLiteStmt) Exec([]driver.Value) (driver.Result, error) { return nil, nil }
func (*SQLiteStmt) Query([]driver.Value) (driver.Rows, error)  { return nil, nil }
func (*SQLiteStmt) NumInput() int                              { return 0 }
