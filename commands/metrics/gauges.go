package metrics

import (
	"context"
	"math"
	"time"

	"github.com/barbhq/barb/store"
)

// reading is what a gauge reads from the history.
type reading func(ctx context.Context) (float64, error)

// gauges are read from the history, so that all processes that share it show the same.
func gauges(history *store.Store) map[string]reading {
	depth := func(ctx context.Context) (float64, error) {
		open, _, err := history.QueueGauges(ctx)
		return float64(open), err
	}
	dead := func(ctx context.Context) (float64, error) {
		_, dead, err := history.QueueGauges(ctx)
		return float64(dead), err
	}
	return map[string]reading{"barb_queue_depth": depth, "barb_dead_letters": dead,
		"barb_queue_lag_seconds":       func(ctx context.Context) (float64, error) { return lag(ctx, history) },
		`barb_workers{state="live"}`:   workers(history, false),
		`barb_workers{state="silent"}`: workers(history, true)}
}

// lag is for how many seconds the entry is due that has been due for the longest; 0 when none is.
func lag(ctx context.Context, history *store.Store) (longest float64, err error) {
	for _, kind := range []store.QueueKind{store.Forward, store.Message, store.Command} {
		dues, err := history.Upcoming(ctx, kind, "")
		if err != nil {
			return 0, err
		}
		if len(dues) > 0 { // the first one has been due for the longest
			longest = max(longest, time.Since(dues[0].At).Seconds())
		}
	}
	return longest, nil
}

// workers counts the workers that beat, or those that have stopped to. A history in a file has none of either.
func workers(history *store.Store, silent bool) reading {
	return func(ctx context.Context) (n float64, err error) {
		all, err := history.Workers(ctx)
		for _, w := range all {
			if w.Beat != 0 && w.IsSilent() == silent {
				n++
			}
		}
		return n, err
	}
}

// scraped returns a gauge that reads the history when scraped, and is NaN when the history does not answer.
func scraped(read reading) func() float64 {
	return func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		n, err := read(ctx)
		if err != nil {
			return math.NaN()
		}
		return n
	}
}
