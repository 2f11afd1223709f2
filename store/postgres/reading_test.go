package postgres

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/barbhq/barb/store/engine"
)

func TestReadingStopsWhenItsCallerDoes(t *testing.T) {
	s := newEngine(t)
	recorded(t, s, hook(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, get := s.Get(ctx, 1)
	_, figures := s.Figures(ctx, engine.Filter{})
	_, prune := s.Prune(ctx, engine.PruneRule{OlderThan: noon.AddDate(1, 0, 0)}, nil)
	_, _, others := s.Others(ctx)
	var list error
	for _, err := range s.List(ctx, engine.Filter{}) {
		list = err
	}
	for call, err := range map[string]error{"Get": get, "List": list, "Figures": figures, "Prune": prune,
		"Others": others} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s = %v, want context.Canceled", call, err)
		}
	}
	if _, err := s.Get(t.Context(), 1); err != nil {
		t.Errorf("after calls that were cancelled before they began: %v", err)
	}
}

// A page ends with the exchange that makes 2 MiB full, and the next one goes on behind it.
func TestListsGoOnBehindLargeBodies(t *testing.T) {
	s := newEngine(t)
	for n := range 5 {
		x := hook(n)
		x.Request.Body = bytes.Repeat([]byte{byte(n)}, 1<<20+n)
		recorded(t, s, x)
	}
	for _, oldest := range []bool{false, true} {
		f := engine.Filter{Bodies: true, OldestFirst: oldest}
		sc, err := s.scope(t.Context(), &f)
		if err != nil {
			t.Fatal(err)
		}
		page, last, err := s.page(t.Context(), sc, &f, sc.Spans, pageRows)
		if err != nil || len(page) != 2 || last != page[1].ID {
			t.Errorf("the first page has %d exchanges, the last is %d, %v", len(page), last, err)
		}
		var ids []int64
		for x, err := range s.List(t.Context(), f) {
			if err != nil || len(x.Request.Body) != 1<<20+int(x.ID)-1 {
				t.Fatal(err, len(x.Request.Body))
			}
			ids = append(ids, x.ID)
		}
		if len(ids) != 5 || (ids[0] == 1) != oldest {
			t.Errorf("listed %v", ids)
		}
		whole, err := s.Requests(t.Context(), page)
		if err != nil || len(whole) != 2 {
			t.Errorf("%d requests, %v", len(whole), err)
		}
	}
}
