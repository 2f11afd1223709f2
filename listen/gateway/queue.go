package gateway

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Queue forwards by way of the queue of the history: a webhook gets its entries in the very transaction in which it
// becomes durable, and a worker delivers them. It also delivers the entries that an earlier process left.
type Queue struct {
	Ack         bool // senders have their answer before anything else is done
	Concurrency int  // how many webhooks an app gets at a time
	Limits      *deliver.Limits
	Version     string // of barb, for people who look at all workers
	// Order returns the order that a webhook of a route belongs to, "" when it needs none.
	Order func(route string, r *record.Request) string

	g         *Gateway
	policy    string // as it is stored
	arguments string // what the arguments of the command are known by
	leases    *worker.Leases
	worker    *worker.Worker
	settles   sync.WaitGroup // of first tries, whose senders do not wait for it
}

// Targets returns the apps that webhooks are queued for, each once.
func (g *Gateway) Targets() []string {
	targets := []string{}
	for _, l := range g.All() {
		for _, t := range l.Targets {
			if !t.Mirror && !slices.Contains(targets, t.URL) {
				targets = append(targets, t.URL)
			}
		}
	}
	return targets
}

// Prepare makes the worker of the queue, where there is one. The history must be open.
func (g *Gateway) Prepare(ctx context.Context) (err error) {
	q := g.Queue
	if q == nil {
		return nil
	}
	q.g = g
	if q.policy, err = worker.PolicyText(g.Policy); err != nil {
		return err
	}
	q.leases = &worker.Leases{History: g.History, Holder: worker.NewHolder("listen"), Tell: q.tell}
	q.worker = &worker.Worker{Leases: q.leases, Every: lookEvery, Targets: g.Targets(), Version: q.Version,
		Handle: map[store.QueueKind]worker.Handler{
			store.Forward: {Deliver: q.deliver, Prepare: q.prepare, Limits: q.Limits, PerTarget: q.Concurrency}}}
	return q.addCommands(ctx)
}

// Delivers reports whether this listener works on what waits for a target.
func (q *Queue) Delivers(target string) bool { return slices.Contains(q.worker.Targets, target) }

// isQueued reports whether a checked webhook is for the queue at all.
func (h *Hook) isQueued() bool {
	distrusted, _ := h.Gateway.distrusts(h.Exchange)
	return distrusted == 0 && compares(h.Exchange) && h.script == nil
}

// reserved holds the queue entries of a webhook until its sender is answered.
type reserved struct {
	entries []*store.Queued
	permit  *deliver.Permit // to deliver the first of them at once; nil: it waits
}

// reserve gives the permit back unless the first entry became ours to deliver at once, and keeps its lease if it did.
func (q *Queue) reserve(p *reserved, err error) {
	switch {
	case p.permit == nil:
	case err == nil && p.entries[0].State == store.Leased:
		q.leases.Reserve(p.entries[0])
	default:
		q.leases.Suspect(err)
		p.permit.End(nil)
		p.permit = nil
	}
}

// entries returns the queue entries that forward a webhook, one for each app. kept is the webhook as it is recorded.
func (q *Queue) entries(x, kept *record.Exchange, l *Lane) (p reserved) {
	now, needs := time.Now(), q.needs(kept)
	plan, order := q.plan(needs), q.orderOf(l, &x.Request, needs)
	for _, t := range l.Targets {
		if t.Mirror {
			continue
		}
		e := &store.Queued{Kind: store.Forward, Thread: x.ID, Target: t.URL, Policy: plan, Order: order,
			Due: now, Created: now, Masks: kept.Masks}
		if !q.Ack && len(p.entries) == 0 { // its answer is the sender's, unless the app is paused
			if grant := q.Limits.Acquire(t.URL, 1); len(grant.Permits) > 0 {
				p.permit = grant.Permits[0]
				e.Inline, e.Owner, e.Due = true, q.leases.Holder, now.Add(worker.LeaseFor)
			}
		}
		p.entries = append(p.entries, e)
	}
	return p
}

// next returns the queue entries of a webhook: the entry of its command if that runs from the queue, else the entries
// of its apps.
func (q *Queue) next(h *Hook, kept *record.Exchange) reserved {
	if q.Ack && q.g.runs(h.Exchange) {
		return reserved{entries: []*store.Queued{q.commandEntry(h, kept)}}
	}
	return q.entries(h.Exchange, kept, h.lane())
}

