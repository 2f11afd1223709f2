package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

const (
	lookEvery  = time.Second      // how often a listener looks for what other processes have put into the queue
	blockedFor = 30 * time.Second // how long entries are left to others that this process cannot deliver
)

// tell tells what keeps entries from being delivered.
func (q *Queue) tell(e worker.Event) {
	switch {
	case e.Back:
		q.g.Tell(Event{Kind: TroubleOver})
		return
	case !e.Blocked:
		q.g.trouble(0, e.Err)
		return
	}
	q.g.tellOnce(e.Target+" "+e.Err.Error(), Event{Kind: TargetLeft, Of: e.Kind, Target: e.Target, Err: e.Err})
}

// gone returns the result of an entry whose webhook cannot be read: dead when it is no longer in the history.
func gone(err error) (worker.Result, error) {
	if errors.Is(err, store.ErrNotFound) {
		return worker.Result{State: store.Dead, Why: "the webhook is no longer in the history"}, nil
	}
	return worker.Result{}, err
}

// deliver makes the next attempt to deliver a webhook that waited in the queue.
func (q *Queue) deliver(ctx context.Context, e *store.Queued) (worker.Result, error) {
	g := q.g
	ctx, letGo := g.Budget.With(ctx)
	defer letGo()
	kept, err := g.History.Get(ctx, e.Thread)
	if err != nil {
		return gone(err)
	}
	x := kept
	policy, _, err := planOf(e.Policy)
	if err == nil {
		x, err = g.whole(ctx, kept)
	}
	if err != nil {
		return q.putOff(kept, e, err), nil
	}
	a, _, err := q.attempt(ctx, x, e, worker.LastChance(policy, e))
	if err != nil {
		return worker.Result{Attempt: a}, err
	}
	r := worker.ResultOf(a)
	g.Tell(Event{Kind: Attempted, ID: x.ID, Exchange: x, Attempt: a})
	if r.State == store.Dead {
		q.giveUp(NotDelivered, x, e, r.Why)
	}
	if l := g.laneFor(x); r.State != store.Waiting && e.Target == l.Targets.First() {
		g.mirror(x, a.Exchange, l)
	}
	return r, nil
}

// putOff leaves an entry to another listener, since this one cannot deliver it; no attempt is used up. An entry that
// nobody can put back together is dead.
func (q *Queue) putOff(x *record.Exchange, e *store.Queued, why error) worker.Result {
	if errors.Is(why, redact.ErrGone) {
		q.giveUp(NotDelivered, x, e, why.Error())
		return worker.Result{State: store.Dead, Why: why.Error()}
	}
	q.g.tellOnce(why.Error(), Event{Kind: LeftBehind, ID: e.Thread, Err: why})
	return worker.Result{State: store.Waiting, Due: time.Now().Add(blockedFor), Why: why.Error()}
}

// giveUp tells that an entry is given up, and has its webhook handed on when it comes again.
func (q *Queue) giveUp(kind Kind, x *record.Exchange, e *store.Queued, why string) {
	q.g.reject(x)
	q.g.Tell(Event{Kind: kind, ID: x.ID, Entry: e.ID, Detail: why})
}

// work runs the worker. The function that it returns ends it: the attempts under way get endGrace, and unless it is cut
// also those that are due.
func (q *Queue) work(ctx context.Context) (end func(cut bool)) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var working sync.WaitGroup
	working.Go(func() { q.worker.Run(ctx, worker.Forever) })
	return func(cut bool) {
		q.settles.Wait() // so that what failed a moment ago is seen to wait
		until := worker.Idle
		if cut {
			until = worker.Now
		}
		q.worker.Finish(until)
		timer := time.AfterFunc(endGrace, stop)
		working.Wait()
		timer.Stop()
		stop()
	}
}
