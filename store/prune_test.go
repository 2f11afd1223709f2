package store_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// filled is a history of n answered hooks of 1 KiB.
func filled(t *testing.T, n int) *store.Store {
	t.Helper()
	s := newHistory(t)
	xs := make([]*record.Exchange, n)
	for i := range xs {
		xs[i] = answered(hook(i), 200)
	}
	keep(t, s, xs...)
	return s
}

func TestPruneGivesTheSpaceBackToTheFileSystem(t *testing.T) {
	t.Parallel()
	s := filled(t, 6000)
	before := s.Size()
	got, err := s.Prune(context.Background(), store.PruneRule{OlderThan: noon.Add(5900 * time.Millisecond)})
	if err != nil || got.Removed != 5900 {
		t.Fatalf("Prune = %+v, %v", got, err)
	}
	if after := s.Size(); after > before/20 || got.Bytes != before-after {
		t.Errorf("of %d bytes %d are left, Bytes = %d", before, after, got.Bytes)
	}
	must(t, s.Close())
	if size := openHistory(t, s.Path()).Size(); size > before/20 {
		t.Errorf("after closing it takes %d bytes", size)
	}
}

func TestPruneBySizeRemovesTheOldestAndNoMoreThanNeeded(t *testing.T) {
	t.Parallel()
	s := filled(t, 4000)
	const limit = 2_000_000
	got, err := s.Prune(context.Background(), store.PruneRule{MaxBytes: limit})
	if err != nil {
		t.Fatal(err)
	}
	if size := s.Size(); size > limit || size < limit*8/10 {
		t.Errorf("it takes %d bytes, want little less than %d", size, limit)
	}
	ids := listed(t, s, store.Filter{OldestFirst: true})
	if int64(len(ids)) != 4000-got.Removed || ids[len(ids)-1] != 4000 || ids[0] != got.Removed+1 {
		t.Errorf("%d removed, %d left, from %d to %d", got.Removed, len(ids), ids[0], ids[len(ids)-1])
	}
	if again, err := s.Prune(context.Background(), store.PruneRule{MaxBytes: limit}); err != nil || again.Removed != 0 {
		t.Errorf("once more: %+v, %v", again, err)
	}
}

func TestPruneWithoutALimitRemovesNothing(t *testing.T) {
	t.Parallel()
	s := filled(t, 10)
	if got, err := s.Prune(context.Background(),
		store.PruneRule{Filter: store.Filter{Kind: record.Received}}); err != nil || got.Removed != 0 {
		t.Errorf("Prune = %+v, %v", got, err)
	}
}

func TestOthersWriteWhilePruneGoesOn(t *testing.T) {
	t.Parallel()
	s := filled(t, 2000)
	other := openHistory(t, s.Path())
	done := make(chan struct{})
	var wg sync.WaitGroup
	written := 0
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			x := hook(1)
			x.Start = noon.AddDate(1, 0, 0)
			if err := other.Record(context.Background(), x); err != nil {
				t.Error(err)
				return
			}
			written++
		}
	})
	got, err := s.Prune(context.Background(), store.PruneRule{OlderThan: noon.AddDate(0, 0, 1)})
	close(done)
	wg.Wait()
	if err != nil || got.Removed != 2000 {
		t.Fatalf("Prune = %+v, %v", got, err)
	}
	t.Logf("%d were written meanwhile", written)
	if n := len(listed(t, s, store.Filter{})); n != written {
		t.Errorf("%d are left of %d that were written meanwhile", n, written)
	}
	if written == 0 {
		t.Error("none was written meanwhile")
	}
}

func TestAnAnswerToWhatWasPrunedLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newHistory(t)
	gone, kept := hook(0), hook(1)
	keep(t, s, gone, kept)
	rule := store.PruneRule{OlderThan: kept.Start}
	if got, err := s.Prune(context.Background(), rule); err != nil || got.Removed != 1 {
		t.Fatalf("Prune = %+v, %v", got, err)
	}
	for _, x := range []*record.Exchange{gone, kept} {
		must(t, s.Answer(context.Background(), answered(x, 200)))
	}
	must(t, s.Flush(context.Background()))
	must(t, s.Close())
	if rows := number(t, s.Path(), "SELECT count(*) FROM response"); rows != 1 {
		t.Errorf("%d answers are kept, want that of the one exchange that is there", rows)
	}
}

// number is what a query of one number says.
func number(t *testing.T, path, query string) (n int64) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	must(t, err)
	defer db.Close()
	must(t, db.QueryRow(query).Scan(&n))
	return n
}

func TestWhatPruneWouldRemoveIsCountedAndStays(t *testing.T) {
	t.Parallel()
	s := filled(t, 3000)
	for name, c := range map[string]struct {
		rule  store.PruneRule
		slack int64
	}{
		"by age":         {store.PruneRule{OlderThan: noon.Add(1000 * time.Millisecond)}, 0},
		"by size":        {store.PruneRule{MaxBytes: 2_000_000}, 200},
		"by both":        {store.PruneRule{OlderThan: noon.Add(100 * time.Millisecond), MaxBytes: 2_000_000}, 200},
		"of some":        {store.PruneRule{OlderThan: noon.Add(time.Hour), Filter: store.Filter{Kind: record.Sent}}, 0},
		"with no limits": {store.PruneRule{}, 0},
	} {
		would, err := s.WouldPrune(context.Background(), c.rule)
		if err != nil || len(listed(t, s, store.Filter{})) != 3000 {
			t.Fatalf("%s: %v, or something was removed", name, err)
		}
		other := filled(t, 3000)
		did, err := other.Prune(context.Background(), c.rule)
		if err != nil || would.Removed < did.Removed-c.slack ||
			would.Removed > did.Removed+c.slack {
			t.Errorf("%s: it would remove %d, and removed %d, %v", name, would.Removed, did.Removed, err)
		}
	}
}
