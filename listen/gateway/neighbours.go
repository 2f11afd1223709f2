package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

const (
	// lookAgain is how long after one look into the history a webhook is judged without another: what another listener has
	// recorded in that time may not be known yet. A look at a file costs some 20 µs, so this is a thousandth of the time.
	lookAgain = 20 * time.Millisecond
	// lookFor bounds one look, with the wait for the look before: a server that is away delays a webhook by no more.
	lookFor = time.Second
)

// lookAround learns of the webhooks that other listeners have recorded since the last look.
func (g *Gateway) lookAround(ctx context.Context, now time.Time) {
	if !g.Window.IsLoaded() { // the history is being looked through
		return
	}
	last := g.looked.Load()
	if now.UnixNano()-last < int64(lookAgain) || !g.looked.CompareAndSwap(last, now.UnixNano()) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	select {
	case g.looking <- struct{}{}: // one after the other
		defer func() { <-g.looking }()
	case <-ctx.Done():
		return
	}
	ids, any, err := g.History.Others(ctx)
	if err != nil || !any { // what the history cannot say is no reason not to take a webhook
		return
	}
	for x, err := range g.History.List(ctx, store.Filter{Kind: record.Received, IDs: []store.Range{ids},
		Limit: dedupe.MaxKept, OldestFirst: true}) {
		if err != nil {
			return
		}
		g.learnOf(ctx, x)
	}
}

// learnOf remembers a webhook of another listener.
func (g *Gateway) learnOf(ctx context.Context, x *record.Exchange) {
	if !compares(x) || x.WebhookID == "" && x.Scheme == "" {
		return
	}
	if x.WebhookID == "" { // its signature is not in the narrow rows
		whole, err := g.History.Get(ctx, x.ID)
		if err != nil {
			return
		}
		x = whole
	}
	f := g.fingerprintOf(x)
	if f.IsEmpty() {
		return
	}
	if g.Window.Knows(f) { // what this listener has met is not answered by another project's
		whole, err := g.History.Get(ctx, x.ID)
		if err != nil || !g.isOurs(ctx, whole) {
			return
		}
	}
	g.Window.Recall(f, x)
}

// isOurs reports whether this listener would have taken a recorded webhook: a secret of its route verifies it. Another
// project may keep the same history, and its provider may send it the same event. Unchecked webhooks, and those that
// the history keeps without what was signed, may be anybody's and count as ours.
func (g *Gateway) isOurs(ctx context.Context, x *record.Exchange) bool {
	if x.Verdict.Status != record.Valid {
		return true
	}
	came, err := g.whole(ctx, x)
	if err != nil {
		return errors.Is(err, redact.ErrGone)
	}
	return g.wouldTake(came)
}

// askNeighbour finds out whether another listener's webhook was accepted since it was learnt of.
func (g *Gateway) askNeighbour(ctx context.Context, claim *dedupe.Claim) {
	id, ok := claim.Foreign()
	if !ok {
		return
	}
	x, err := g.History.Get(ctx, id)
	if err == nil && x.Status()/100 == 2 && g.isOurs(ctx, x) {
		claim.Accept(id)
	}
}
