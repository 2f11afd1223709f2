package worker

import (
	"context"
	"slices"
	"time"

	"github.com/barbhq/barb/store"
)

// Entries returns the entries that a filter selects, by id, as they are at now: an entry whose lease has ended, or
// whose holder is gone, is waiting.
func Entries(ctx context.Context, history *store.Store, f store.QueueFilter, now time.Time) ([]*store.Queued, error) {
	f, err := at(ctx, history, f, now)
	if err != nil {
		return nil, err
	}
	all, err := history.Queue(ctx, f)
	for _, q := range all {
		if q.State == store.Leased && (!q.Due.After(now) || slices.Contains(f.Gone, q.Owner)) {
			q.State, q.Owner = store.Waiting, ""
			if q.Due.After(now) {
				q.Due = now
			}
		}
	}
	return all, err
}

// at returns a filter that looks at the leases at now. Those of holders that are gone do not count.
func at(ctx context.Context, history *store.Store, f store.QueueFilter, now time.Time) (store.QueueFilter, error) {
	holders, err := history.Owners(ctx)
	f.At = now
	for _, holder := range holders {
		if IsGone(holder) {
			f.Gone = append(f.Gone, holder)
		}
	}
	return f, err
}

// Depth returns how many entries there are in each state that has any, as Entries sees them.
func Depth(ctx context.Context, history *store.Store, now time.Time) (map[store.QueueState]int64, error) {
	depth, err := history.QueueDepth(ctx)
	if err != nil || depth[store.Leased] == 0 {
		return depth, err
	}
	held, err := Entries(ctx, history, store.QueueFilter{States: []store.QueueState{store.Leased}}, now)
	if free := depth[store.Leased] - int64(len(held)); free > 0 {
		depth[store.Waiting] += free
		depth[store.Leased] -= free
	}
	return depth, err
}

// ReleaseGone ends the leases of workers that are gone, and forgets these. Their entries are due at now.
func ReleaseGone(ctx context.Context, history *store.Store, now time.Time) error {
	workers, err := history.Workers(ctx)
	for _, w := range workers {
		if err == nil && IsGone(w.Holder) {
			_, err = history.Release(ctx, w.Holder, now)
		}
	}
	return err
}
