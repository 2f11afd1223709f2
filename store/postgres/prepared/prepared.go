// Package prepared has a PostgreSQL server plan a statement once for many transactions.
//
// The server spends about as long on reading and planning a statement of the queue as on carrying it out. A statement
// that is prepared under a name is planned once. It belongs to one session of the server, so that this needs a
// connection with nothing in between: PgBouncer hands each transaction to another session.
package prepared

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Statements are planned once for each connection. The server makes a plan before it knows the arguments, and maybe
// while the table is empty. So a statement belongs here only if indexes find its rows for all arguments. It must not
// read a partitioned table: a plan for all arguments locks all partitions. One goroutine at a time uses Statements.
type Statements struct {
	queries []string
	lost    bool // a session did not know them: there is a pool that hides itself
}

// New returns statements, by their text.
func New(queries ...string) *Statements { return &Statements{queries: queries} }

// The settings hold for the transaction. A plan that is made while a table is empty would read it from end to end, and
// go on doing so when it has a million rows. Plans seem as expensive as what they avoid, so that the server would
// compile them. What is planned each time may join by hashing: else it goes through all arguments for each row.
const (
	planOnce = `SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true),
	set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
	set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
	set_config('enable_material', 'off', true), set_config('enable_sort', 'off', true)`
	planEach = `SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_hashjoin', 'on', true)`
)

// Use changes a batch for the connection that it is sent over next: those of its statements that are among these go by
// their names there, where that is possible. Errors are left to the batch, which meets the same.
func (s *Statements) Use(ctx context.Context, conn *pgx.Conn, b *pgx.Batch) {
	if !s.ready(ctx, conn) {
		return
	}
	queries := make([]*pgx.QueuedQuery, 0, len(b.QueuedQueries)+3)
	once := false
	for _, q := range b.QueuedQueries {
		if named := slices.Contains(s.queries, q.SQL); named != once {
			once = named
			queries = append(queries, &pgx.QueuedQuery{SQL: setting(once)})
		}
		queries = append(queries, q)
	}
	b.QueuedQueries = queries
}

func setting(once bool) string {
	if once {
		return planOnce
	}
	return planEach
}

// state is under what a connection notes whether it has the statements: true or false, nothing before it was tried.
const state = "barb: prepared"

// ready reports whether a connection has the statements. It prepares them on the first one to ask.
func (s *Statements) ready(ctx context.Context, conn *pgx.Conn) bool {
	notes := conn.PgConn().CustomData()
	has, tried := notes[state].(bool)
	switch {
	case has && s.lost:
		notes[state] = false
		_ = conn.DeallocateAll(ctx) // else pgx goes on using the names
		return false
	case tried || s.lost:
		return has
	}
	err := s.prepare(ctx, conn)
	if err != nil && !errors.Is(err, errBetween) { // a session of a pool is not ours to clear
		_ = conn.DeallocateAll(ctx)
	}
	notes[state] = err == nil
	return err == nil
}

var errBetween = errors.New("something lies between this process and the server")

// prepare prepares the statements on a direct connection: there the process that answers has the number that the server
// gave when the connection began. PgBouncer gives a number that no process has.
func (s *Statements) prepare(ctx context.Context, conn *pgx.Conn) error {
	var process uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&process); err != nil {
		return err
	}
	if process != conn.PgConn().PID() {
		return errBetween
	}
	for _, query := range append(slices.Clone(s.queries), planOnce, planEach) {
		if _, err := conn.Prepare(ctx, query, query); err != nil {
			return err
		}
	}
	return nil
}

// Lost reports whether a transaction ended for want of a statement, or of its plan: then none goes by its name from now
// on, and the transaction may be sent again.
func (s *Statements) Lost(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if s.lost || !ok || e.Code != unknownStatement && e.Code != changedResult {
		return false
	}
	s.lost = true
	return true
}

// From the appendix "PostgreSQL Error Codes". The second one is that of a plan whose table has changed, and of much
// else that barb does not do.
const (
	unknownStatement = "26000"
	changedResult    = "0A000"
)
