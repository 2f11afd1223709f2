package store

import (
	"context"

	"github.com/barbhq/barb/store/sums"
)

// Stats sums exchanges up.
type Stats = sums.Stats

// Latency is how long exchanges took.
type Latency = sums.Latency

// Stats sums up the exchanges that a filter selects, in one pass that reads no bodies; its limit and order do not
// matter.
func (s *Store) Stats(ctx context.Context, f Filter) (Stats, error) {
	t := sums.New()
	f.Limit, f.Bodies = 0, false
	for x, err := range s.List(ctx, f) {
		if err != nil {
			return Stats{}, err
		}
		t.Add(x)
	}
	return t.Sum(), nil
}
