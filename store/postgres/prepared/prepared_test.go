package prepared_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/postgres/prepared"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	byID    = "UPDATE item SET n = n + 1 WHERE id = ANY($1) RETURNING id"
	another = "SELECT count(*) FROM item WHERE n = $1"
	names   = "SELECT count(*) FROM pg_prepared_statements"
)

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // names nothing by itself
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func one[T any](t *testing.T, conn *pgx.Conn, query string) (v T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func execute(t *testing.T, conn *pgx.Conn, query string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

// send sends a transaction of two statements and returns how many rows the first one changed. Only that one is in s.
func send(t *testing.T, s *prepared.Statements, conn *pgx.Conn) (changed int, err error) {
	t.Helper()
	b := &pgx.Batch{}
	b.Queue(byID, []int64{1, 2, 3}).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			changed++
		}
		return rows.Err()
	})
	b.Queue(another, int64(1))
	s.Use(t.Context(), conn, b)
	return changed, conn.SendBatch(t.Context(), b).Close()
}

func sends(t *testing.T, s *prepared.Statements, conn *pgx.Conn) {
	t.Helper()
	if changed, err := send(t, s, conn); err != nil || changed != 3 {
		t.Fatalf("%d rows changed: %v", changed, err)
	}
}

const fill = "INSERT INTO item SELECT i, 0 FROM generate_series(1, 20000) i"

// A plan that was made while the table was empty, and that nobody knows the arguments of, reads what it needs and no
// more once the table is large.
func TestAPlanIsMadeOnceAndIsRightForALargeTable(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Shared(t).Address("postgres"))
	execute(t, conn, "CREATE TEMP TABLE item (id bigint PRIMARY KEY, n bigint)")
	s := prepared.New(byID)
	if _, err := send(t, s, conn); err != nil {
		t.Fatal(err)
	}
	execute(t, conn, fill)
	for range 8 {
		sends(t, s, conn)
	}
	plans := "SELECT generic_plans - custom_plans FROM pg_prepared_statements WHERE statement LIKE 'UPDATE%'"
	if one[int64](t, conn, "SELECT current_setting('server_version_num')::bigint") < 140000 {
		plans = "SELECT 9::bigint" // it does not count
	}
	if n := one[int64](t, conn, plans); n != 9 {
		t.Errorf("%d more plans for any arguments than for some, want 9 and 0", n)
	}
	if plan := one[string](t, conn, "SELECT current_setting('plan_cache_mode')"); plan != "auto" {
		t.Errorf("the setting %s outlives its transaction", plan)
	}
	b := &pgx.Batch{} // one that has a name, and no arguments that the planner may know
	b.Queue(byID, []int64{1})
	s.Use(t.Context(), conn, b)
	if len(b.QueuedQueries) != 2 {
		t.Fatalf("%d statements", len(b.QueuedQueries))
	}
	b.QueuedQueries = b.QueuedQueries[:1]
	var plan string
	name := one[string](t, conn, "SELECT name FROM pg_prepared_statements WHERE statement LIKE 'UPDATE%'")
	b.Queue("EXPLAIN (FORMAT json) EXECUTE " + name + "('{1}')").QueryRow(func(row pgx.Row) error {
		return row.Scan(&plan)
	})
	if err := conn.SendBatch(t.Context(), b).Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan, "Index Scan") || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "JIT") {
		t.Errorf("the plan is %s", plan)
	}
}

func TestAStatementThatTheSessionForgotGoesWithoutAName(t *testing.T) {
	t.Parallel()
	conn, other := connect(t, pgtest.Shared(t).Address("postgres")), connect(t, pgtest.Shared(t).Address("postgres"))
	s := prepared.New(byID)
	for _, c := range []*pgx.Conn{conn, other} {
		execute(t, c, "CREATE TEMP TABLE item (id bigint PRIMARY KEY, n bigint)")
		execute(t, c, fill)
		sends(t, s, c)
		if n := one[int](t, c, names); n != 3 {
			t.Errorf("%d statements have names, want 3", n)
		}
		if _, err := c.PgConn().Exec(t.Context(), "DEALLOCATE ALL").ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := send(t, s, conn)
	if !s.Lost(err) {
		t.Fatalf("%v is not taken for a lost statement", err)
	}
	if s.Lost(err) || s.Lost(errors.New("another")) {
		t.Error("a transaction without names is sent again")
	}
	for _, c := range []*pgx.Conn{conn, other} {
		sends(t, s, c)
		sends(t, s, c)
		if n := one[int](t, c, names); n != 0 {
			t.Errorf("%d statements have names, want none", n)
		}
	}
}

// PgBouncer in transaction mode hands each transaction to another session.
func TestNothingGetsANameThroughPgBouncer(t *testing.T) {
	t.Setenv("BARB_PGBOUNCER", "1")
	pgtest.Shared(t) // skips without a server
	server, err := pgtest.Start()
	if errors.Is(err, pgtest.ErrNoPooler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Stop() }()
	conn := connect(t, server.Pooled("postgres"))
	execute(t, conn, "CREATE TABLE item (id bigint PRIMARY KEY, n bigint)")
	execute(t, conn, fill)
	s := prepared.New(byID)
	sends(t, s, conn)
	sends(t, s, conn)
	if n := one[int](t, conn, names); n != 0 {
		t.Errorf("%d statements have names, want none", n)
	}
}
