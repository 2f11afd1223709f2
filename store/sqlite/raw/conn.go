// Package raw runs statements on connections to SQLite, past database/sql. It knows no table.
package raw

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/barbhq/barb/store/engine"
	"github.com/mattn/go-sqlite3"
)

// Conn is one connection for one goroutine, without database/sql, whose bookkeeping costs as much as the insert.
type Conn struct {
	*sqlite3.SQLiteConn
	kept   []*sqlite3.SQLiteStmt
	Failed error // the first error of Keep
}

// Dial opens a connection to an address of the driver, such as disk.SQLiteAddress returns.
func Dial(address string) (*Conn, error) {
	c, err := (&sqlite3.SQLiteDriver{}).Open(address)
	if err != nil {
		return nil, err
	}
	return &Conn{SQLiteConn: c.(*sqlite3.SQLiteConn)}, nil
}

// Exec runs a script without arguments, or one statement with arguments.
func (c *Conn) Exec(script string, values ...any) error {
	_, err := c.ExecContext(context.Background(), script, Arguments(values...))
	return err
}

// Transact runs do in a transaction that locks the file from its beginning, and rolls it back after an error.
func (c *Conn) Transact(do func() error) error {
	if err := c.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := do()
	if err == nil {
		err = c.Exec("COMMIT")
	}
	if err != nil {
		_ = c.Exec("ROLLBACK") // the first error is the one to tell
	}
	return err
}

// Statement prepares a statement, which its caller closes.
func (c *Conn) Statement(query string) (*sqlite3.SQLiteStmt, error) {
	stmt, err := c.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	return stmt.(*sqlite3.SQLiteStmt), nil
}

// Keep prepares a statement for as long as the connection is open. After an error, which stays in Failed, it prepares
// nothing.
func (c *Conn) Keep(query string) *sqlite3.SQLiteStmt {
	if c.Failed != nil {
		return nil
	}
	stmt, err := c.Statement(query)
	if err != nil {
		c.Failed = err
		return nil
	}
	c.Own(stmt)
	return stmt
}

// Own has Close close a statement too.
func (c *Conn) Own(stmt *sqlite3.SQLiteStmt) { c.kept = append(c.kept, stmt) }

// Close closes the connection and its statements: SQLite keeps connection and log as long as a statement is open.
func (c *Conn) Close() error {
	for _, stmt := range c.kept {
		_ = stmt.Close() // repeats the error of its last run
	}
	c.kept = nil
	return c.SQLiteConn.Close()
}

// QueryRow reads the one row of a query into *int64 and *string; NULL leaves them as they are. io.EOF: there is none.
func (c *Conn) QueryRow(query string, args []driver.NamedValue, dest ...any) error {
	stmt, err := c.Statement(query)
	if err != nil {
		return err
	}
	return cmp.Or(One(stmt, args, dest...), stmt.Close())
}

// One runs a prepared query of at most one row, as QueryRow reads it.
func One(stmt *sqlite3.SQLiteStmt, args []driver.NamedValue, dest ...any) error {
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

// Run executes a prepared statement that returns nothing. It goes through Query since there the driver binds and steps
// in one crossing to C, where Exec crosses once for each value.
func Run(stmt *sqlite3.SQLiteStmt, args []driver.NamedValue) error {
	rows, err := stmt.QueryContext(context.Background(), args)
	if err != nil {
		return err
	}
	return rows.Close()
}

// Drain runs a PRAGMA that works a little with each row it returns.
func (c *Conn) Drain(query string) error {
	return c.Each(context.Background(), query, nil, func(engine.Row) error { return nil })
}

// KeepLog makes SQLite leave the file named like the log alone when the connection closes.
func (c *Conn) KeepLog() {
	_ = c.SetFileControlInt("main", sqlite3.SQLITE_FCNTL_PERSIST_WAL, 1) // fails only on a closed connection
}

// Arguments numbers the values of a statement from 1.
func Arguments(values ...any) []driver.NamedValue {
	named := make([]driver.NamedValue, len(values))
	for i, v := range values {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return named
}

// Some runs a prepared statement and reports whether it returned a row.
func Some(stmt *sqlite3.SQLiteStmt, args []driver.NamedValue) (bool, error) {
	var ignored int64
	err := One(stmt, args, &ignored)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// IDs runs a prepared statement that returns ids.
func IDs(stmt *sqlite3.SQLiteStmt, args []driver.NamedValue) (ids []int64, err error) {
	rows, err := stmt.QueryContext(context.Background(), args)
	if err != nil {
		return nil, err
	}
	err = EachOf(rows, func(row engine.Row) error {
		ids = append(ids, row.Number())
		return nil
	})
	return ids, err
}

// Each hands the rows of a query to do.
func (c *Conn) Each(ctx context.Context, query string, args []any, do func(engine.Row) error) error {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return err
		}
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	rows, err := c.QueryContext(ctx, query, named)
	if err != nil {
		return err
	}
	return EachOf(rows, do)
}
