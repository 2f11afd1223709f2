package webhooks

import (
	"context"
	"time"

	"github.com/barbhq/barb/store"
)

// A listener writes an answer to the history a few milliseconds after it went out, so a reader that its sender starts
// at once would find the webhook without one. Each answer is therefore announced before it goes out, and a reader waits
// for those that were due. See docs/adr/0029-readers-wait-for-announced-answers.md.

const (
	// settleFor is how long a reader waits at most, and how long ago an answer was due that it still waits for. It takes
	// that long only where a listener was killed.
	settleFor = 2 * time.Second
	// settleAhead allows for the clock between the announcement and the answer.
	settleAhead = 10 * time.Millisecond
)

// Settle waits until the answers that have gone out are in the history, for two seconds at most. now is the clock that
// exchanges have their Start from.
func Settle(ctx context.Context, history *store.Store, now func() time.Time) error {
	begun, upTo := now(), int64(0)
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		at := now()
		newest, open, err := history.Unsettled(ctx, upTo, at.Add(-settleFor), at.Add(settleAhead))
		if err != nil || open == 0 || at.Sub(begun) > settleFor {
			return err
		}
		if upTo == 0 { // what comes from now on is not waited for
			upTo = newest
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
