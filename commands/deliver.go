package commands

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/metrics"
	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/tell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

type deliverOptions struct {
	flags.JSON
	flags.Limits
	flags.Metrics
	once, drain bool
	concurrency int
}

func newDeliver(sh *shell.Shell) *cobra.Command {
	var o deliverOptions
	cmd := &cobra.Command{
		Use:  "deliver",
		Args: args(0, 0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runDeliver(cmd.Context(), sh, o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.once, "once", false, "deliver what is due now, one attempt each, and exit")
	f.BoolVar(&o.drain, "drain", false, "deliver until nothing is waiting, with all retries, and exit")
	f.IntVar(&o.concurrency, "concurrency", 64, "deliver `N` messages at the same time")
	o.Limits.AddFlags(cmd)
	o.Metrics.AddFlags(cmd)
	o.JSON.AddFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("once", "drain")
	config.Mark(f, "deliver", "concurrency", "per-endpoint", "rate", "breaker", "metrics")
	return cmd
}

// delivering delivers the messages of the queue and says how each attempt went.
type delivering struct {
	worker.Messages
	sh      *shell.Shell
	with    export.With
	metrics *metrics.Sent   // nil without --metrics
	told    map[string]bool // what keeps messages from being delivered
}

func runDeliver(ctx context.Context, sh *shell.Shell, o deliverOptions) error {
	if o.concurrency < 1 {
		return fail.Usage("--concurrency %d must be at least 1", o.concurrency)
	}
	if o.PerEndpoint < 0 {
		return fail.Usage("--per-endpoint %d is negative; 0 means no limit", o.PerEndpoint)
	}
	sh.Judgements.Unending = true
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	var missing error
	if !sh.IsShared() {
		_, missing = os.Stat(sh.HistoryPath())
	}
	if _, err := sh.WriteHistory(ctx); err != nil {
		return err
	}
	if err := queued.MayWork(ctx, sh.History); err != nil {
		return err
	}
	port, err := o.OpenMetrics(ctx)
	if err != nil {
		return err
	}
	d := &delivering{sh: sh, with: o.With, told: map[string]bool{}}
	d.Leases = &worker.Leases{History: sh.History, Holder: worker.NewHolder("deliver"), Tell: d.tell}
	d.Plans, d.Redactor, d.Rand, d.Now, d.Tell = queued.Plans(sh), sh.Redactor, sh.Rand, sh.Now, d.attempted
	defer d.Plans.Close()
	if port != nil {
		d.metrics = metrics.NewSent(sh.Version, sh.History)
		sayMetrics(sh, port)
		defer port.Serve(d.metrics)()
	}
	depth, err := sh.History.QueueDepth(ctx, store.Message)
	if err != nil {
		return err
	}
	from := sh.History.Path()
	if missing != nil { // as it is after a slip in --db
		from += " (a new history)"
	}
	sh.Say("barb: delivering from %s; %s", from, waitLine(depth))
	if err := sayForwards(ctx, sh); err != nil {
		return err
	}
	w := &worker.Worker{Leases: d.Leases, Version: sh.Version, Handle: map[store.QueueKind]worker.Handler{store.Message: {
		Deliver: d.Deliver, Prepare: d.Prepare, Recheck: worker.BlockedFor, AtOnce: o.concurrency,
		Limits: o.NewLimits(resting(sh))}}}
	d.run(ctx, w, o.until())
	return d.end(context.WithoutCancel(ctx), w, o.until(), ctx.Err() != nil)
}

// until returns when the worker ends by itself.
func (o *deliverOptions) until() worker.Until {
	switch {
	case o.once:
		return worker.Once
	case o.drain:
		return worker.Drained
	}
	return worker.Forever
}

// endGrace is how long attempts under way may take once barb deliver is to end.
const endGrace = 10 * time.Second

// run delivers until it is through or ctx ends. What is under way then gets some time to end.
func (d *delivering) run(ctx context.Context, w *worker.Worker, until worker.Until) {
	working, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(told)
		w.Finish(worker.Now)
		if n := w.UnderWay(); n > 0 {
			d.sh.Say("barb: finishing %s; press ^C again to stop now", ui.Count(n, "attempt"))
		}
		time.AfterFunc(endGrace, cut)
	})
	w.Run(working, until)
	if !stop() {
		<-told
	}
}

