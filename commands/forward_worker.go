package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// lookEvery is how often a listener looks for what other processes have put into the queue.
const lookEvery = time.Second

// newWorker returns the worker that delivers the outbox's entries.
func (b *outbox) newWorker() *worker.Worker {
	forwards := worker.Handler{Deliver: b.deliver, Prepare: b.prepare, Limits: b.limits, PerTarget: b.concurrency}
	return &worker.Worker{Leases: b.leases, Every: lookEvery, Targets: []string{},
		Handle: map[store.QueueKind]worker.Handler{store.Forward: forwards}}
}

// tell says what keeps entries from being delivered.
func (b *outbox) tell(e worker.Event) {
	if e.Blocked {
		why := e.Err.Error()
		b.told.say(b.shell, e.Target+" "+why,
			"what waits for "+targetName(e.Kind, e.Target)+" is left to another listener: "+why+"; barb queue lists it")
		return
	}
	b.note("warning: %v", e.Err)
}

// prepare says why this listener cannot deliver entries of a policy.
func (b *outbox) prepare(_ context.Context, _, policy string) error {
	if why := b.unable(policy); why != "" {
		return errors.New(why)
	}
	return nil
}

// deliver makes the next attempt to deliver a webhook that waited in the queue.
func (b *outbox) deliver(ctx context.Context, q *store.Queued) (worker.Result, error) {
	ctx, letGo := b.budget.With(ctx)
	defer letGo()
	kept, err := b.history.Get(ctx, q.Thread)
	if errors.Is(err, store.ErrNotFound) {
		return worker.Result{State: store.Dead, Why: "the webhook is no longer in the history"}, nil
	}
	if err != nil {
		return worker.Result{}, err
	}
	x := kept
	plan, err := forwardPlanOf(q.Policy)
	if err == nil {
		x, err = b.whole(ctx, kept)
	}
	if err != nil {
		return b.putOff(kept, q, err), nil
	}
	a, err := b.attempt(ctx, x, q, worker.LastChance(plan.policy, q))
	if err != nil {
		return worker.Result{Attempt: a}, err
	}
	r := worker.ResultOf(a)
	b.tellAttempt(x, a, b.with, &b.broken)
	if r.State == store.Dead {
		b.tellDead(x, q, r.Why)
	}
	if l := b.gate.LaneFor(x); r.State != store.Waiting && q.Target == l.ForwardTo() {
		b.mirrors.send(x, a.Exchange, l)
	}
	return r, nil
}

// putOff leaves an entry to another listener, since this one cannot deliver it; no attempt is used up. An entry that
// nobody can put back together is dead.
func (b *outbox) putOff(x *record.Exchange, q *store.Queued, why error) worker.Result {
	if errors.Is(why, redact.ErrGone) {
		b.tellDead(x, q, why.Error())
		return worker.Result{State: store.Dead, Why: why.Error()}
	}
	b.told.say(b.shell, why.Error(), fmt.Sprintf("%d is left to another listener: %s", q.Thread, why))
	return worker.Result{State: store.Waiting, Due: time.Now().Add(blockedFor), Why: why.Error()}
}

func (b *outbox) tellDead(x *record.Exchange, q *store.Queued, why string) {
	b.reject(x)
	b.note("%d was not delivered: %s; barb queue retry %d tries it again", x.ID, ui.Clip(why, 120), q.ID)
}

// work runs the worker. The function it returns ends it: what has begun gets grace to end, and so does, unless it is
// cut, what is due.
func (b *outbox) work(ctx context.Context) (end func(cut bool, grace time.Duration)) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var working sync.WaitGroup
	working.Go(func() { b.worker.Run(ctx, worker.Forever) })
	return func(cut bool, grace time.Duration) {
		b.settles.Wait() // so that what failed a moment ago is seen to wait
		until := worker.Idle
		if cut {
			until = worker.Now
		}
		b.worker.Finish(until)
		timer := time.AfterFunc(grace, stop)
		working.Wait()
		timer.Stop()
		stop()
	}
}

// waiting says how many webhooks wait in the queue, "" for none.
func (g *listener) waiting(ctx context.Context) string {
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
func (g *listener) unattended(ctx context.Context) (lines []string) {
	for _, kind := range []store.QueueKind{store.Command, store.Forward} {
		if kind == store.Forward && g.outbox == nil { // said already
			continue
		}
		targets, err := g.history.QueueTargets(ctx, kind)
		if err != nil {
			return nil
		}
		for _, target := range targets {
			if g.outbox != nil && slices.Contains(g.outbox.worker.Targets, target) {
				continue
			}
			line := "what waits there for " + ui.EscapeLine(flags.WithoutUser(target)) +
				" is not forwarded; barb listen --queue --forward-to " + ui.EscapeLine(flags.WithoutUser(target)) + " does that"
			if kind == store.Command {
				line = notRun(target)
			}
			lines = append(lines, line)
		}
	}
	return lines
}
