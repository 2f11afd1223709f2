package postgres

import (
	"fmt"
	"testing"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/pgtest"
)

// wantOthers checks what Others returns; the zero value is nothing.
func wantOthers(t *testing.T, what string, s *Engine, want engine.Range) {
	t.Helper()
	got, found, err := s.Others(t.Context())
	if err != nil || got != want || found != (want.To > 0) {
		t.Errorf("%s: %v, %t, %v, want %v", what, got, found, err, want)
	}
}

func TestOthersAreToldOnceAndOnesOwnNever(t *testing.T) {
	address := pgtest.Database(t)
	a, b := openEngine(t, address), openEngine(t, address)
	wantOthers(t, "an empty history", a, engine.Range{})
	recorded(t, b, hook(1), hook(2), hook(3))
	wantOthers(t, "at first", a, engine.Range{From: 1, To: 3})
	wantOthers(t, "at once again", a, engine.Range{})
	recorded(t, a, hook(4), hook(5))
	wantOthers(t, "one's own", a, engine.Range{})
	recorded(t, b, hook(6))
	recorded(t, a, hook(7))
	wantOthers(t, "another's below one's own", a, engine.Range{From: 6, To: 6})
	wantOthers(t, "those of a to b", b, engine.Range{From: 1, To: 7})
}

// The order of ids is not that of commits: a group with lower ids may be committed after one with higher ids was seen.
func TestWhatIsCommittedLateIsToldToo(t *testing.T) {
	address := pgtest.Database(t)
	a, b := openEngine(t, address), openEngine(t, address)
	recorded(t, b, hook(1), hook(2), hook(3))
	exec(t, a, "CREATE TABLE late AS SELECT * FROM barb.exchange WHERE id = 2")
	exec(t, a, "DELETE FROM barb.exchange WHERE id = 2")
	wantOthers(t, "without it", a, engine.Range{From: 1, To: 3})
	recorded(t, a, hook(4))
	wantOthers(t, "before it", a, engine.Range{})
	exec(t, a, "INSERT INTO barb.exchange SELECT * FROM late")
	wantOthers(t, "after it", a, engine.Range{From: 2, To: 2})
	wantOthers(t, "once", a, engine.Range{})
}

// A listener looks every 20 ms, however long the history is, whoever recorded it, and before the server has statistics.
func TestALookAtOthersReadsWhatIsNew(t *testing.T) {
	const fewBlocks = 80 // some rows of 512 ids, by an index, of up to 1,600 blocks
	for _, rows := range []int64{2_000, 12_000, 100_000} {
		s := newEngine(t)
		exec(t, s, "SELECT barb.make_partition(0)")
		exec(t, s, fmt.Sprintf(`INSERT INTO barb.exchange (id, kind, attempt, start, method, url, webhook_id, request_size,
				ended, failed, writer)
			SELECT i, 2, 1, 1e18::bigint + i, 'POST', '/', 'msg_' || i, 9, 1, 0, 1 FROM generate_series(1, %d) i`, rows))
		for _, statistics := range []bool{false, true} {
			if statistics {
				exec(t, s, "ANALYZE")
			}
			for _, writer := range []int64{1, 2} {
				for _, newest := range []int64{rows, rows - 50} {
					plan, blocks := explain(t, s, othersQuery, []any{newest, writer, int64(lookBack)})
					if blocks > fewBlocks {
						t.Errorf("%d rows, statistics %t, writer %d, from %d: %d blocks by\n%s", rows, statistics, writer, newest,
							blocks, plan)
					}
				}
			}
		}
	}
}

func exec(t *testing.T, s *Engine, query string) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
