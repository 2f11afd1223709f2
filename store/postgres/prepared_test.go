package postgres

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
)

// readsAll finds steps of a plan that read all of a table.
var readsAll = regexp.MustCompile(`Seq Scan|Bitmap|hashed SubPlan|Hash Join|Merge|Materialize|JIT`)

// A process that writes a lot has the statements of the queue planned once. The plans are made here while all tables
// are empty, and without a value of any argument.
func TestThePlansThatAreMadeOnceGoByIndexes(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	s.writer.number = preparedFrom
	lease(t, s, "w", 9)
	conn, err := s.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	rows, err := conn.Query(t.Context(), `SELECT 'EXPLAIN EXECUTE ' || name || CASE cardinality(parameter_types) WHEN 0
		THEN '' ELSE '(NULL' || repeat(', NULL', cardinality(parameter_types) - 1) || ')' END
		FROM pg_prepared_statements WHERE statement LIKE '%barb.%'`)
	if err != nil {
		t.Fatal(err)
	}
	explains, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(explains) < 12 {
		t.Fatalf("%d statements are prepared: %v", len(explains), err)
	}
	b, due := &pgx.Batch{}, 0
	b.Queue(lockNamesToUse, lockClass, lockNames)
	s.writer.prepared.Use(t.Context(), conn.Conn(), b) // plans what follows as in a group
	for _, explain := range explains {
		b.Queue(explain).Query(func(rows pgx.Rows) error {
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			plan := strings.Join(lines, "\n")
			if readsAll.MatchString(strings.ReplaceAll(plan, "Seq Scan on history", "the only row")) ||
				strings.Count(plan, "Index Cond:") != strings.Count(plan, "Scan using ") {
				t.Errorf("not by an index:\n%s", plan)
			}
			if strings.Contains(plan, "queue_due") {
				due++
				if !strings.Contains(plan, "Incremental Sort") {
					t.Errorf("a lease reads all that is due:\n%s", plan)
				}
			}
			return err
		})
	}
	if err := conn.SendBatch(t.Context(), b).Close(); err != nil {
		t.Fatal(err)
	}
	if due != 1 {
		t.Errorf("%d statements go by what is due, want that of a lease", due)
	}
}

// A session may forget its statements: they were removed, or something in between hands out another one.
func TestAGroupIsSentAgainWhoseStatementsAreForgotten(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	s.writer.number = preparedFrom
	for n := range 3 {
		enqueue(t, s, entry(fmt.Sprint(n)))
		conn, err := s.pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.Conn().PgConn().Exec(t.Context(), "DEALLOCATE ALL").ReadAll()
		conn.Release()
		if err != nil {
			t.Fatal(err)
		}
		l := &engine.Lease{LeaseRequest: engine.LeaseRequest{Kind: engine.Forward, Target: app, Owner: "w", Want: 9,
			Now: noon, Until: noon.Add(time.Minute)}}
		do(t, s, l)
		if len(l.IDs) != 1 {
			t.Errorf("round %d: %d entries leased, want 1", n, len(l.IDs))
		}
	}
}
