package commands

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
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
	pulling map[string]bool // targets of which something is being taken
	blocked map[int64]bool  // entries that cannot be delivered here
	told    map[string]bool // why, each said once
	broken  error           // of printing

	sum     sums
	metrics *sentMetrics // nil: nobody reads them
}

// sums are what a dispatcher has done.
type sums struct{ delivered, refused, unanswered, retried atomic.Int64 }

// How often a dispatcher looks for what other processes have put in, and how long what cannot be delivered here waits.
const (
	peekEvery  = 100 * time.Millisecond
	blockedFor = 30 * time.Second
)

func newDispatcher(sh *shell, o deliverOptions) *dispatcher {
	d := &dispatcher{shell: sh, lease: sh.newLessee("deliver"), limits: o.limits(sh), plans: &plans{sh: sh}, seats: int64(o.concurrency),
		with: o.with(), drain: o.drain, bell: make(chan struct{}, 1), pulling: map[string]bool{}, blocked: map[int64]bool{}, told: map[string]bool{}}
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
	dues, err := d.history.Upcoming(working, store.Message)
	if err != nil {
		d.note("warning: the queue: %v", err)
		return time.Second, false
	}
	wait = peekEvery
	open := false
	for _, due := range dues {
		left, now := d.take(working, due)
		open = open || now
		if left > 0 {
			wait = min(wait, left)
		}
	}
	if open || !d.ends() || d.busy.Load() > 0 {
		return max(wait, time.Millisecond), false
	}
	return wait, !d.drain || len(dues) == 0 || d.onlyBlocked(working)
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
	if d.pulling[due.Target] || free <= 0 {
		return 0, true
	}
	leave := d.limits.Take(due.Target, int(free))
	if len(leave.Places) == 0 {
		return leave.Wait, !leave.Resting || d.drain
	}
	d.pulling[due.Target] = true
	d.busy.Add(int64(len(leave.Places)))
	d.running.Go(func() { d.pull(working, due.Target, leave.Places, at) })
	return 0, true
}

// until is the moment by which something must be due to be taken.
func (d *dispatcher) until() time.Time {
	if d.deadline.IsZero() {
		return time.Now()
	}
	return d.deadline
}

// pull takes what is due for a target, as much as there are places, and delivers it.
func (d *dispatcher) pull(working context.Context, target string, places []*deliver.Place, at time.Time) {
	entries, err := d.history.Lease(working, store.LeaseRequest{Kind: store.Message, Target: target, Owner: d.lease.owner, Want: len(places),
		Now: at, Until: time.Now().Add(leaseFor)})
	if err != nil && working.Err() == nil {
		d.note("warning: the queue: %v", err)
		time.Sleep(peekEvery) // whatever holds the history is not to be asked all the time
	}
	d.mu.Lock()
	delete(d.pulling, target)
	d.mu.Unlock()
	for i, place := range places {
		if i < len(entries) && !d.lease.has(entries[i]) {
			d.running.Go(func() { d.one(working, entries[i], place) })
			continue
		}
		place.End(nil)
		d.busy.Add(-1)
	}
	d.ring()
}

// one brings a leased entry one attempt further.
func (d *dispatcher) one(working context.Context, q *store.Queued, place *deliver.Place) {
	defer d.ring()
	defer d.busy.Add(-1)
	leased, release := d.lease.hold(working, q)
	defer release()
	a, settled := d.attempt(leased, q)
	place.End(a)
	if settled {
		d.lease.settle(context.WithoutCancel(working), q)
	}
}

// attempt makes the next attempt of an entry, nil when none was made, and reports whether the entry is to be settled as q
// says then. If not, the lease is somebody else's, or ends by itself.
func (d *dispatcher) attempt(ctx context.Context, q *store.Queued) (a *deliver.Attempt, settled bool) {
	x, err := d.history.Get(ctx, q.Thread)
	if errors.Is(err, store.ErrNotFound) {
		q.State, q.Why = store.Dead, "the message is no longer in the history"
		d.tellDead(q)
		return nil, true
	}
	if err != nil {
		return nil, d.troubled(ctx, q, err)
	}
	next := record.Exchange{Thread: x.ID, Request: x.Request, WebhookID: x.WebhookID, EventType: x.EventType, Scheme: x.Scheme, Verdict: x.Verdict}
	plan, err := d.plans.of(ctx, q.Policy, q.Target)
	if err == nil {
		err = plan.signer.try(&next, d.Now())
	}
	if err != nil {
		d.block(q, err)
		return nil, true
	}
	sender := deliver.Sender{Client: plan.client, Policy: lastChance(plan.policy, q), Rand: d.Rand, Sign: plan.signer.forAttempt(&next)}
	a, kept, err := d.lease.attempt(ctx, q, sender, next, plan.secrets())
	if err != nil {
		return a, d.troubled(ctx, q, err)
	}
	settleAs(q, a)
	d.count(q, a)
	d.tell(x, q, a, kept)
	return a, true
}

// troubled says why an attempt could not be recorded. The entry's lease ends by itself.
func (d *dispatcher) troubled(ctx context.Context, q *store.Queued, err error) (settled bool) {
	if !errors.Is(err, store.ErrLease) && ctx.Err() == nil {
		d.note("warning: %d: %v", q.Thread, err)
	}
	return false
}

// block puts an entry off that cannot be delivered here and now, most often for want of its secret: that is not the
// endpoint's doing, so no attempt is used up.
func (d *dispatcher) block(q *store.Queued, err error) {
	q.State, q.Due, q.Why = store.Waiting, time.Now().Add(blockedFor), err.Error()
	d.mu.Lock()
	d.blocked[q.ID] = true
	again := d.told[q.Why]
	d.told[q.Why] = true
	d.mu.Unlock()
	if !again {
		d.note("%d waits, it cannot be delivered here: %s", q.Thread, q.Why)
	}
}

func (d *dispatcher) blockedCount() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.blocked)
}

// onlyBlocked reports whether all that waits is what cannot be delivered here, and what comes after it.
func (d *dispatcher) onlyBlocked(ctx context.Context) bool {
	if d.blockedCount() == 0 {
		return false
	}
	open, err := d.history.Queue(ctx, store.QueueFilter{Kind: store.Message, States: []store.QueueState{store.Waiting, store.Leased}})
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, q := range open {
		if !q.Behind && !d.blocked[q.ID] {
			return false
		}
	}
	return err == nil
}

// count adds an attempt to the sums.
func (d *dispatcher) count(q *store.Queued, a *deliver.Attempt) {
	d.mu.Lock()
	delete(d.blocked, q.ID)
	d.mu.Unlock()
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
func (d *dispatcher) tell(x *record.Exchange, q *store.Queued, a *deliver.Attempt, kept *record.Exchange) {
	d.metrics.attempt(kept)
	d.tellAttempt(x, a, kept, d.with, &d.broken)
	if q.State == store.Dead {
		d.tellDead(q)
	}
}

func (d *dispatcher) tellDead(q *store.Queued) {
	d.note("%d was not delivered: %s; barb queue retry %d tries it again", q.Thread, ui.Clip(q.Why, 120), q.ID)
}
