package pick

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// ErrNoReplay is the error for a webhook that was not replayed.
var ErrNoReplay = errors.New("no replay")

// WithReplay returns an exchange and the latest replay of its webhook, whole. A replay is paired with what it repeats,
// and with answers the answer to it with that to the forward before it, if there is one. Without a replay the error is
// ErrNoReplay.
func WithReplay(ctx context.Context, history *store.Store, x *record.Exchange, answers bool) (
	sides [2]*record.Exchange, err error) {
	isReplay := func(x *record.Exchange) bool {
		return x.Role == record.Replay || x.Role == record.Elsewhere || x.Role == record.Copy
	}
	repeated, replay := x.ID, int64(0)
	if isReplay(x) {
		repeated, replay = x.Thread, x.ID
	}
	thread, err := history.Thread(ctx, repeated)
	if err != nil {
		return sides, err
	}
	for _, one := range slices.Backward(thread) {
		switch {
		case replay == 0 && isReplay(one):
			replay = one.ID
		case answers && one.Role == record.Forward && one.ID < replay && repeated < one.ID:
			repeated = one.ID
		}
	}
	if replay == 0 {
		return sides, fail.Usage("webhook %d has %w to compare it with", x.ID, ErrNoReplay).
			Hintf("barb replay %d --to http://localhost:3000, or name two: barb diff %d @", x.ID, x.ID)
	}
	if sides[0], err = history.Get(ctx, repeated); err == nil {
		sides[1], err = history.Get(ctx, replay)
	}
	return sides, err
}

// AnsweredBy returns the exchange with the answer to a received webhook, whole: its app's, or else its own.
func AnsweredBy(ctx context.Context, history *store.Store, x *record.Exchange, now time.Time) (
	*record.Exchange, error) {
	if x.Kind != record.Received {
		return x, nil
	}
	w, err := webhooks.Get(ctx, history, x.ID, now)
	if err != nil {
		return nil, err
	}
	if app := w.App(); app != nil {
		return history.Get(ctx, app.ID)
	}
	return x, nil
}

// Before returns the newest webhook before w with the same event and kind, or nil. It looks at the 200 before w only.
func Before(ctx context.Context, history *store.Store, w *webhooks.Webhook, now time.Time) (*webhooks.Webhook, error) {
	const most = 200
	f := store.Filter{Kind: w.Kind(), Before: w.ID, Event: w.Last().Event(), Scheme: w.Last().Scheme, Limit: most}
	for one, err := range webhooks.List(ctx, history, f, now) {
		if err != nil {
			return nil, err
		}
		if one.ID != w.ID && one.Last().Event() == w.Last().Event() {
			return one, nil
		}
	}
	return nil, nil
}
