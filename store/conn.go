package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"sync"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/disk"
)

// conn is one connection for one goroutine, without database/sql, whose bookkeeping costs as much as the insert.
type conn struct {
	*sqlite3.SQLiteConn
	kept   []*sqlite3.SQLiteStmt
	failed error // the first error of keep
}

func dial(address string) (*conn, error) {
	c, err := (&sqlite3.SQLiteDriver{}).Open(address)
	if err != nil {
		return nil, err
	}
	return &conn{SQLiteConn: c.(*sqlite3.SQLiteConn)}, nil
}

// exec runs a script without arguments, or one statement with arguments.
func (c *conn) exec(script string, values ...driver.Value) error {
	_, err := c.ExecContext(context.Background(), script, arguments(values...))
	return err
}

// transact runs do in a transaction that locks the file from its beginning, and rolls it back after an error.
func (c *conn) transact(do func() error) error {
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := do()
	if err == nil {
		err = c.exec("COMMIT")
	}
	if err != nil {
		_ = c.exec("ROLLBACK") // the first error is the one to tell
	}
	return err
}

func (c *conn) prepare(query string) (*sqlite3.SQLiteStmt, error) {
	stmt, err := c.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	return stmt.(*sqlite3.SQLiteStmt), nil
}

// keep prepares a statement for as long as the connection is open. After an error, which stays in failed, it prepares
// nothing.
func (c *conn) keep(query string) *sqlite3.SQLiteStmt {
	if c.failed != nil {
		return nil
	}
	stmt, err := c.prepare(query)
	if err != nil {
		c.failed = err
		return nil
	}
	c.kept = append(c.kept, stmt)
	return stmt
}

// Close closes the connection and its statements: SQLite keeps connection and log as long as a statement is open.
func (c *conn) Close() error {
	for _, stmt := range c.kept {
		_ = stmt.Close() // repeats the error of its last run
	}
	c.kept = nil
	return c.SQLiteConn.Close()
}

// queryRow reads the one row of a query into *int64 and *string; NULL leaves them as they are. io.EOF: there is none.
func (c *conn) queryRow(query string, args []driver.NamedValue, dest ...any) error {
	stmt, err := c.prepare(query)
	if err != nil {
		return err
	}
	return cmp.Or(one(stmt, args, dest...), stmt.Close())
}

// one runs a prepared query of at most one row.
func one(stmt *sqlite3.SQLiteStmt, args []driver.NamedValue, dest ...any) error {
	rows, err := stmt.QueryContext(context.Background(), args)
	if err != nil {
		return err
	}
	values := make([]driver.Value, len(dest))
	if err = rows.Next(values); err == nil {
		for i, v := range values {
			switch to := dest[i].(type) {
			case *int64:
				*to, _ = v.(int64)
			case *string:
				*to, _ = v.(string)
			}
		}
	}
	return errors.Join(err, rows.Close())
}

// run executes a prepared statement that returns nothing. It goes through Query since there the driver binds and steps
// in one crossing to C, where Exec crosses once for each value.
func run(stmt *sqlite3.SQLiteStmt, args []driver.NamedValue) error {
	rows, err := stmt.QueryContext(context.Background(), args)
	if err != nil {
		return err
	}
	return rows.Close()
}

// drain runs a PRAGMA that works a little with each row it returns.
func (c *conn) drain(query string) error {
	return c.each(context.Background(), query, nil, func(cells) error { return nil })
}

// keepLog makes SQLite leave the file named like the log alone when the connection closes.
func (c *conn) keepLog() {
	_ = c.SetFileControlInt("main", sqlite3.SQLITE_FCNTL_PERSIST_WAL, 1) // fails only on a closed connection
}

func arguments(values ...driver.Value) []driver.NamedValue {
	named := make([]driver.NamedValue, len(values))
	for i, v := range values {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return named
}

// readers makes the connections of the pool that queries use, and knows them for the end.
type readers struct {
	address string
	mu      sync.Mutex
	conns   []*conn
}

// Connect is for database/sql.
func (r *readers) Connect(context.Context) (driver.Conn, error) {
	c, err := dial(r.address)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, c)
	return c.SQLiteConn, nil
}

// Driver is for database/sql.
func (r *readers) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// newReaders opens nothing yet. The connections stay open once made, so that r.conns does not grow.
func newReaders(path string, settings ...string) (*readers, *sql.DB) {
	settings = append(settings, "_query_only=true", "_synchronous=FULL", "_stmt_cache_size=16")
	r := &readers{address: disk.SQLiteAddress(path, patience, settings...)}
	db := sql.OpenDB(r)
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	return r, db
}

// keepLogs is keepLog for all.
func (r *readers) keepLogs() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.keepLog()
	}
}

// some runs a prepared statement and reports whether it returned a row.
func some(stmt *sqlite3.SQLiteStmt, args []driver.NamedValue) (bool, error) {
	var ignored int64
	err := one(stmt, args, &ignored)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// idsOf runs a prepared statement that returns ids.
func idsOf(stmt *sqlite3.SQLiteStmt, args []driver.NamedValue) (ids []int64, err error) {
	rows, err := stmt.QueryContext(context.Background(), args)
	if err != nil {
		return nil, err
	}
	err = eachOf(rows, func(row cells) error {
		ids = append(ids, row.number())
		return nil
	})
	return ids, err
}
