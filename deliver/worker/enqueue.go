package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// ErrHoldsSecret is the error for a message that the history cannot keep whole, since the message holds its secret.
var ErrHoldsSecret = errors.New("the message contains the secret, which the history never stores")

// Enqueue makes a message and its entry in the queue durable together, and sets the ID of the message. plan is a Plan
// as JSON; messages of one order that is not "" are sent one after another. The message is an exchange that no attempt
// was made of: its attempts repeat it, each signed anew.
func Enqueue(ctx context.Context, history *store.Store, x *record.Exchange, plan, order string,
	now time.Time) (*store.Queued, error) {
	x.Kind, x.Attempt, x.Start = record.Sent, 0, now
	kept := history.Redacted(x)
	if slices.ContainsFunc(kept.Masks, func(m record.Mask) bool { return m.Proof != "" }) {
		return nil, ErrHoldsSecret
	}
	// The target is for listing and for the limits of the endpoint. It stays when the message is gone, so it is the
	// masked one.
	q := &store.Queued{Kind: store.Message, Target: kept.Request.URL, Policy: plan, Order: order, Due: now, Created: now,
		Masks: kept.Masks}
	return q, history.RecordQueued(ctx, x, q)
}
