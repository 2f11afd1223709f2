package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

const (
	pinnedEvery, waitingEvery = 50, 70
	sized                     = 1500 // exchanges, of about 2 KB
)

// sizedHistory returns a history whose webhooks have about the same size. Some are pinned, some wait in the queue.
func sizedHistory(t *testing.T, address string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(3, 3))
	xs := make([]*record.Exchange, sized)
	for i := range xs {
		r, err := record.ParseRequest("POST /hooks HTTP/1.1\r\nHost: app.test\r\n\r\n", "http")
		if err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			r.Body = append(r.Body, byte(chance.IntN(256)))
		}
		xs[i] = &record.Exchange{Kind: record.Received, Attempt: 1, Request: r, Ended: true,
			Start: noon.Add(time.Duration(i) * time.Second)}
	}
	if err := s.Record(t.Context(), xs...); err != nil {
		t.Fatal(err)
	}
	for id := int64(1); id <= sized; id++ {
		if id%pinnedEvery == 0 {
			err = s.SetRemark(t.Context(), id, store.Remark{Pinned: true})
		}
		if err == nil && id%waitingEvery == 0 {
			err = s.Enqueue(t.Context(), &store.Queued{Kind: store.Forward, Thread: id, Target: "http://app.test", Due: noon,
				Created: noon})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil { // SQLite folds its log into the file
		t.Fatal(err)
	}
	if s, err = store.Open(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// What a history takes on the disk differs from engine to engine, and so does how many webhooks a limit leaves. Of the
// rest both do the same: the oldest go first, what is pinned or waits stays, and nothing goes that need not.
func TestPruneBySizeGoesTheSameWayInBothEngines(t *testing.T) {
	for engine, address := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "history.db"),
		"postgres": pgtest.Database(t)} {
		t.Run(engine, func(t *testing.T) {
			s := sizedHistory(t, address)
			full := s.Size()
			for _, share := range []int64{80, 50} {
				limit := full * share / 100
				if engine == "postgres" {
					limit = max(limit, 3<<19) // empty tables and indexes take most of it
				}
				done, err := s.Prune(t.Context(), store.PruneRule{MaxBytes: limit, Whole: true})
				if err != nil {
					t.Fatal(err)
				}
				keptBySize(t, s, fmt.Sprintf("%d %%", share))
				if size := s.Size(); size > limit || size < limit*7/10 || done.Removed == 0 {
					t.Errorf("%d %%: it takes %d bytes, want %d at most and not much less; %+v", share, size, limit, done)
				}
				again, err := s.Prune(t.Context(), store.PruneRule{MaxBytes: limit, Whole: true})
				if err != nil || again.Removed > 0 {
					t.Errorf("%d %%: pruned by the same limit again: %+v, %v", share, again, err)
				}
			}
		})
	}
}

// keptBySize holds what is left against the rule: above an id all, below it what has to stay.
func keptBySize(t *testing.T, s *store.Store, what string) {
	t.Helper()
	xs, err := listOf(s.List(t.Context(), store.Filter{OldestFirst: true}))
	if err != nil {
		t.Fatal(err)
	}
	var left []int64
	for _, x := range xs {
		left = append(left, x.ID)
	}
	from := int64(sized)
	for slices.Contains(left, from) {
		from--
	}
	var want []int64
	for id := int64(1); id <= sized; id++ {
		if id > from || id%pinnedEvery == 0 || id%waitingEvery == 0 {
			want = append(want, id)
		}
	}
	if !slices.Equal(left, want) {
		t.Errorf("%s: all above %d are left, and of the others %v, want %v", what, from, left, want)
	}
	t.Logf("%s: %d left, all above %d", what, len(left), from)
}
