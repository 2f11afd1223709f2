package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func givesContiguousIDs(t *testing.T, h history) {
	for _, n := range []int{1, 2, 15, 16, 17, 33, 1200} { // rows are inserted 16 at a time
		var xs []*record.Exchange
		for i := range n {
			xs = append(xs, hook(i))
		}
		if err := h.Record(context.Background(), xs...); err != nil {
			t.Fatal(err)
		}
		for i, x := range xs {
			if x.ID != xs[0].ID+int64(i) {
				t.Fatalf("of %d the id after %d is %d", n, xs[i-1].ID, x.ID)
			}
		}
		got, err := h.Get(context.Background(), xs[n-1].ID)
		if err != nil || string(got.Request.Body) != string(hookBody(n-1)) {
			t.Errorf("of %d the last is not under its id: %v", n, err)
		}
	}
	if first := listed(t, h, store.Filter{OldestFirst: true, Limit: 1}); first[0] != 1 {
		t.Errorf("the first id is %d", first[0])
	}
}

func givesEveryCallerItsOwnIDs(t *testing.T, h history) {
	const callers, each = 32, 20
	var all [callers][]*record.Exchange
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				x := hook(c*each + i)
				if err := h.Record(context.Background(), x); err != nil {
					t.Error(err)
					return
				}
				if err := h.Answer(context.Background(), answered(x, 200)); err != nil {
					t.Error(err)
				}
				all[c] = append(all[c], x)
			}
		})
	}
	wg.Wait()
	if err := h.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for _, x := range slices.Concat(all[:]...) {
		if seen[x.ID] {
			t.Fatalf("id %d was given twice", x.ID)
		}
		seen[x.ID] = true
		sameAfterwards(t, h, x)
	}
	if len(seen) != callers*each {
		t.Errorf("%d ids for %d exchanges", len(seen), callers*each)
	}
}

func neverGivesAnIDAgain(t *testing.T, h history) {
	last := int64(0)
	for round := range 3 {
		x, y := hook(1), hook(2)
		keep(t, h, x, y)
		if x.ID != last+1 || y.ID != last+2 {
			t.Fatalf("round %d has the ids %d and %d, want %d and %d", round, x.ID, y.ID, last+1, last+2)
		}
		last = y.ID
		got, err := h.Prune(context.Background(), store.PruneRule{OlderThan: noon.Add(time.Hour)})
		if err != nil || got.Removed != 2 {
			t.Fatalf("Prune = %+v, %v", got, err)
		}
	}
}

func keepsTheOthersOfAGroup(t *testing.T, h history) {
	bad := hook(0)
	bad.Kind = 77
	errs := make([]error, 200)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			x := hook(i)
			if i%50 == 7 {
				x.Kind = 77
			}
			errs[i] = h.Record(context.Background(), x)
		})
	}
	wg.Wait()
	for i, err := range errs {
		if (err != nil) != (i%50 == 7) {
			t.Errorf("exchange %d: %v", i, err)
		}
	}
	if n := len(listed(t, h, store.Filter{})); n != 196 {
		t.Errorf("%d are kept, want 196", n)
	}
}

func endsCleanlyWhileWritersWait(t *testing.T, h history) {
	errs := make(chan error)
	const writers = 64
	var ids sync.Map
	for range writers {
		go func() {
			for i := 0; ; i++ {
				x := hook(i)
				if err := h.Record(context.Background(), x); err != nil {
					errs <- err
					return
				}
				ids.Store(x.ID, true)
				if err := h.Answer(context.Background(), answered(x, 200)); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	for n := int64(0); n < 200; n, _ = h.Newest(context.Background(), 0) { // until there is a stream of them
	}
	if err := h.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	for range writers {
		if err := <-errs; !errors.Is(err, store.ErrClosed) {
			t.Errorf("a writer ended with %v, want ErrClosed", err)
		}
	}
	if s, ok := h.(*store.Store); ok {
		again := openHistory(t, s.Path())
		ids.Range(func(id, _ any) bool {
			if _, err := again.Get(context.Background(), id.(int64)); err != nil {
				t.Errorf("acknowledged exchange %d: %v", id, err)
			}
			return true
		})
	}
}
