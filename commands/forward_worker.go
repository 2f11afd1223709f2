package commands

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// appWorker delivers what waits in the queue for one app, or runs the command. Each has its own, so that one that hangs holds
// up no other.
type appWorker struct {
	*outbox
	kind    store.QueueKind
	target  string
	limit   int    // at a time
	limited string // what limits go by: the target, or all commands together
	limits  *deliver.Limits
	bell    chan struct{} // capacity 1: there may be something to do
	busy    atomic.Int64
	running sync.WaitGroup
}

func newWorker(b *outbox, target string) *appWorker {
	return &appWorker{outbox: b, kind: store.Forward, target: target, limited: target, limit: b.concurrency, limits: b.limits, bell: make(chan struct{}, 1)}
}

func (w *appWorker) ring() {
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

// lookEvery is how often a worker that nobody wakes looks for what other processes have put into the queue.
const lookEvery = time.Second

// The stages of an outbox.
const (
	delivering int32 = iota
	emptying         // what is due now is delivered, then it ends
	closing          // what has begun is brought to an end
)

// run delivers until the outbox is through. ctx cuts what is on its way.
func (w *appWorker) run(ctx context.Context) {
	defer w.ended()
	for {
		before := w.commands.Load() // what they let through before they end is seen by the round that follows
		wait, idle := w.round(ctx)
		idle = idle && (before == 0 || w.kind == store.Command)
		switch stage := w.stage.Load(); {
		case stage == closing, stage == emptying && idle, ctx.Err() != nil:
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-w.bell:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// ended waits for what has begun. Apps get what the last command lets through.
func (w *appWorker) ended() {
	w.running.Wait()
	if w.kind != store.Command {
		return
	}
	if w.commands.Add(-1) > 0 {
		return
	}
	for _, other := range w.workers {
		other.ring()
	}
}

// round takes what is due, as much as there is room for. It returns how long until there may be more, and whether there
// is nothing to do at the moment.
func (w *appWorker) round(ctx context.Context) (wait time.Duration, idle bool) {
	free := w.limit - int(w.busy.Load())
	if free <= 0 || w.stage.Load() == closing {
		return lookEvery, false
	}
	due, err := w.next(ctx)
	now := time.Now()
	switch {
	case err != nil:
		return w.troubled(ctx, err), w.busy.Load() == 0
	case due == nil:
		return lookEvery, w.busy.Load() == 0
	case due.At.After(now):
		return min(due.At.Sub(now), lookEvery), w.busy.Load() == 0
	}
	leave := w.limits.Take(w.limited, free)
	if len(leave.Places) == 0 && w.kind == store.Command { // the end of any command rings
		return lookEvery, false
	}
	if len(leave.Places) == 0 { // what waits for the end of a rest waits beyond the end of the listener
		return min(max(leave.Wait, time.Millisecond), lookEvery), leave.Resting && w.busy.Load() == 0
	}
	entries, err := w.history.Lease(ctx, store.LeaseRequest{Kind: w.kind, Target: w.target, Policy: due.Policy, Owner: w.lease.owner,
		Want: len(leave.Places), Now: now, Until: now.Add(leaseFor)})
	for i, place := range leave.Places {
		if i < len(entries) && !w.lease.has(entries[i]) {
			w.start(ctx, entries[i], place)
		} else {
			place.End(nil)
		}
	}
	if err != nil {
		return w.troubled(ctx, err), false
	}
	return time.Millisecond, false
}

// next is what is due next of that which this listener can do; nil when there is nothing. What it cannot do it leaves to
// others, and says so.
func (w *appWorker) next(ctx context.Context) (*store.Due, error) {
	all, err := w.history.Upcoming(ctx, w.kind, w.target)
	for _, due := range all {
		why := w.unable(due.Policy)
		if why == "" {
			return &due, err
		}
		w.told.say(w.shell, w.target+" "+why, "what waits for "+targetName(w.kind, w.target)+" is left to another listener: "+why+"; barb queue lists it")
	}
	return nil, err
}

// troubled says why the queue cannot be read or written now, and how long to wait.
func (w *appWorker) troubled(ctx context.Context, err error) time.Duration {
	if ctx.Err() == nil {
		w.note("warning: the queue: %v", err)
	}
	return lookEvery
}

func (w *appWorker) start(ctx context.Context, q *store.Queued, place *deliver.Place) {
	w.busy.Add(1)
	w.running.Go(func() {
		defer w.ring()
		defer w.busy.Add(-1)
		leased, release := w.lease.hold(ctx, q)
		defer release()
		if w.kind == store.Command {
			w.command(leased, q)
			place.End(nil)
			w.ringCommands()
			return
		}
		leased, letGo := w.budget.With(leased)
		defer letGo()
		a, settled := w.deliver(leased, q)
		place.End(a)
		if settled {
			w.settle(context.WithoutCancel(ctx), q)
		}
	})
}

// deliver makes the next attempt of an entry, nil when none was made, and reports whether the entry is to be settled as q
// says then. If not, the lease is somebody else's, or ends by itself.
func (w *appWorker) deliver(ctx context.Context, q *store.Queued) (a *deliver.Attempt, settled bool) {
	kept, err := w.history.Get(ctx, q.Thread)
	if errors.Is(err, store.ErrNotFound) {
		q.State, q.Why = store.Dead, "the webhook is no longer in the history"
		return nil, true
	}
	if err != nil {
		w.troubled(ctx, err)
		return nil, false
	}
	x := kept
	plan, err := forwardPlanOf(q.Policy)
	if err == nil {
		x, err = w.whole(ctx, kept)
	}
	if err != nil {
		w.putOff(kept, q, err)
		return nil, true
	}
	l := w.forwardLane(x)
	policy := plan.policy
	a, err = w.attempt(ctx, x, q, lastChance(policy, q))
	if err != nil {
		if !errors.Is(err, store.ErrLease) {
			w.note("warning: %d: %v", x.ID, err)
		}
		return nil, false
	}
	settleAs(q, a)
	w.tell(x, q, a)
	if q.State != store.Waiting && q.Target == l.forwardTo {
		w.mirrors.send(x, a.Exchange, l)
	}
	return a, true
}

// putOff is for an entry that cannot be delivered here. What nobody can put back together is dead.
func (w *appWorker) putOff(x *record.Exchange, q *store.Queued, why error) {
	if !errors.Is(why, redact.ErrGone) {
		w.leave(q, why)
		return
	}
	q.State, q.Why = store.Dead, why.Error()
	w.tellDead(x, q)
}

// leave gives an entry back that turned out to be another listener's to deliver. No attempt is used up.
func (w *appWorker) leave(q *store.Queued, why error) {
	q.State, q.Due, q.Why = store.Waiting, time.Now().Add(blockedFor), why.Error()
	w.told.say(w.shell, q.Why, fmt.Sprintf("%d is left to another listener: %s", q.Thread, q.Why))
}

// lastChance gives an entry whose deadline passed while nobody delivered one whole attempt all the same.
func lastChance(p deliver.Policy, q *store.Queued) deliver.Policy {
	if p.Deadline > 0 {
		p.Deadline = max(p.Deadline, time.Since(q.Created)+p.Timeout)
	}
	return p
}

// tell says how an attempt went.
func (w *appWorker) tell(x *record.Exchange, q *store.Queued, a *deliver.Attempt) {
	w.tellAttempt(x, a, w.with, &w.broken)
	if q.State == store.Dead {
		w.tellDead(x, q)
	}
}

func (w *appWorker) tellDead(x *record.Exchange, q *store.Queued) {
	w.reject(x)
	w.note("%d was not delivered: %s; barb queue retry %d tries it again", x.ID, ui.Clip(q.Why, 120), q.ID)
}

// work runs the workers and keeps their leases. The function it returns ends them: what has begun gets grace to end, and
// so does, unless it is cut, what is due.
func (b *outbox) work(ctx context.Context) (end func(cut bool, grace time.Duration)) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var working, renewing sync.WaitGroup
	for _, w := range b.workers {
		working.Go(func() { w.run(ctx) })
	}
	renewing.Go(func() { b.lease.keep(ctx) })
	return func(cut bool, grace time.Duration) {
		b.settles.Wait() // so that what failed a moment ago is seen to wait
		b.stage.Store(emptying)
		if cut {
			b.stage.Store(closing)
		}
		for _, w := range b.workers {
			w.ring()
		}
		timer := time.AfterFunc(grace, func() { b.stage.Store(closing); stop() })
		working.Wait()
		timer.Stop()
		stop()
		renewing.Wait()
		b.lease.release(context.WithoutCancel(ctx))
	}
}

// waiting says how many webhooks wait in the queue, "" for none.
func (g *gateway) waiting(ctx context.Context) string {
	depth, err := g.history.QueueDepth(ctx, store.Forward, store.Command)
	n := depth[store.Waiting] + depth[store.Leased]
	if err != nil || n == 0 {
		return ""
	}
	if n == 1 {
		return "1 webhook waits in the queue"
	}
	return fmt.Sprintf("%d webhooks wait in the queue", n)
}

// unattended says what waits in the queue, put there by another listener, that this one does not work on.
func (g *gateway) unattended(ctx context.Context) (lines []string) {
	for _, kind := range []store.QueueKind{store.Command, store.Forward} {
		if kind == store.Forward && g.outbox == nil { // said already
			continue
		}
		targets, err := g.history.QueueTargets(ctx, kind)
		if err != nil {
			return nil
		}
		for _, target := range targets {
			if g.outbox != nil && g.outbox.workers[target] != nil {
				continue
			}
			line := "what waits there for " + ui.EscapeLine(withoutUser(target)) + " is not forwarded; barb listen --queue --forward-to " + ui.EscapeLine(withoutUser(target)) + " does that"
			if kind == store.Command {
				line = notRun(target)
			}
			lines = append(lines, line)
		}
	}
	return lines
}
