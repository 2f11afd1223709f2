package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// A history with limits prunes itself: what is old goes, and of the rest the oldest, but never what waits in the queue.
func TestAHistoryPrunesItselfByItsLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits store.Limits
		left   func(ids []int64) bool
	}{
		"by age": {store.Limits{MaxAge: time.Hour}, func(ids []int64) bool { return slices.Equal(ids, []int64{1, 1001, 1002}) }},
		"by size": {store.Limits{MaxBytes: 400_000}, func(ids []int64) bool {
			return len(ids) < 400 && ids[0] == 1 && ids[1] > 600 && slices.Max(ids) == 1002
		}},
		"neither": {store.Limits{}, func(ids []int64) bool { return len(ids) == 1002 }},
	} {
		s := newHistory(t)
		waits := hook(0)
		must(t, s.RecordQueued(context.Background(), waits, &store.Queued{Kind: store.Forward, Target: "http://app.test", Due: noon}))
		xs := make([]*record.Exchange, 1001)
		for i := range xs {
			xs[i] = answered(hook(i), 200)
			if i >= 999 {
				xs[i].Start = noon.Add(24 * time.Hour)
			}
		}
		keep(t, s, xs...)
		c.limits.Now = func() time.Time { return noon.Add(24*time.Hour + time.Minute) }
		c.limits.Tell = func(err error) { t.Errorf("%s: %v", name, err) }
		path := s.Path()
		must(t, s.Close())
		s = openHistory(t, path)
		s.Retain(c.limits) // closing waits for the first round, as a short command does
		must(t, s.Close())
		if ids := listed(t, openHistory(t, path), store.Filter{OldestFirst: true}); !c.left(ids) {
			t.Errorf("%s: %d are left: %d…", name, len(ids), ids[:min(len(ids), 5)])
		}
	}
}
