package sqlite

import (
	"reflect"
	"testing"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/sqlite/raw"
	"github.com/mattn/go-sqlite3"
)

// recompiled returns how often SQLite compiles a prepared statement again when it runs three times.
func recompiled(t *testing.T, c *raw.Conn, query string, args []any) int64 {
	t.Helper()
	stmt, err := c.Statement(query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer stmt.Close()
	for range 3 {
		if err := raw.Run(stmt, raw.Arguments(args...)); err != nil {
			t.Fatalf("%v\n%s", err, query)
		}
	}
	return reflect.ValueOf(stmt).Elem().FieldByName("repreps").Int() // the driver asks for it and does not tell
}

// What runs for each webhook or each message is compiled once a connection.
func TestFrequentStatementsAreCompiledOnce(t *testing.T) {
	s := planned(t)
	s.db.SetMaxOpenConns(1)
	pooled, err := s.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer pooled.Close()
	_ = pooled.Raw(func(driverConn any) error { // it has no error of its own
		reader := &raw.Conn{SQLiteConn: driverConn.(*sqlite3.SQLiteConn)}
		if recompiled(t, reader, "SELECT id FROM name LIMIT ?", []any{int64(5)}) == 0 {
			t.Error("a plan that depends on a value is not compiled again: this test sees nothing")
		}
		for query, args := range map[string][]any{
			getQuery:       {int64(2)},
			exchangesQuery: {"[1,2]"},
			requestsQuery:  {"[1,2]"},
			upcoming:       {int64(2), "", int64(engine.NameTarget)},
		} {
			if n := recompiled(t, reader, query, args); n != 0 {
				t.Errorf("compiled again %d times: %s", n, query)
			}
		}
		return nil
	})
	writer := s.writer.conn
	args := []any{"", int64(0), int64(0), int64(1), int64(1), int64(1), int64(1)}
	if n := recompiled(t, writer, leaseStatement, args); n != 0 {
		t.Errorf("compiled again %d times: %s", n, leaseStatement)
	}
}
