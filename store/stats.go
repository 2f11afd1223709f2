package store

import (
	"context"

	"github.com/barbhq/barb/store/sums"
)

// Stats sums exchanges up.
type Stats = sums.Stats

// Latency is how long exchanges took.
type Latency = sums.Latency

// Stats sums up what a filter selects, in one pass that reads no bodies; its limit and order do not matter. A retry
// whose first attempt the filter leaves out counts as a delivery of its own thread.
func (s *Store) Stats(ctx context.Context, f Filter) (Stats, error) {
	t := sums.New()
	f.Limit, f.OldestFirst, f.Bodies = 0, true, false // a first attempt comes before its retries
	for x, err := range s.List(ctx, f) {
		if err != nil {
			return Stats{}, err
		}
		t.Add(x)
	}
	return t.Sum(), nil
}
