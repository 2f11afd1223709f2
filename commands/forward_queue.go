package commands

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// leaseFor is how long a lease holds that nobody renews: what a killed process was at is tried again after that.
const leaseFor = 30 * time.Second

// outbox forwards by way of the queue: a webhook gets its entries in the very transaction in which it becomes durable, and
// workers deliver them, also those that an earlier process has left.
type outbox struct {
	*gateway
	owner       string // unlike every other
	ack         bool
	ordered     orderedValue
	concurrency int
	policyText  string

	pending sync.Map // *record.Exchange → []*store.Queued, between Record and Reply
	workers map[string]*worker
	leases  leases
	stage   atomic.Int32
	// commands is 1 as long as a worker runs commands.
	commands atomic.Int32
	settles  sync.WaitGroup // of first tries, whose senders do not wait for it
}

func (g *gateway) newOutbox(o listenOptions) (*outbox, error) {
	b := &outbox{gateway: g, owner: "listen " + uuid.NewString(), ack: o.mode == modeAck, ordered: o.ordered,
		concurrency: o.forwardFlags.concurrency, workers: map[string]*worker{}, leases: leases{held: map[int64]*held{}}}
	var err error
	if b.policyText, err = policyText(g.policy); err != nil {
		return nil, err
	}
	for _, l := range append(slices.Collect(maps.Values(g.lanes)), g.fallback) {
		for _, t := range l.targets {
			if !t.mirror && b.workers[t.url] == nil {
				b.workers[t.url] = newWorker(b, t.url)
			}
		}
	}
	if b.ack && g.runner != nil {
		b.workers[g.runner.target()] = newCommandWorker(b)
	}
	asked := g.settings["listen.queue"] == "flag" || g.settings["listen.mode"] == "flag"
	switch {
	case len(b.workers) == 0 && !asked: // barb.toml says how webhooks are forwarded, where they are
		return nil, nil
	case len(b.workers) == 0:
		return nil, usage("there is no app to queue webhooks for").hint("barb listen --forward-to :3000 --queue")
	}
	return b, nil
}

// takes reports whether a checked webhook is for the queue at all.
func (b *outbox) takes(x *record.Exchange) bool {
	return x.Verdict.Status != record.Invalid && !isTurnedAway(x) && !isHandshake(x) && !isFiltered(x) && !b.isScripted(x)
}

// entries are what a webhook that is to be forwarded gets in the queue: one for each app.
func (b *outbox) entries(x *record.Exchange) (entries []*store.Queued) {
	l, now := b.forwardLane(x), time.Now()
	for _, t := range l.targets {
		if t.mirror {
			continue
		}
		q := &store.Queued{Kind: store.Forward, Thread: x.ID, Target: t.url, Policy: b.policyText, Order: b.ordered.of(l.name, &x.Request), Due: now, Created: now}
		if !b.ack && len(entries) == 0 { // its answer is the sender's
			q.Straight, q.Owner, q.Due = true, b.owner, now.Add(leaseFor)
		}
		entries = append(entries, q)
	}
	return entries
}

// first are the entries that a webhook gets in the transaction in which it becomes durable. A copy may not need any, and a
// command that the sender waits for comes before the apps: what they need is put in later, before the sender has an answer.
func (b *outbox) first(x *record.Exchange, again bool) []*store.Queued {
	switch {
	case again || !b.takes(x):
		return nil
	case !b.runs(x):
		return b.entries(x)
	case b.ack:
		return []*store.Queued{b.commandEntry(x)}
	}
	return nil
}

// keep makes a received exchange durable, with its entries in the queue. Again: it is a copy that may not be handed on.
func (g *gateway) keep(ctx context.Context, x, kept *record.Exchange, again bool) error {
	var entries []*store.Queued
	if g.outbox != nil {
		entries = g.outbox.first(x, again)
	}
	if len(entries) == 0 {
		return g.history.Record(ctx, kept)
	}
	if err := g.history.RecordQueued(ctx, kept, entries...); err != nil {
		return err
	}
	g.outbox.pending.Store(x, entries)
	return nil
}

// recorded returns the entries that keep made for a webhook.
func (b *outbox) recorded(x *record.Exchange) []*store.Queued {
	entries, _ := b.pending.LoadAndDelete(x)
	all, _ := entries.([]*store.Queued)
	return all
}

// later puts a webhook into the queue that is recorded already.
func (b *outbox) later(ctx context.Context, x *record.Exchange) ([]*store.Queued, error) {
	entries := b.entries(x)
	if b.ack && b.runs(x) {
		entries = []*store.Queued{b.commandEntry(x)}
	}
	return entries, b.history.Enqueue(ctx, entries...)
}

