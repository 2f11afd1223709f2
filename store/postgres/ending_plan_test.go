package postgres

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// again finds a step of a plan that goes through the arguments more than once, or through an index of something else.
var again = regexp.MustCompile(`Function Scan on u .*loops=(?:[2-9]|\d\d)|Rows Removed by Join Filter: \d|_id_idx`)

// The work of a group grows with its size: the server goes through the endings once, not once for each of them. That
// holds in a group whose other statements were planned before, too.
func TestTheEndsOfAGroupAreReadOnce(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	xs := make([]*record.Exchange, 400)
	for i := range xs {
		xs[i] = hook(i)
	}
	g := &engine.Group{}
	for i, id := range recorded(t, s, xs...) {
		if i%4 == 0 {
			g.Writes = append(g.Writes, &engine.Write{End: &engine.Ending{ID: id, Ended: 1, Status: int64(200),
				Response: &engine.Answer{Head: "HTTP/1.1 200 OK\r\n\r\n", Body: []byte("ok")}}})
		}
	}
	conn, err := s.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	p := newPlan(&s.writer, g, &reserved{})
	if len(p.steps) != 2 {
		t.Fatalf("%d statements, want those for exchange and response", len(p.steps))
	}
	for _, prepared := range []bool{false, true} {
		b := &pgx.Batch{}
		b.Queue(lockNamesToUse, lockClass, lockNames)
		for _, step := range p.steps {
			b.Queue("EXPLAIN (ANALYZE, TIMING OFF) "+step.query, step.rows.Args()...).Query(func(rows pgx.Rows) error {
				lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
				if plan := strings.Join(lines, "\n"); again.MatchString(plan) {
					t.Errorf("where others were planned before %t:\n%s", prepared, plan)
				}
				return err
			})
		}
		if prepared {
			often().Use(t.Context(), conn.Conn(), b)
		}
		if err := conn.SendBatch(t.Context(), b).Close(); err != nil {
			t.Fatal(err)
		}
	}
}
