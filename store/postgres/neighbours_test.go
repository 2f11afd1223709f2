package postgres

import (
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

func exec(t *testing.T, s *Engine, query string) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
