package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/barbhq/barb/store/postgres/column"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/postgres/pipeline"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var kinds = []string{"id", "n", "s text", "b bytea", "y bool"}

const tables = `CREATE TABLE %s (id bigint PRIMARY KEY, n bigint, s text, b bytea, y boolean)`

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, query string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, conn *pgx.Conn, query string) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// late is a number that is known after its row was added.
type late struct{ n int64 }

func (l *late) Number() int64 { return l.n }

// any rows are rows of all kinds, with values at their limits, and some that are larger than a message.
func anyRows(random *rand.Rand, n int) (rows *column.Rows, known func()) {
	rows = column.New(kinds...)
	last := &late{}
	for i := range n {
		row := []any{int64(i), nil, nil, nil, nil}
		switch random.IntN(5) {
		case 0:
			row[1] = []any{int64(math.MinInt64), int64(math.MaxInt64), int64(0), true, false}[random.IntN(5)]
		case 1:
			row[1] = last
		}
		if random.IntN(3) > 0 {
			row[2] = []string{"", "a", "ä\x00\xff\x1a", "\\N\t\n", strings.Repeat("é", 40_000)}[random.IntN(5)]
		}
		if random.IntN(3) > 0 {
			row[3] = bytes.Repeat([]byte{byte(random.IntN(256))}, []int{0, 1, 1000, 100_000}[random.IntN(4)])
		}
		if random.IntN(3) > 0 {
			row[4] = random.IntN(2) == 0
		}
		rows.Add(row...)
	}
	return rows, func() { last.n = 17 }
}

// What COPY adds is what INSERT adds.
func TestCopiedRowsAreThoseOfAnInsert(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Database(t))
	execute(t, conn, fmt.Sprintf(tables, "copied"))
	execute(t, conn, fmt.Sprintf(tables, "inserted"))
	seed := rand.Uint64()
	rows, known := anyRows(rand.New(rand.NewPCG(seed, 1)), 600) //nolint:gosec // a test
	known()
	to := pipeline.Begin(t.Context(), conn)
	to.Queue("INSERT INTO copied (id, n, s) VALUES ($1, $2, $3)", int64(-1), nil, 5)
	to.Copy("copied", rows)
	to.Copy("copied", column.New(kinds...)) // none
	to.Queue("INSERT INTO inserted ("+column.Names(kinds, "")+") SELECT "+column.Names(kinds, "u.")+" FROM "+
		column.Unnest(kinds), rows.Args()...)
	to.Queue("UPDATE copied SET y = true WHERE id = $1", int64(-1))
	if err := to.Commit(t.Context()); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if n := count(t, conn, "SELECT count(*) FROM (TABLE copied EXCEPT TABLE inserted) d"); n != 1 {
		t.Errorf("seed %d: %d rows differ, want the one with -1", seed, n)
	}
	if n := count(t, conn, "SELECT count(*) FROM inserted JOIN copied USING (id)"); n != 600 {
		t.Errorf("seed %d: %d rows, want 600", seed, n)
	}
	if n := count(t, conn, "SELECT count(*) FROM copied WHERE id = -1 AND n IS NULL AND s = '5' AND y"); n != 1 {
		t.Error("the row of the statements is not there")
	}
}

// After an error nothing of the transaction is there, and the connection is as before.
func TestAnErrorLeavesNothing(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Database(t))
	execute(t, conn, fmt.Sprintf(tables, "copied"))
	random := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // a test
	some := func() *column.Rows { rows, _ := anyRows(random, 400); return rows }
	twice := some()
	twice.Add(int64(7), nil, nil, nil, nil)
	for name, c := range map[string]struct {
		code  string
		queue func(to *pipeline.Pipeline)
	}{
		"before": {"22012", func(to *pipeline.Pipeline) { to.Queue("SELECT 1 / $1::int", 0); to.Copy("copied", some()) }},
		"after":  {"22012", func(to *pipeline.Pipeline) { to.Copy("copied", some()); to.Queue("SELECT 1 / $1::int", 0) }},
		"copy":   {"23505", func(to *pipeline.Pipeline) { to.Copy("copied", twice); to.Copy("copied", some()) }},
		"table":  {"42P01", func(to *pipeline.Pipeline) { to.Copy("missing", some()); to.Copy("copied", some()) }},
	} {
		to := pipeline.Begin(t.Context(), conn)
		c.queue(to)
		err := to.Commit(t.Context())
		if reported, ok := errors.AsType[*pgconn.PgError](err); !ok || reported.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		if n := count(t, conn, "SELECT count(*) FROM copied"); n != 0 || conn.IsClosed() {
			t.Errorf("%s: %d rows are there", name, n)
		}
	}
}

// A connection whose transaction was not answered is not used again.
func TestAConnectionWithoutAnAnswerIsClosed(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	conn, other := connect(t, address), connect(t, address)
	execute(t, conn, fmt.Sprintf(tables, "copied"))
	execute(t, other, "BEGIN")
	execute(t, other, "LOCK TABLE copied")
	rows, _ := anyRows(rand.New(rand.NewPCG(1, 1)), 2000) //nolint:gosec // a test
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	to := pipeline.Begin(ctx, conn)
	to.Copy("copied", rows)
	if err := to.Commit(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if !conn.IsClosed() {
		t.Error("the connection is open")
	}
	execute(t, other, "ROLLBACK")
}