// queued hands a webhook to the apps of its lane by way of the queue, and gives back what the sender gets.
func (b *outbox) queued(ctx context.Context, x *record.Exchange, l *lane) *record.Response {
	entries := b.recorded(x)
	if len(entries) == 0 {
		var err error
		if entries, err = b.later(ctx, x); err != nil {
			b.note("warning: %d: %v", x.ID, err)
			return unavailable()
		}
	}
	return b.answer(ctx, x, l, entries)
}

// answer is what the sender of a queued webhook gets: the app's answer where it is tried at once and does not fail, else
// that it is kept.
func (b *outbox) answer(ctx context.Context, x *record.Exchange, l *lane, entries []*store.Queued) *record.Response {
	b.wake(entries)
	switch {
	case b.ack:
		return &record.Response{Status: http.StatusOK}
	case entries[0].State == store.Leased:
		return b.try(ctx, x, l, entries[0])
	}
	return textAnswer(http.StatusAccepted, "queued\n")
}

// try makes the first attempt while the sender waits.
func (b *outbox) try(ctx context.Context, x *record.Exchange, l *lane, q *store.Queued) *record.Response {
	ctx, release := b.leases.hold(ctx, q)
	a, err := b.attempt(ctx, x, q, b.policy)
	release()
	switch {
	case errors.Is(err, store.ErrLease):
		return textAnswer(http.StatusAccepted, "queued\n")
	case err != nil:
		b.note("warning: %v", err)
		return unavailable()
	}
	queued := a.Decision == deliver.Retry || a.Decision == deliver.Interrupted
	settleAs(q, a)
	if q.State == store.Dead { // the sender gets the app's answer and may come again
		q.State, q.Why = store.Done, "answered to the sender: "+q.Why
	}
	b.settles.Go(func() { b.settle(context.WithoutCancel(ctx), q) })
	if queued {
		b.note("%d waits in the queue: %s", x.ID, ui.Clip(a.Why, 120))
		return textAnswer(http.StatusAccepted, "queued\n")
	}
	b.mirrors.send(x, a.Exchange, l)
	return b.relayed(a.Exchange)
}

// attempt makes the next attempt to deliver a captured webhook. It is counted and in the history before its first byte
// leaves, which only happens while the lease of the entry is ours.
func (b *outbox) attempt(ctx context.Context, x *record.Exchange, q *store.Queued, policy deliver.Policy) (*deliver.Attempt, error) {
	request, err := listen.Forward(&x.Request, q.Target, x.Remote)
	if err != nil {
		return nil, err
	}
	next := record.Exchange{Thread: x.ID, Request: request, WebhookID: x.WebhookID, EventType: x.EventType, Scheme: x.Scheme}
	if q.Attempts > 0 {
		next.Attempt, next.Thread, next.Start = q.Attempts, q.First, q.Created
	}
	keep := context.WithoutCancel(ctx)
	sender := deliver.Sender{Client: b.client, Policy: policy, Rand: b.Rand}
	for a, err := range sender.Attempts(ctx, next) {
		switch {
		case err != nil:
			return nil, err
		case !a.Ended:
			kept := b.file.withoutSecrets(a.Exchange, b.secrets)
			if err := b.history.Begin(keep, b.owner, q, kept); err != nil {
				return nil, err
			}
			a.Exchange.ID = kept.ID
		default:
			kept := b.file.withoutSecrets(a.Exchange, b.secrets)
			b.watch.forwarded(x.ID, kept)
			return a, b.history.Answer(keep, kept)
		}
	}
	return nil, errors.New("no attempt was made")
}

// settleAs sets what becomes of an entry after an attempt.
func settleAs(q *store.Queued, a *deliver.Attempt) {
	q.Why = ""
	switch a.Decision {
	case deliver.Delivered:
		q.State = store.Done
	case deliver.Retry:
		q.State, q.Due, q.Why = store.Waiting, time.Now().Add(a.Wait), a.Why
	case deliver.Interrupted:
		q.State, q.Due, q.Why = store.Waiting, time.Now(), a.Why
	default:
		q.State, q.Why = store.Dead, a.Why
	}
}

// settle gives a lease back and wakes the worker. Where that fails, the lease ends by itself and the attempt is repeated.
func (b *outbox) settle(ctx context.Context, q *store.Queued) {
	if err := b.history.Settle(ctx, b.owner, q, time.Now()); err != nil && !errors.Is(err, store.ErrLease) {
		b.note("warning: %d: %v", q.Thread, err)
	}
	b.workers[q.Target].ring()
}
