package commands

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// outbox forwards by way of the queue: a webhook gets its entries in the very transaction in which it becomes durable,
// and workers deliver them, also those that an earlier process has left.
type outbox struct {
	*listener
	leases      *worker.Leases
	limits      *deliver.Limits
	ack         bool
	ordered     flags.Order
	concurrency int
	policyText  string
	told        onceSaid

	worker       *worker.Worker
	commandPrint string         // of its arguments
	settles      sync.WaitGroup // of first tries, whose senders do not wait for it
}

func (g *listener) newOutbox(o listenOptions) (*outbox, error) {
	b := &outbox{listener: g, limits: (&flags.Limits{Breaker: o.Breaker}).New(g.tellResting),
		ack: o.Mode == flags.ModeAck, ordered: o.Ordered,
		concurrency: o.Forward.Concurrency}
	b.leases = &worker.Leases{Holder: worker.NewHolder("listen"), Tell: b.tell}
	b.worker = b.newWorker()
	var err error
	if b.policyText, err = worker.PolicyText(g.policy); err != nil {
		return nil, err
	}
	for _, l := range g.gate.All() {
		for _, t := range l.Targets {
			if !t.Mirror && !slices.Contains(b.worker.Targets, t.URL) {
				b.worker.Targets = append(b.worker.Targets, t.URL)
			}
		}
	}
	asked := g.settings["listen.queue"] == "flag" || g.settings["listen.mode"] == "flag"
	switch {
	case len(b.worker.Targets) > 0 || b.ack && g.runner != nil: // see addCommands
	case !asked: // barb.toml says how webhooks are forwarded, where they are
		return nil, nil
	default:
		return nil, fail.Usage("there is no app to queue webhooks for").Hint("barb listen --forward-to :3000 --queue")
	}
	return b, nil
}

// takes reports whether a checked webhook is for the queue at all.
func (b *outbox) takes(h *hook) bool {
	x := h.x
	distrusted, _ := b.distrusts(x)
	handedOn := x.Verdict.Status != record.Invalid && distrusted == 0 && x.Handshake == "" && !isFiltered(x) &&
		!gateway.IsUndecided(x.Marks)
	return handedOn && h.scripted() == nil
}

// promised is what a webhook has in the queue until its sender is answered.
type promised struct {
	entries []*store.Queued
	permit  *deliver.Permit // to deliver the first of them at once; nil: it waits
}

// kept gives the permit back where the first entry did not become ours to deliver at once, and keeps its lease where it
// did.
func (b *outbox) kept(p *promised, err error) {
	switch {
	case p.permit == nil:
	case err == nil && p.entries[0].State == store.Leased:
		b.leases.Reserve(p.entries[0])
	default:
		p.permit.End(nil)
		p.permit = nil
	}
}

// entries are what a webhook that is to be forwarded gets in the queue: one for each app. kept is what the history has
// of it: the queue keeps the rest.
func (b *outbox) entries(x, kept *record.Exchange, l *gateway.Lane) (p promised) {
	now, needs := time.Now(), b.needs(kept)
	plan, order := b.plan(needs), b.orderOf(l, &x.Request, needs)
	for _, t := range l.Targets {
		if t.Mirror {
			continue
		}
		q := &store.Queued{Kind: store.Forward, Thread: x.ID, Target: t.URL, Policy: plan, Order: order,
			Due: now, Created: now, Masks: kept.Masks}
		if !b.ack && len(p.entries) == 0 { // its answer is the sender's, unless the app is given a rest
			if grant := b.limits.Acquire(t.URL, 1); len(grant.Permits) > 0 {
				p.permit = grant.Permits[0]
				q.Inline, q.Owner, q.Due = true, b.leases.Holder, now.Add(worker.LeaseFor)
			}
		}
		p.entries = append(p.entries, q)
	}
	return p
}

// first are the entries that a webhook gets in the transaction in which it becomes durable. A copy may not need any,
// and a command that the sender waits for comes before the apps: what they need is put in later, before the sender has
// an answer.
func (b *outbox) first(h *hook, kept *record.Exchange, again bool) promised {
	switch {
	case again || !b.takes(h):
		return promised{}
	case !b.runs(h.x):
		return b.entries(h.x, kept, h.Lane())
	case b.ack:
		return promised{entries: []*store.Queued{b.commandEntry(h, kept)}}
	}
	return promised{}
}

