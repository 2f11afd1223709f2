package commands

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/commands/metrics"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// dispatcher delivers the messages of the queue: one goroutine looks what is due, others take it and deliver it.
type dispatcher struct {
	*shell
	lease    *lessee
	limits   *deliver.Limits
	plans    *plans
	seats    int64 // messages at a time
	with     export.With
	drain    bool
	deadline time.Time // only what is due by then; zero: everything

	bell    chan struct{} // capacity 1: there may be something to do
	busy    atomic.Int64
	running sync.WaitGroup

	mu      sync.Mutex
	pulling map[work]bool        // of which something is being taken
	blocked map[string]time.Time // plans that cannot be carried out here, and when to look again
	told    onceSaid
	broken  error // of printing

	sum     sums
	metrics *metrics.Sent // nil: nobody reads them
}

// work is what is delivered to one target in one way.
type work struct{ target, plan string }

// sums are what a dispatcher has done.
type sums struct{ delivered, refused, unanswered, retried atomic.Int64 }

// How often a dispatcher looks for what other processes have put in, and how long what cannot be delivered here waits.
const (
	peekEvery  = 100 * time.Millisecond
	blockedFor = 30 * time.Second
)

func newDispatcher(sh *shell, o deliverOptions) *dispatcher {
	d := &dispatcher{shell: sh, lease: sh.newLessee("deliver"), limits: o.limits(sh), plans: &plans{sh: sh}, seats: int64(o.concurrency),
		with: o.with(), drain: o.drain, bell: make(chan struct{}, 1), pulling: map[work]bool{}, blocked: map[string]time.Time{}}
	if o.once {
		d.deadline = time.Now()
	}
	return d
}

// ends reports whether it comes to an end by itself.
func (d *dispatcher) ends() bool { return d.drain || !d.deadline.IsZero() }

func (d *dispatcher) ring() {
	select {
	case d.bell <- struct{}{}:
	default:
	}
}

// run delivers until ctx ends, or until it is through. What is on its way then gets some time to end.
func (d *dispatcher) run(ctx context.Context) {
	working, cut := context.WithCancel(context.WithoutCancel(ctx))
	keeping, endKeeping := context.WithCancel(context.WithoutCancel(ctx))
	var keeper sync.WaitGroup
	if d.ends() { // what a killed one has left is due, too
		d.lease.takeOver(ctx)
	}
	if !d.deadline.IsZero() {
		d.deadline = time.Now()
	}
	keeper.Go(func() { d.lease.keep(keeping) })
	d.look(ctx, working)
	if n := d.busy.Load(); n > 0 && ctx.Err() != nil {
		d.say("barb: %s on the way; ^C again does not wait", ui.Count(int(n), "attempt"))
	}
	timer := time.AfterFunc(endGrace, cut)
	d.running.Wait()
	timer.Stop()
	cut()
	endKeeping()
	keeper.Wait()
	d.lease.release(context.WithoutCancel(ctx))
}

