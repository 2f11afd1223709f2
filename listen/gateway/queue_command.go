package gateway

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/command"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// What the queue calls the target of an entry that runs a command: CommandPrefix, the program, CommandFolder, the
// folder and more.
const (
	CommandPrefix = "exec:"
	CommandFolder = ` folder=`
	commandArgs   = ` args=` // begins the end of a target, which tells a command's arguments from others
)

// commandTarget is what the queue calls the command of a lane. Only a listener with the same program, arguments,
// folder, route and scheme runs it: ./run of another project is another command, and so is sh -c with another script.
func (q *Queue) commandTarget(l *Lane) string {
	scheme := "none"
	if v := l.Verifier.Load(); v != nil {
		scheme = cmp.Or(v.Scheme.Name, "auto")
	}
	r := q.g.Runner
	path := filepath.Clean(r.Path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.Dir, path)
	}
	return fmt.Sprintf("%s%s%s%q route=%q scheme=%q%s%s", CommandPrefix, path, CommandFolder, r.Dir, l.Name, scheme,
		commandArgs, q.arguments)
}

// printOfArguments is what the arguments of a command are known by in a history. They may hold a secret, so it is keyed
// with the history's own value, and 24 bits of it are kept: enough to tell two commands apart, too few to find a weak
// secret by.
func printOfArguments(ctx context.Context, history *store.Store, args []string) (string, error) {
	print, err := history.Fingerprint(ctx, fmt.Appendf(nil, "barb command\x00%q", args))
	if err != nil {
		return "", err
	}
	return hex.EncodeToString([]byte(print)[:3]), nil
}

// CommandOf returns the program of a command's target, and what else a listener must have in common with the one that
// wrote it, besides the arguments: "" for a target that an earlier barb wrote, which did not note it.
func CommandOf(target string) (program, details string) {
	program = strings.TrimPrefix(target, CommandPrefix)
	i := strings.LastIndex(program, CommandFolder+`"`)
	if i < 0 {
		return program, ""
	}
	details, _, _ = strings.Cut(program[i+1:], commandArgs)
	return program[:i], details
}

// commandEntry returns the queue entry that runs the command of a webhook once the sender has its answer. The entries
// of the apps follow when it has succeeded.
func (q *Queue) commandEntry(h *Hook, kept *record.Exchange) *store.Queued {
	now, needs := time.Now(), q.needs(kept)
	return &store.Queued{Kind: store.Command, Thread: h.Exchange.ID, Target: q.commandTarget(h.checkedBy()),
		Policy: q.plan(needs), Order: q.orderOf(h.lane(), &h.Exchange.Request, needs), Due: now, Created: now,
		Masks: kept.Masks}
}

// addCommands has the worker run the commands of each lane that runs any, as many at a time as there are slots.
func (q *Queue) addCommands(ctx context.Context) (err error) {
	r := q.g.Runner
	if !q.Ack || r == nil {
		return nil
	}
	if q.arguments, err = printOfArguments(ctx, q.g.History, r.Args); err != nil {
		return err
	}
	for _, l := range q.g.All() {
		target := q.commandTarget(l)
		if q.Delivers(target) || l.Verifier.Load() == nil && !r.Unverified {
			continue
		}
		q.worker.Targets = append(q.worker.Targets, target)
		q.worker.Handle[store.Command] = worker.Handler{Deliver: q.command, Prepare: q.prepare, AtOnce: cap(r.Slots)}
	}
	return nil
}

// runOf names the runs of an entry of the queue, unlike those of every other entry and history.
func runOf(e *store.Queued) string {
	return fmt.Sprintf("%d-%d-%d", e.ID, e.Thread, e.Created.UnixNano())
}

// command runs the command of an entry, and puts in what follows it.
func (q *Queue) command(ctx context.Context, e *store.Queued) (worker.Result, error) {
	g, keep := q.g, context.WithoutCancel(ctx)
	kept, err := g.History.Get(ctx, e.Thread)
	if err != nil {
		return gone(err)
	}
	x, err := g.whole(ctx, kept)
	if err == nil && !g.runs(x) {
		_, why := g.distrusts(x)
		err = errors.New(cmp.Or(why, "its signature was not verified; --exec-unverified runs the command anyway"))
	}
	if err != nil {
		return q.putOff(kept, e, err), nil
	}
	if e.Attempts > 0 && !command.EndRun(runOf(e)) {
		err := errors.New("an earlier run of the command is still running")
		g.trouble(x.ID, err)
		return worker.Result{State: store.Waiting, Due: time.Now().Add(blockedFor), Why: err.Error()}, nil
	}
	if err := q.leases.Begin(keep, e, g.Runner.Timeout+command.Grace); err != nil {
		return worker.Result{}, err
	}
	x.Run = g.runCommand(ctx, x, runOf(e))
	if !q.leases.Reclaim(keep, e) {
		return worker.Result{}, store.ErrLease // another listener took it over, ended it, and runs it again
	}
	if err := g.History.Ran(keep, x.ID, *x.Run); err != nil {
		g.trouble(x.ID, err)
	}
	return q.ran(ctx, x, kept, e), nil
}

// ran returns the result of an entry whose command has ended.
func (q *Queue) ran(ctx context.Context, x, kept *record.Exchange, e *store.Queued) worker.Result {
	g := q.g
	g.Tell(Event{Kind: CommandRan, ID: x.ID, Exchange: x})
	switch {
	case x.Run.Exit == 0:
		return worker.Result{State: store.Done, Next: q.entries(x, kept, g.laneFor(x)).entries}
	case ctx.Err() != nil || g.Runner.Stopping.Err() != nil: // it did not come to its own end
		return worker.Result{State: store.Waiting, Due: time.Now(), Why: "the listener stopped"}
	}
	why := "the command failed: " + x.Run.Words()
	q.giveUp(CommandGivenUp, x, e, why)
	return worker.Result{State: store.Dead, Why: why}
}