// keep makes a received exchange durable, with its entries in the queue. Again: it is a copy that may not be handed on.
func (g *listener) keep(ctx context.Context, h *hook, kept *record.Exchange, again bool) error {
	x := h.x
	if g.outbox == nil {
		return g.history.Record(ctx, x)
	}
	p := g.outbox.first(h, kept, again)
	if len(p.entries) == 0 {
		return g.history.Record(ctx, x)
	}
	err := g.history.RecordQueued(ctx, x, p.entries...)
	g.outbox.kept(&p, err)
	if err == nil {
		h.promised = &p
	}
	return err
}

// forgo takes back what was promised for a webhook that is not handed on, since a copy of it is: that has entries of
// its own.
func (b *outbox) forgo(ctx context.Context, h *hook) {
	x, p := h.x, h.promised
	h.promised = nil
	if p == nil {
		return
	}
	filter := store.QueueFilter{}
	for _, q := range p.entries {
		filter.IDs = append(filter.IDs, store.Range{From: q.ID, To: q.ID})
	}
	if _, err := b.history.Cancel(ctx, filter, time.Now()); err != nil {
		b.note("warning: %d: %v", x.ID, err)
	}
	if p.permit != nil {
		b.leases.Forget(p.entries[0])
		p.permit.End(nil)
	}
	b.worker.Wake() // the next of its order may go on
}

// later puts a webhook into the queue that is recorded already.
func (b *outbox) later(ctx context.Context, h *hook) (*promised, error) {
	x := h.x
	var p promised
	kept := b.history.Redacted(x)
	if b.ack && b.runs(x) {
		p.entries = []*store.Queued{b.commandEntry(h, kept)}
	} else {
		p = b.entries(x, kept, h.Lane())
	}
	err := b.history.Enqueue(ctx, p.entries...)
	b.kept(&p, err)
	return &p, err
}

// queued hands a webhook to the apps of its lane by way of the queue, and gives back what the sender gets.
func (b *outbox) queued(ctx context.Context, h *hook) *record.Response {
	p := h.promised
	h.promised = nil
	if p == nil {
		var err error
		if p, err = b.later(ctx, h); err != nil {
			b.note("warning: %d: %v", h.x.ID, err)
			return unavailable()
		}
	}
	return b.answer(ctx, h, p)
}

// answer is what the sender of a queued webhook gets: the app's answer where it is tried at once and does not fail,
// else that it is kept.
func (b *outbox) answer(ctx context.Context, h *hook, p *promised) *record.Response {
	if slices.ContainsFunc(p.entries, func(q *store.Queued) bool { return q.State == store.Waiting }) {
		b.worker.Wake()
	}
	switch {
	case b.ack:
		return &record.Response{Status: http.StatusOK}
	case p.permit != nil:
		return b.try(ctx, h, p.entries[0], p.permit)
	}
	return textAnswer(http.StatusAccepted, "queued\n")
}

// try makes the first attempt while the sender waits.
func (b *outbox) try(ctx context.Context, h *hook, q *store.Queued, permit *deliver.Permit) *record.Response {
	x := h.x
	ctx, release := b.leases.Hold(ctx, q)
	a, err := b.attempt(ctx, x, q, b.policy)
	release()
	permit.End(a)
	if a != nil {
		h.line.Apps = append(h.line.Apps, b.history.Redacted(a.Exchange))
	}
	switch {
	case errors.Is(err, store.ErrLease):
		return textAnswer(http.StatusAccepted, "queued\n")
	case err != nil:
		b.note("warning: %v", err)
		return unavailable()
	}
	queued := a.Decision == deliver.Retry || a.Decision == deliver.Interrupted
	r := worker.ResultOf(a)
	if r.State == store.Dead { // the sender gets the app's answer and may come again
		r.State, q.Answered, r.Why = store.Done, true, "answered to the sender: "+r.Why
	}
	b.settles.Go(func() {
		b.leases.Complete(context.WithoutCancel(ctx), q, r)
		b.worker.Wake()
	})
	if queued {
		b.note("%d waits in the queue: %s", x.ID, ui.Clip(a.Why, 120))
		return textAnswer(http.StatusAccepted, "queued\n")
	}
	b.mirrors.send(x, a.Exchange, h.Lane())
	return b.relayed(ctx, a.Exchange)
}

// attempt makes the next attempt to deliver a captured webhook.
func (b *outbox) attempt(ctx context.Context, x *record.Exchange, q *store.Queued,
	policy deliver.Policy) (*deliver.Attempt, error) {
	next, err := forwardOf(x, q.Target)
	if err != nil {
		return nil, err
	}
	a, err := b.leases.Attempt(ctx, q, deliver.Sender{Client: b.client, Policy: policy, Rand: b.Rand}, next)
	if a != nil {
		b.watch.metrics.Forwarded(b.history.Redacted(a.Exchange))
	}
	return a, err
}