// look takes what is due, round after round.
func (d *dispatcher) look(ctx, working context.Context) {
	for ctx.Err() == nil {
		wait, through := d.round(working)
		if through {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-d.bell:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// round begins to take what is due, as much as there is room for. It returns how long until there may be more, and whether
// a run that comes to an end is there.
func (d *dispatcher) round(working context.Context) (wait time.Duration, through bool) {
	dues, err := d.history.Upcoming(working, store.Message, "")
	if err != nil {
		d.note("warning: the queue: %v", err)
		return time.Second, false
	}
	wait = peekEvery
	open, waits := false, false
	for _, due := range dues {
		if d.isBlocked(due.Policy) {
			continue
		}
		left, now := d.take(working, due)
		open, waits = open || now, true
		if left > 0 {
			wait = min(wait, left)
		}
	}
	if open || !d.ends() || d.busy.Load() > 0 {
		return max(wait, time.Millisecond), false
	}
	return wait, !d.drain || !waits
}

// take begins to take what is due for a target. left is how long until there is something to take, where that is known;
// now reports whether there is something at the moment.
func (d *dispatcher) take(working context.Context, due store.Due) (left time.Duration, now bool) {
	at := d.until()
	if due.At.After(at) {
		return due.At.Sub(at), false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	free := d.seats - d.busy.Load()
	what := work{due.Target, due.Policy}
	if d.pulling[what] || free <= 0 {
		return 0, true
	}
	leave := d.limits.Take(due.Target, int(free))
	if len(leave.Places) == 0 {
		return leave.Wait, !leave.Resting || d.drain
	}
	d.pulling[what] = true
	d.busy.Add(int64(len(leave.Places)))
	d.running.Go(func() { d.pull(working, what, leave.Places, at) })
	return 0, true
}

// until is the moment by which something must be due to be taken.
func (d *dispatcher) until() time.Time {
	if d.deadline.IsZero() {
		return time.Now()
	}
	return d.deadline
}

// pull takes what is due for a target, as much as there are places, and delivers it. What cannot be delivered here is
// left alone: another worker may have what it takes.
func (d *dispatcher) pull(working context.Context, what work, places []*deliver.Place, at time.Time) {
	plan, err := d.plans.of(working, what.plan, what.target)
	var entries []*store.Queued
	if err != nil {
		d.block(what, err)
	} else if entries, err = d.history.Lease(working, store.LeaseRequest{Kind: store.Message, Target: what.target, Policy: what.plan, Owner: d.lease.owner,
		Want: len(places), Now: at, Until: time.Now().Add(leaseFor)}); err != nil && working.Err() == nil {
		d.note("warning: the queue: %v", err)
		time.Sleep(peekEvery) // whatever holds the history is not to be asked all the time
	}
	d.mu.Lock()
	if err == nil {
		delete(d.blocked, what.plan)
	}
	delete(d.pulling, what)
	d.mu.Unlock()
	for i, place := range places {
		if i < len(entries) && !d.lease.has(entries[i]) {
			d.running.Go(func() { d.one(working, entries[i], plan, place) })
			continue
		}
		place.End(nil)
		d.busy.Add(-1)
	}
	d.ring()
}

// one brings a leased entry one attempt further.
func (d *dispatcher) one(working context.Context, q *store.Queued, p *plan, place *deliver.Place) {
	defer d.ring()
	defer d.busy.Add(-1)
	leased, release := d.lease.hold(working, q)
	defer release()
	a, settled := d.attempt(leased, q, p)
	place.End(a)
	if settled {
		d.lease.settle(context.WithoutCancel(working), q)
	}
}

// attempt makes the next attempt of an entry, nil when none was made, and reports whether the entry is to be settled as q
// says then. If not, the lease is somebody else's, or ends by itself.
func (d *dispatcher) attempt(ctx context.Context, q *store.Queued, plan *plan) (a *deliver.Attempt, settled bool) {
	x, err := d.history.Get(ctx, q.Thread)
	if errors.Is(err, store.ErrNotFound) {
		q.State, q.Why = store.Dead, "the message is no longer in the history"
		d.tellDead(q)
		return nil, true
	}
	if err != nil {
		return nil, d.troubled(ctx, q, err)
	}
	switch x, err = d.whole(ctx, x); {
	case errors.Is(err, redact.ErrGone):
		q.State, q.Why = store.Dead, err.Error()
		d.tellDead(q)
		return nil, true
	case err != nil:
		return nil, d.troubled(ctx, q, err)
	}
	next := record.Exchange{Thread: x.ID, Request: x.Request, WebhookID: x.WebhookID, EventType: x.EventType, Scheme: x.Scheme, Verdict: x.Verdict}
	if err := plan.signer.Try(&next, d.Now()); err != nil {
		q.State, q.Due, q.Why = store.Waiting, time.Now().Add(blockedFor), err.Error()
		d.block(work{q.Target, q.Policy}, err)
		return nil, true
	}
	sender := deliver.Sender{Client: plan.client, Policy: lastChance(plan.policy, q), Rand: d.Rand, Sign: plan.signer.ForAttempt(&next)}
	a, err = d.lease.attempt(ctx, q, sender, next)
	if err != nil {
		return a, d.troubled(ctx, q, err)
	}
	settleAs(q, a)
	d.count(q, a)
	d.tell(x, q, a)
	return a, true
}

// troubled says why an attempt could not be recorded. The entry's lease ends by itself.
func (d *dispatcher) troubled(ctx context.Context, q *store.Queued, err error) (settled bool) {
	if !errors.Is(err, store.ErrLease) && ctx.Err() == nil {
		d.note("warning: %d: %v", q.Thread, err)
	}
	return false
}

// block notes that a plan cannot be carried out here, most often for want of its secret. It is looked at again a while
// later.
func (d *dispatcher) block(what work, err error) {
	d.mu.Lock()
	d.blocked[what.plan] = time.Now().Add(blockedFor)
	d.mu.Unlock()
	d.told.say(d.shell, err.Error(), "what waits for "+domainOf(what.target)+" cannot be delivered here: "+err.Error())
}

// isBlocked reports whether a plan could not be carried out a moment ago.
func (d *dispatcher) isBlocked(plan string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	until, blocked := d.blocked[plan]
	return blocked && (d.ends() || time.Now().Before(until))
}

// blockedCount is how many messages that were due wait for another worker, which has what they need.
func (d *dispatcher) blockedCount(ctx context.Context) (n int, err error) {
	d.mu.Lock()
	blocked := maps.Clone(d.blocked)
	d.mu.Unlock()
	if len(blocked) == 0 {
		return 0, nil
	}
	open, err := d.history.Queue(ctx, store.QueueFilter{Kind: store.Message, States: []store.QueueState{store.Waiting, store.Leased}})
	for _, q := range open {
		if _, is := blocked[q.Policy]; is && !q.Behind && (d.drain || !q.Due.After(d.until())) {
			n++
		}
	}
	return n, err
}

// count adds an attempt to the sums.
func (d *dispatcher) count(q *store.Queued, a *deliver.Attempt) {
	switch {
	case q.State == store.Done:
		d.sum.delivered.Add(1)
	case q.State == store.Waiting:
		d.sum.retried.Add(1)
	case a.Exchange.Status() != 0:
		d.sum.refused.Add(1)
	default:
		d.sum.unanswered.Add(1)
	}
}

// tell says how an attempt went.
func (d *dispatcher) tell(x *record.Exchange, q *store.Queued, a *deliver.Attempt) {
	d.metrics.Attempt(a.Exchange)
	d.tellAttempt(x, a, d.with, &d.broken)
	if q.State == store.Dead {
		d.tellDead(q)
	}
}

func (d *dispatcher) tellDead(q *store.Queued) {
	d.note("%d was not delivered: %s; barb queue retry %d tries it again", q.Thread, ui.Clip(q.Why, 120), q.ID)
}
