package commands

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/command"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// commandPrefix begins what the queue calls the target of an entry that runs a command.
const commandPrefix = "exec:"

// commandTarget is what the queue calls the command of a lane. Only a listener with the same program, arguments, folder, route
// and scheme runs it: ./run of another project is another command, and so is sh -c with another script.
func (b *outbox) commandTarget(l *lane) string {
	scheme := "none"
	if v := l.verifier.Load(); v != nil {
		scheme = cmp.Or(v.Scheme.Name, "auto")
	}
	path := b.absolute(b.runner.Path)
	return fmt.Sprintf("%s%s%s%q route=%q scheme=%q%s%s", commandPrefix, filepath.Clean(path), commandFolder, b.Dir, l.name, scheme, commandArgs, b.commandPrint)
}

// commandArgs begins the end of a command's target, which tells its arguments from others.
const commandArgs = ` args=`

// printOfCommand is what the arguments of a command are known by in a history. They may hold a secret, so it is keyed with the
// history's own value, and 24 bits of it are kept: enough to tell two commands apart, too few to find a weak secret by.
func printOfCommand(ctx context.Context, history *store.Store, args []string) (string, error) {
	print, err := history.Fingerprint(ctx, fmt.Appendf(nil, "barb command\x00%q", args))
	if err != nil {
		return "", err
	}
	return hex.EncodeToString([]byte(print)[:3]), nil
}

// commandFolder parts the program of a command's target from its folder.
const commandFolder = ` folder=`

// programOf is the program of a command's target. Bare is a target without a folder, as an earlier barb wrote it.
func programOf(target string) (program string, bare bool) {
	program = strings.TrimPrefix(target, commandPrefix)
	i := strings.LastIndex(program, commandFolder+`"`)
	if i < 0 {
		return program, true
	}
	return program[:i], false
}

// notRun says of a command's target that what waits for it is not run here.
func notRun(target string) string {
	program, bare := programOf(target)
	if bare {
		return "commands that wait there for " + ui.EscapeLine(program) + " are not run: an earlier barb did not note their folder; barb queue --kind command lists them"
	}
	details, _, _ := strings.Cut(strings.TrimPrefix(target, commandPrefix+program+" "), commandArgs)
	return "commands that wait there are not run; barb listen --mode ack --exec '" + ui.EscapeLine(program) + " …' with " + ui.EscapeLine(details) + " and the same arguments runs them"
}

// runs reports whether the command runs for a webhook: for one that was verified with a secret that barb was given, and with
// --exec-unverified for what no web page has sent.
func (g *gateway) runs(x *record.Exchange) bool {
	if g.runner == nil || x.Verdict.Status == record.Invalid || x.Verdict.Status != record.Valid && !g.runner.unverified {
		return false
	}
	status, _ := g.distrusts(x)
	return status == 0
}

// answersFirst reports whether the sender of a webhook has its answer before the command runs.
func (g *gateway) answersFirst(x *record.Exchange) bool {
	return g.outbox != nil && g.outbox.ack && g.runs(x)
}

// commandEntry is what a webhook gets in the queue whose command runs once the sender has its answer. What the apps need
// follows when it has succeeded.
func (b *outbox) commandEntry(h *hook, kept *record.Exchange) *store.Queued {
	now, needs := time.Now(), b.needs(kept)
	return &store.Queued{Kind: store.Command, Thread: h.x.ID, Target: b.commandTarget(h.checkedBy()), Policy: b.plan(needs),
		Order: b.orderOf(h.lane(), &h.x.Request, needs), Due: now, Created: now, Masks: kept.Masks}
}

// addCommandWorkers makes a worker for the commands of each lane that runs any, once the history is there. Together they run as
// many at a time as --exec-concurrency says.
func (g *gateway) addCommandWorkers(ctx context.Context) (err error) {
	b := g.outbox
	if b == nil || !b.ack || b.runner == nil {
		return nil
	}
	if b.commandPrint, err = printOfCommand(ctx, b.history, b.runner.Args); err != nil {
		return err
	}
	limits := &deliver.Limits{AtOnce: cap(b.runner.Slots)} // an app's failures are not the command's
	for _, l := range b.allLanes() {
		target := b.commandTarget(l)
		if b.workers[target] != nil || l.verifier.Load() == nil && !b.runner.unverified {
			continue
		}
		w := newWorker(b, target)
		w.kind, w.limit, w.limited, w.limits = store.Command, limits.AtOnce, commandPrefix, limits
		b.workers[target] = w
		b.commands.Add(1)
	}
	return nil
}

