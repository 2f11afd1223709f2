package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3" // the history that is copied

	"github.com/barbhq/barb/store/postgres"
)

// flags are the columns that are boolean here and numbers in SQLite.
var flags = map[string]bool{"behind": true, "straight": true, "answered": true, "same": true, "pinned": true}

// copyHistory copies the rows of a SQLite history, for tests of reading: what was written is the same then.
func copyHistory(t *testing.T, path string, to *postgres.Engine) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range []string{"name", "exchange", "request", "response", "answered", "queue", "mirror", "pin", "run",
		"remark", "kept"} {
		copyTable(t, db, to, table)
	}
	var last, disorder int64
	var key []byte
	if err := db.QueryRow("SELECT last_id, disorder, pin_key FROM history").Scan(&last, &disorder, &key); err != nil {
		t.Fatal(err)
	}
	if _, err := to.Pool().Exec(context.Background(), "UPDATE barb.history SET last_id = $1, disorder = $2, pin_key = $3",
		last, disorder, key); err != nil {
		t.Fatal(err)
	}
}

func copyTable(t *testing.T, db *sql.DB, to *postgres.Engine, table string) {
	t.Helper()
	query := "SELECT * FROM " + table
	if table == "request" {
		query = "SELECT id, head, fields, target, proto, trailer, " +
			"ifnull(body, (SELECT data FROM body b WHERE b.id = shared)) AS body, chunks, " +
			"server_name, full_length, full_sha256 FROM request"
	}
	found, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var into []string
	var values [][]any
	for found.Next() {
		row, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			places[i] = &row[i]
		}
		if err := found.Scan(places...); err != nil {
			t.Fatal(err)
		}
		var out []any
		into, out = rowFor(table, columns, row)
		values = append(values, out)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	if len(values) == 0 {
		return
	}
	if _, err := to.Pool().CopyFrom(context.Background(), pgx.Identifier{"barb", table}, into,
		pgx.CopyFromRows(values)); err != nil {
		t.Fatal(table, err)
	}
}

// rowFor returns the columns and the values of a row as they are here.
func rowFor(table string, columns []string, row []any) (into []string, out []any) {
	for i, column := range columns {
		v := row[i]
		if column == "room" {
			continue
		}
		n, isNumber := v.(int64)
		text, isText := v.(string)
		switch {
		case isNumber && flags[column], isNumber && table == "run" && column == "ended":
			v = n != 0
		case isText:
			v = postgres.Escape(text)
		}
		if column == "text" {
			into, out = append(into, "sum"), append(out, postgres.SumOf(text))
		}
		if table == "queue" && column == "ord" {
			into, out = append(into, "lane"), append(out, laneFor(v))
		}
		into, out = append(into, column), append(out, v)
	}
	if table == "exchange" {
		into, out = append(into, "writer"), append(out, int64(1))
	}
	return into, out
}

func laneFor(order any) any {
	if order == nil {
		return nil
	}
	return int64(len(fmt.Sprint(order)) + strings.Count(fmt.Sprint(order), "b"))
}