// tell says what keeps messages from being delivered, each thing once.
func (d *delivering) tell(e worker.Event) {
	switch {
	case e.Back:
		d.sh.Note("history %s can be reached again", d.sh.HistoryName())
		return
	case !e.Blocked:
		d.sh.Warn("%v", e.Err)
		return
	}
	d.sh.Printing.Lock()
	defer d.sh.Printing.Unlock()
	if what := e.Err.Error(); !d.told[what] {
		d.told[what] = true
		d.sh.Note("messages for %s cannot be delivered here: %s", flags.HostOf(e.Target), what)
	}
}

// attempted says how an attempt went, and which message was given up.
func (d *delivering) attempted(q *store.Queued, x *record.Exchange, r worker.Result) {
	if r.Attempt != nil {
		d.metrics.Attempt(r.Attempt.Exchange)
		tell.FromQueue(d.sh, x, r.Attempt, d.with)
	}
	if r.State == store.Dead {
		d.sh.Note("webhook %d was not delivered: %s; barb queue retry %d tries it again", q.Thread, ui.Clip(r.Why, 120), q.ID)
	}
}

// waitLine says how many messages wait.
func waitLine(depth map[store.QueueState]int64) string {
	if n := depth[store.Waiting] + depth[store.Leased]; n > 0 {
		return waits(n, "message")
	}
	return "nothing is waiting"
}

// sayForwards says what waits in the queue that only a listener delivers.
func sayForwards(ctx context.Context, sh *shell.Shell) error {
	depth, err := sh.History.QueueDepth(ctx, store.Forward)
	if n := depth[store.Waiting] + depth[store.Leased]; n > 0 {
		sh.Say("barb: %s in the queue for barb listen --queue; barb deliver sends messages only", waits(n, "forward"))
	}
	return err
}

// end says what was done and ends in its exit code.
func (d *delivering) end(ctx context.Context, w *worker.Worker, until worker.Until, interrupted bool) error {
	if err := d.sh.History.Flush(ctx); err != nil {
		return err
	}
	depth, err := d.sh.History.QueueDepth(ctx, store.Message)
	if err != nil {
		return err
	}
	tally := d.Tally()
	words := []string{fmt.Sprintf("%d delivered", tally.Delivered)}
	if n := tally.Refused + tally.Unanswered; n > 0 {
		words = append(words, ui.Count(int(n), "dead letter")+" (barb queue dead)")
	}
	blocked, err := w.Blocked(ctx)
	if err != nil {
		return err
	}
	if blocked > 0 {
		words = append(words, fmt.Sprintf("%d cannot be delivered here", blocked))
	}
	d.sh.Say("barb: %s; %s", strings.Join(words, ", "), waitLine(depth))
	switch {
	case d.sh.Broken != nil:
		return d.sh.Broken
	case until == worker.Forever: // stopped by a signal, as listen is
		return nil
	case blocked > 0:
		return fail.Silent(fail.ExitUsage)
	}
	return fail.Silent(shell.CodeOf(tally, interrupted))
}

// resting is tellResting as the limits of endpoints call it.
func resting(sh *shell.Shell) func(endpoint string, resting bool, b flags.Breaker) {
	return func(endpoint string, resting bool, b flags.Breaker) { tellResting(sh, endpoint, resting, b) }
}

// tellResting says on stderr, and in the JSON, when an endpoint is paused and when it is well again.
func tellResting(sh *shell.Shell, endpoint string, resting bool, b flags.Breaker) {
	domain, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		domain = endpoint
	}
	if sh.JSON {
		line := schema.NewBreaker(domain, sh.Now())
		if resting {
			line.Open(b.Failures, b.Cooldown)
		}
		if err := sh.Emit(line); err != nil {
			sh.Warn("%v", err)
		}
	}
	if resting {
		sh.Note("%s has failed %d times in a row: paused for %s, then one attempt; due messages wait",
			endpoint, b.Failures, units.FormatDuration(b.Cooldown))
		return
	}
	sh.Note("%s answers again: sending the waiting messages", endpoint)
}

// sayMetrics says where the counters are, and warns when other machines can read them.
func sayMetrics(sh *shell.Shell, port *metrics.Port) {
	if port == nil {
		return
	}
	if port.Public() {
		sh.Warn("%s can be read from other machines", port.URL())
	}
	sh.Say("barb: metrics at %s", port.URL())
}