// ringCommands has the workers of commands look again.
func (b *outbox) ringCommands() {
	for _, w := range b.workers {
		if w.kind == store.Command {
			w.ring()
		}
	}
}

// runOf names the runs of an entry of the queue, unlike those of every other entry and history.
func runOf(q *store.Queued) string {
	return fmt.Sprintf("%d-%d-%d", q.ID, q.Thread, q.Created.UnixNano())
}

// command runs the command of an entry whose lease is ours, and puts in what follows it.
func (w *appWorker) command(ctx context.Context, q *store.Queued) {
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
	kept := x
	if x, err = w.whole(ctx, kept); err == nil && !w.runs(x) {
		_, why := w.distrusts(x)
		err = errors.New(cmp.Or(why, "its signature was not checked; --exec-unverified runs it all the same"))
	}
	if err != nil {
		w.putOff(kept, q, err)
		w.settle(keep, q)
		return
	}
	now := time.Now()
	if q.Attempts > 0 && !command.EndRun(runOf(q)) {
		q.State, q.Due, q.Why = store.Waiting, now.Add(blockedFor), "processes of an earlier run of the command do not end"
		w.note("warning: %d: %s", x.ID, q.Why)
		w.settle(keep, q)
		return
	}
	if err := w.lease.begin(q, now, w.runner.Timeout+command.Grace, func() error { return w.history.Try(keep, w.lease.owner, q, now) }); err != nil {
		if !errors.Is(err, store.ErrLease) {
			w.note("warning: %d: %v", x.ID, err)
		}
		return
	}
	x.Run = w.runCommand(ctx, x, runOf(q))
	if !w.lease.reclaim(keep, q) {
		return // another listener took it over, ended it, and runs it again
	}
	if err := w.history.Ran(keep, x.ID, *x.Run); err != nil {
		w.note("warning: %d: %v", x.ID, err)
	}
	w.follow(ctx, x, kept, q)
}

// follow settles an entry whose command has ended.
func (w *appWorker) follow(ctx context.Context, x, kept *record.Exchange, q *store.Queued) {
	keep := context.WithoutCancel(ctx)
	w.tellRun(x)
	switch {
	case x.Run.Exit == 0:
		q.State, q.Why = store.Done, ""
	case ctx.Err() != nil || w.runner.Stopping.Err() != nil: // it did not come to its own end
		q.State, q.Due, q.Why = store.Waiting, time.Now(), "the listener ended"
		w.settle(keep, q)
		return
	default:
		q.State, q.Why = store.Dead, "the command ended with "+ui.Exit(x.Run.Exit)
		w.tellUndone(x, q)
		w.settle(keep, q)
		return
	}
	apps := w.entries(x, kept, w.forwardLane(x))
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

// tellRun says how a command ended.
func (w *appWorker) tellRun(x *record.Exchange) {
	w.printing.Lock()
	defer w.printing.Unlock()
	if !w.json {
		w.out.Ran(x, filepath.Base(w.runner.Args[0]))
		return
	}
	if err := w.emit(schema.NewExec(x)); err != nil && w.broken == nil {
		w.broken = err
	}
}

func (w *appWorker) tellUndone(x *record.Exchange, q *store.Queued) {
	w.reject(x)
	w.note("%d was not worked on: %s; barb queue retry %d runs it again", x.ID, ui.Clip(q.Why, 120), q.ID)
}

// targetName is the target of an entry as a table shows it.
func targetName(kind store.QueueKind, target string) string {
	if kind == store.Command {
		program, _ := programOf(target)
		return "exec " + filepath.Base(program)
	}
	return domainOf(target)
}
