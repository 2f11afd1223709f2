package commands

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/command"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// commandPrefix begins what the queue calls the target of an entry that runs a command.
const commandPrefix = "exec:"

// commandTarget is what the queue calls the command of a lane. Only a listener with the same program, arguments,
// folder, route and scheme runs it: ./run of another project is another command, and so is sh -c with another script.
func (b *outbox) commandTarget(l *gateway.Lane) string {
	scheme := "none"
	if v := l.Verifier.Load(); v != nil {
		scheme = cmp.Or(v.Scheme.Name, "auto")
	}
	path := b.absolute(b.runner.Path)
	return fmt.Sprintf("%s%s%s%q route=%q scheme=%q%s%s", commandPrefix, filepath.Clean(path), commandFolder, b.Dir,
		l.Name, scheme, commandArgs, b.commandPrint)
}

// commandArgs begins the end of a command's target, which tells its arguments from others.
const commandArgs = ` args=`

// printOfCommand is what the arguments of a command are known by in a history. They may hold a secret, so it is keyed
// with the history's own value, and 24 bits of it are kept: enough to tell two commands apart, too few to find a weak
// secret by.
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
		return "commands that wait there for " + ui.EscapeLine(program) +
			" are not run: an earlier barb did not note their folder; barb queue --kind command lists them"
	}
	details, _, _ := strings.Cut(strings.TrimPrefix(target, commandPrefix+program+" "), commandArgs)
	return "commands that wait there are not run; barb listen --mode ack --exec '" + ui.EscapeLine(program) + " …' with " +
		ui.EscapeLine(details) + " and the same arguments runs them"
}

// runs reports whether the command runs for a webhook: for one that was verified with a secret that barb was given, and
// with --exec-unverified for what no web page has sent.
func (g *listener) runs(x *record.Exchange) bool {
	if g.runner == nil || x.Verdict.Status == record.Invalid || x.Verdict.Status != record.Valid && !g.runner.unverified {
		return false
	}
	status, _ := g.distrusts(x)
	return status == 0
}

// answersFirst reports whether the sender of a webhook has its answer before the command runs.
func (g *listener) answersFirst(x *record.Exchange) bool {
	return g.outbox != nil && g.outbox.ack && g.runs(x)
}

// commandEntry is what a webhook gets in the queue whose command runs once the sender has its answer. What the apps
// need follows when it has succeeded.
func (b *outbox) commandEntry(h *hook, kept *record.Exchange) *store.Queued {
	now, needs := time.Now(), b.needs(kept)
	return &store.Queued{Kind: store.Command, Thread: h.x.ID, Target: b.commandTarget(h.CheckedBy()),
		Policy: b.plan(needs),
		Order:  b.orderOf(h.Lane(), &h.x.Request, needs), Due: now, Created: now, Masks: kept.Masks}
}

// addCommands has the worker run the commands of each lane that runs any, as many at a time as --exec-concurrency says.
// The history must be there.
func (g *listener) addCommands(ctx context.Context) (err error) {
	b := g.outbox
	if b == nil {
		return nil
	}
	b.leases.History = b.history
	if !b.ack || b.runner == nil {
		return nil
	}
	if b.commandPrint, err = printOfCommand(ctx, b.history, b.runner.Args); err != nil {
		return err
	}
	for _, l := range b.gate.All() {
		target := b.commandTarget(l)
		if slices.Contains(b.worker.Targets, target) || l.Verifier.Load() == nil && !b.runner.unverified {
			continue
		}
		b.worker.Targets = append(b.worker.Targets, target)
		b.worker.Handle[store.Command] = worker.Handler{Deliver: b.command, Prepare: b.prepare, AtOnce: cap(b.runner.Slots)}
	}
	return nil
}

// runOf names the runs of an entry of the queue, unlike those of every other entry and history.
func runOf(q *store.Queued) string {
	return fmt.Sprintf("%d-%d-%d", q.ID, q.Thread, q.Created.UnixNano())
}

// command runs the command of an entry, and puts in what follows it.
func (b *outbox) command(ctx context.Context, q *store.Queued) (worker.Result, error) {
	x, err := b.history.Get(ctx, q.Thread)
	keep := context.WithoutCancel(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return worker.Result{State: store.Dead, Why: "the webhook is no longer in the history"}, nil
	case err != nil:
		return worker.Result{}, err
	}
	kept := x
	if x, err = b.whole(ctx, kept); err == nil && !b.runs(x) {
		_, why := b.distrusts(x)
		err = errors.New(cmp.Or(why, "its signature was not checked; --exec-unverified runs it all the same"))
	}
	if err != nil {
		return b.putOff(kept, q, err), nil
	}
	if q.Attempts > 0 && !command.EndRun(runOf(q)) {
		r := worker.Result{State: store.Waiting, Due: time.Now().Add(blockedFor),
			Why: "processes of an earlier run of the command do not end"}
		b.note("warning: %d: %s", x.ID, r.Why)
		return r, nil
	}
	if err := b.leases.Begin(keep, q, b.runner.Timeout+command.Grace); err != nil {
		return worker.Result{}, err
	}
	x.Run = b.runCommand(ctx, x, runOf(q))
	if !b.leases.Reclaim(keep, q) {
		return worker.Result{}, store.ErrLease // another listener took it over, ended it, and runs it again
	}
	if err := b.history.Ran(keep, x.ID, *x.Run); err != nil {
		b.note("warning: %d: %v", x.ID, err)
	}
	return b.ran(ctx, x, kept, q), nil
}

// ran says what becomes of an entry whose command has ended.
func (b *outbox) ran(ctx context.Context, x, kept *record.Exchange, q *store.Queued) worker.Result {
	b.tellRun(x)
	switch {
	case x.Run.Exit == 0:
		return worker.Result{State: store.Done, Next: b.entries(x, kept, b.gate.LaneFor(x)).entries}
	case ctx.Err() != nil || b.runner.Stopping.Err() != nil: // it did not come to its own end
		return worker.Result{State: store.Waiting, Due: time.Now(), Why: "the listener ended"}
	}
	why := "the command ended with " + ui.Exit(x.Run.Exit)
	b.tellUndone(x, q, why)
	return worker.Result{State: store.Dead, Why: why}
}

// tellRun says how a command ended.
func (b *outbox) tellRun(x *record.Exchange) {
	b.printing.Lock()
	defer b.printing.Unlock()
	if !b.json {
		b.out.Ran(x, filepath.Base(b.runner.Args[0]))
		return
	}
	if err := b.emit(schema.NewExec(x)); err != nil && b.broken == nil {
		b.broken = err
	}
}

func (b *outbox) tellUndone(x *record.Exchange, q *store.Queued, why string) {
	b.reject(x)
	b.note("%d was not worked on: %s; barb queue retry %d runs it again", x.ID, ui.Clip(why, 120), q.ID)
}

// targetName is the target of an entry as a table shows it.
func targetName(kind store.QueueKind, target string) string {
	if kind == store.Command {
		program, _ := programOf(target)
		return "exec " + filepath.Base(program)
	}
	return domainOf(target)
}