// enlist makes a received exchange durable, with its entries in the queue. A copy gets its entries when the webhook
// that it repeats was answered, and a webhook whose sender waits for a command when that has succeeded.
func (h *Hook) enlist(ctx context.Context, kept *record.Exchange) error {
	x, g, q := h.Exchange, h.Gateway, h.Gateway.Queue
	isCopy := h.claim != nil && h.claim.IsCopy()
	if q == nil || isCopy || !h.isQueued() || !q.Ack && g.runs(x) {
		return g.History.Record(ctx, x)
	}
	p := q.next(h, kept)
	if len(p.entries) == 0 {
		return g.History.Record(ctx, x)
	}
	err := g.History.RecordQueued(ctx, x, p.entries...)
	q.reserve(&p, err)
	if err == nil {
		h.reserved = &p
	}
	return err
}

// cancelEntries removes the queue entries of a webhook that is not handed on because a copy of it is.
func (h *Hook) cancelEntries(ctx context.Context) {
	g, q, p := h.Gateway, h.Gateway.Queue, h.reserved
	h.reserved = nil
	if p == nil {
		return
	}
	filter := store.QueueFilter{}
	for _, e := range p.entries {
		filter.IDs = append(filter.IDs, store.Range{From: e.ID, To: e.ID})
	}
	if _, err := g.History.Cancel(ctx, filter, time.Now()); err != nil {
		g.trouble(h.Exchange.ID, err)
	}
	if p.permit != nil {
		q.leases.Forget(p.entries[0])
		p.permit.End(nil)
	}
	q.worker.Wake() // the next of its order may go on
}

// queued hands a webhook to the apps of its lane by way of the queue, and returns what the sender gets: the app's
// answer where it is tried at once and does not fail, else that it is kept.
func (h *Hook) queued(ctx context.Context) *record.Response {
	q, p := h.Gateway.Queue, h.reserved
	h.reserved = nil
	if p == nil { // it is recorded without entries
		next := q.next(h, q.g.History.Redacted(h.Exchange))
		err := q.g.History.Enqueue(ctx, next.entries...)
		if q.reserve(&next, err); err != nil {
			q.g.trouble(h.Exchange.ID, err)
			return unavailable()
		}
		p = &next
	}
	if slices.ContainsFunc(p.entries, func(e *store.Queued) bool { return e.State == store.Waiting }) {
		q.worker.Wake()
	}
	switch {
	case q.Ack:
		return &record.Response{Status: http.StatusOK}
	case p.permit != nil:
		return q.try(ctx, h, p.entries[0], p.permit)
	}
	return textAnswer(http.StatusAccepted, queuedText)
}

// queuedText answers the sender of a webhook that waits in the queue.
const queuedText = "queued\n"

// try makes the first attempt while the sender waits.
func (q *Queue) try(ctx context.Context, h *Hook, e *store.Queued, permit *deliver.Permit) *record.Response {
	g, x := q.g, h.Exchange
	ctx, release := q.leases.Hold(ctx, e)
	a, kept, err := q.attempt(ctx, x, e, g.Policy)
	release()
	permit.End(a)
	if a != nil {
		h.apps = append(h.apps, kept)
	}
	switch {
	case errors.Is(err, store.ErrLease):
		return textAnswer(http.StatusAccepted, queuedText)
	case err != nil:
		q.leases.Suspect(err)
		g.trouble(0, err)
		return unavailable()
	}
	waits := a.Decision == deliver.Retry || a.Decision == deliver.Interrupted
	r := worker.ResultOf(a)
	if r.State == store.Dead { // the sender gets the app's answer and may come again
		r.State, e.Answered, r.Why = store.Done, true, "answered to the sender: "+r.Why
	}
	q.settles.Go(func() {
		q.leases.Complete(context.WithoutCancel(ctx), e, r)
		q.worker.Wake()
	})
	if waits {
		g.Tell(Event{Kind: Waits, ID: x.ID, Detail: a.Why})
		return textAnswer(http.StatusAccepted, queuedText)
	}
	g.mirror(x, a.Exchange, h.lane())
	return g.relayed(ctx, a.Exchange)
}

// attempt makes the next attempt to deliver a captured webhook. kept is what may be shown of it.
func (q *Queue) attempt(ctx context.Context, x *record.Exchange, e *store.Queued,
	policy deliver.Policy) (a *deliver.Attempt, kept *record.Exchange, err error) {
	up := q.g.upstream(x, e.Target)
	next, err := forwardOf(x, e.Target, up)
	if err != nil {
		return nil, nil, err
	}
	a, err = q.leases.Attempt(ctx, e, deliver.Sender{Client: up.Client, Policy: policy, Rand: q.g.Rand}, next)
	if a != nil {
		kept = q.g.History.Redacted(a.Exchange)
		q.g.Tell(Event{Kind: Forwarded, ID: x.ID, Exchange: kept})
		q.g.tellRedirect(e.Target, kept)
	}
	return a, kept, err
}
