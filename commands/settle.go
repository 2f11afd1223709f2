package commands

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

// settle waits until the answers that have gone out are in the history.
func (sh *shell) settle(ctx context.Context, history *store.Store) error {
	begun, upTo := sh.Now(), int64(0)
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		now := sh.Now()
		newest, open, err := history.Unsettled(ctx, upTo, now.Add(-settleFor), now.Add(settleAhead))
		if err != nil || open == 0 || now.Sub(begun) > settleFor {
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
