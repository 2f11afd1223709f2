package commands

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// commandPrefix begins what the queue calls the target of an entry that runs a command.
const commandPrefix = "exec:"

// target is what the queue calls the command: its program alone, since its arguments may hold a secret.
func (r *runner) target() string { return commandPrefix + r.args[0] }

// wants reports whether the command runs for a webhook.
func (r *runner) wants(x *record.Exchange) bool {
	return r != nil && (x.Verdict.Status == record.Valid || r.unverified && x.Verdict.Status != record.Invalid)
}

// runs reports whether a command comes before the apps.
func (b *outbox) runs(x *record.Exchange) bool { return b.runner.wants(x) }

// answersFirst reports whether the sender of a webhook has its answer before the command runs.
func (g *gateway) answersFirst(x *record.Exchange) bool {
	return g.outbox != nil && g.outbox.ack && g.runner.wants(x)
}

// commandEntry is what a webhook gets in the queue whose command runs once the sender has its answer. What the apps need
// follows when it has succeeded.
func (b *outbox) commandEntry(x *record.Exchange) *store.Queued {
	now := time.Now()
	return &store.Queued{Kind: store.Command, Thread: x.ID, Target: b.runner.target(), Policy: b.policyText,
		Order: b.ordered.of(b.forwardLane(x).name, &x.Request), Due: now, Created: now}
}

// newCommandWorker runs the commands that wait in the queue.
func newCommandWorker(b *outbox) *worker {
	w := newWorker(b, b.runner.target())
	w.kind, w.limit, w.limits = store.Command, cap(b.runner.seats), &deliver.Limits{} // an app's failures are not the command's
	b.commands.Store(1)
	return w
}

// command runs the command of an entry whose lease is ours, and puts in what follows it.
func (w *worker) command(ctx context.Context, q *store.Queued) {
	x, err := w.history.Get(ctx, q.Thread)
	keep := context.WithoutCancel(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound):
		q.State, q.Why = store.Dead, "the webhook is no longer in the history"
		w.settle(keep, q)
		return
	case err != nil:
		w.troubled(ctx, err)
		return
	}
	if q.Why = w.unmask(x); q.Why == "" && !w.runs(x) {
		q.Why = "its signature was not checked; --exec-unverified runs it all the same"
	}
	if q.Why != "" {
		q.State = store.Dead
		w.tellUndone(x, q)
		w.settle(keep, q)
		return
	}
	if err := w.history.Try(keep, w.lease.owner, q, time.Now()); err != nil {
		if !errors.Is(err, store.ErrLease) {
			w.note("warning: %d: %v", x.ID, err)
		}
		return
	}
	x.Run = w.runCommand(ctx, x)
	if err := w.history.Ran(keep, x.ID, *x.Run); err != nil {
		w.note("warning: %d: %v", x.ID, err)
	}
	w.follow(ctx, x, q)
}

// follow settles an entry whose command has ended.
func (w *worker) follow(ctx context.Context, x *record.Exchange, q *store.Queued) {
	keep := context.WithoutCancel(ctx)
	w.tellRun(x)
	switch {
	case x.Run.Exit == 0:
		q.State, q.Why = store.Done, ""
	case ctx.Err() != nil || w.runner.stopping.Err() != nil: // it did not come to its own end
		q.State, q.Due, q.Why = store.Waiting, time.Now(), "the listener ended"
		w.settle(keep, q)
		return
	default:
		q.State, q.Why = store.Dead, "the command ended with "+ui.Exit(x.Run.Exit)
		w.tellUndone(x, q)
		w.settle(keep, q)
		return
	}
	apps := w.entries(x)
	switch err := w.history.Follow(keep, w.lease.owner, q, time.Now(), apps.entries...); {
	case err == nil:
		w.wake(apps.entries)
	case !errors.Is(err, store.ErrLease):
		w.note("warning: %d: %v", q.Thread, err)
	}
}

// wake has the workers look at what was put into the queue for them.
func (b *outbox) wake(entries []*store.Queued) {
	for _, q := range entries {
		if q.State == store.Waiting {
			b.workers[q.Target].ring()
		}
	}
}

// execJSON is a line about a command that ran once its sender had an answer; its names are a contract.
type execJSON struct {
	Schema int    `json:"schema"`
	Event  string `json:"event"` // "exec"
	ID     int64  `json:"id"`    // of the captured webhook
	Exit   int    `json:"exec_exit"`
	MS     int64  `json:"exec_ms"`
}

// tellRun says how a command ended.
func (w *worker) tellRun(x *record.Exchange) {
	w.printing.Lock()
	defer w.printing.Unlock()
	if !w.json {
		w.out.Ran(x, filepath.Base(w.runner.args[0]))
		return
	}
	if err := w.emit(execJSON{Schema: 1, Event: "exec", ID: x.ID, Exit: x.Run.Exit, MS: x.Run.Took.Milliseconds()}); err != nil && w.broken == nil {
		w.broken = err
	}
}

func (w *worker) tellUndone(x *record.Exchange, q *store.Queued) {
	w.reject(x)
	w.note("%d was not worked on: %s; barb queue retry %d runs it again", x.ID, ui.Clip(q.Why, 120), q.ID)
}

// targetName is the target of an entry as a table shows it.
func targetName(q *store.Queued) string {
	if q.Kind == store.Command {
		return fmt.Sprint("exec ", q.Target[len(commandPrefix):])
	}
	return domainOf(q.Target)
}
