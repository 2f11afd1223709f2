package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/expect"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/report"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
	"github.com/barbhq/barb/units"
)

type waitOptions struct {
	flags.Filter
	flags.JSON
	flags.Reports
	events                  flags.Globs
	count                   string
	verified, ordered, none bool
	timeout                 time.Duration
}

// lookEvery is how often barb wait looks for what has come.
const lookEvery = 100 * time.Millisecond

// lookBack is how far barb wait looks back without --since.
const lookBack = "1m"

// NewWait makes barb wait.
func NewWait(sh *shell.Shell) *cobra.Command {
	o := waitOptions{timeout: 30 * time.Second}
	cmd := &cobra.Command{
		Use:  "wait",
		Args: help.Args(0, 0, "no arguments, only filters"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runWait(cmd.Context(), sh, &o) },
	}
	f := cmd.Flags()
	f.Var(&o.events, "event", "wait for events of this `type`, [PROVIDER:]EVENT; * matches any part (repeatable)")
	o.Filter.AddFlags(cmd, sh.SchemeNames, sh.CompleteEvents)
	o.JSON.AddFlags(cmd)
	o.Reports.AddFlags(cmd)
	f.Lookup("since").Usage = "look back to this `time` or age (default 1m); now: only forward"
	f.Lookup("sent").Usage = "wait for sent webhooks, not for received ones"
	f.Lookup("where").Usage = "wait for webhooks for which this jq `expression` is true (barb help expressions)"
	f.StringVar(&o.count, "count", "1", "wait for this many: `N` and N+ are at least N, N..M fails on more than M")
	f.BoolVar(&o.verified, "verified", false, "count only webhooks with a valid signature")
	f.BoolVar(&o.ordered, "ordered", false, "wait for one webhook of each --event, in this order")
	f.BoolVar(&o.none, "none", false, "succeed when nothing comes in the time")
	f.Var(flags.Duration(&o.timeout), "timeout", "how long to wait")
	cmd.MarkFlagsMutuallyExclusive("count", "none", "ordered")
	return cmd
}

// board is what the flags expect.
func (o *waitOptions) board(sh *shell.Shell, where *jq.Expr) (*expect.Board, error) {
	known, err := knownEvents(sh)
	if err != nil {
		return nil, err
	}
	events := o.events
	if len(events) == 0 {
		events = flags.Globs{"*"}
	}
	b := &expect.Board{Ordered: o.ordered, Verified: o.verified, Tolerant: true, Within: flags.WhereTimeout,
		Invalid: o.Invalid}
	for _, text := range events {
		e, err := expect.Parse(text, known)
		if err != nil {
			return nil, fail.In("--event", err)
		}
		e.Where(where)
		b.Expected = append(b.Expected, e)
	}
	if o.ordered {
		if len(o.events) == 0 {
			return nil, fail.Usage("--ordered needs --event").
				Hint("barb wait --ordered --event order.created --event order.paid")
		}
		return b, nil
	}
	count := expect.Count{}
	if !o.none {
		if count, err = expect.ParseCount(o.count); err != nil {
			return nil, fail.Usage("--count: %w", err).Hint("--count 3, --count 2..2, or --none for nothing")
		}
	}
	b.Expected = []*expect.Expectation{expect.AnyOf(count, b.Expected...)}
	return b, nil
}

// waiter is one barb wait.
type waiter struct {
	*waitOptions
	sh    *shell.Shell
	began time.Time
	board *expect.Board
	news  pick.News
	lines *ui.HistoryLines
}

func runWait(ctx context.Context, sh *shell.Shell, o *waitOptions) error {
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	if o.Since == "" {
		o.Since = lookBack
	}
	_, where, err := sh.FilterOf(&o.Filter)
	if err != nil {
		return err
	}
	if err := o.Check(); err != nil {
		return err
	}
	w := &waiter{waitOptions: o, sh: sh, began: sh.Now(), lines: sh.Stdout.HistoryLines(nil)}
	if w.board, err = o.board(sh, where); err != nil {
		return err
	}
	if _, err := sh.WriteHistory(ctx); err != nil { // what is waited for may be the first
		return err
	}
	chosen, err := sh.Selection(ctx, nil, &o.Filter)
	if err != nil {
		return err
	}
	chosen.Where = nil // the board asks it, and says why it is not true
	if chosen.Filter.Kind == 0 {
		chosen.Filter.Kind = record.Received
	}
	w.news.Chosen = chosen
	if w.news.Began, err = sh.History.Newest(ctx, 0); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	rows, err := w.news.First(ctx, 0, sh.Now())
	if err == nil {
		err = w.take(ctx, rows)
	}
	switch {
	case ctx.Err() != nil:
		return w.interrupted()
	case err != nil:
		return err
	}
	return w.follow(ctx)
}

// follow takes what comes until it is decided or the time is over.
func (w *waiter) follow(ctx context.Context) error {
	over := time.NewTimer(w.timeout)
	defer over.Stop()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if _, decided := w.board.Decided(); decided {
			return w.end()
		}
		isOver := false
		select {
		case <-ctx.Done():
			return w.interrupted()
		case <-over.C:
			isOver = true
		case <-tick.C:
		}
		newest, err := w.sh.History.Newest(ctx, 0)
		if err == nil {
			err = webhooks.Settle(ctx, w.sh.History, w.sh.Now)
		}
		if err == nil {
			var rows []*webhooks.Webhook
			if rows, err = w.news.Next(ctx, newest, w.sh.Now()); err == nil {
				err = w.take(ctx, rows)
			}
		}
		switch {
		case ctx.Err() != nil:
			return w.interrupted()
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		case isOver:
			return w.end()
		}
	}
}

// isRecent reports whether a webhook came within --since. A replay of an older one is not another webhook.
func (w *waiter) isRecent(row *webhooks.Webhook) bool {
	return row.Kind() != record.Received || slices.ContainsFunc(row.Exchanges, func(x *record.Exchange) bool {
		return x.Kind == record.Received && !x.Start.Before(w.news.Chosen.Filter.Since)
	})
}

// take judges webhooks that came or changed, and prints those that are waited for.
func (w *waiter) take(ctx context.Context, rows []*webhooks.Webhook) error {
	for _, row := range rows {
		if !w.isRecent(row) {
			continue
		}
		read, err := expect.Read(ctx, w.sh.History, row)
		if err != nil {
			return err
		}
		if !w.board.Put(read) {
			continue
		}
		if !w.sh.JSON {
			w.lines.Write(row, w.sh.Now())
			continue
		}
		if err := w.sh.EmitWebhook(ctx, row, w.With); err != nil {
			return err
		}
	}
	return nil
}

// end says what is missing, or what came that should not have, and returns the error with the exit code.
func (w *waiter) end() error {
	result := w.board.Result()
	code := result.Code()
	if w.sh.JSON {
		line := schema.NewChecked("wait", strings.Join(w.said(result), "; "))
		line.Exit = code
		fill(&line, result)
		if err := w.sh.Emit(line); err != nil {
			return err
		}
	}
	if err := w.publish(result, false); err != nil || code == fail.ExitOK {
		return err
	}
	for _, c := range result.Cases {
		sayNear(w.sh, c.Near)
	}
	return &fail.Error{Code: code, Err: errors.New(strings.Join(w.said(result), "; "))}
}

// publish writes the reports.
func (w *waiter) publish(result *expect.Result, isCut bool) error {
	return w.Publish(&report.Report{Name: "barb wait", Began: w.began, Took: w.sh.Now().Sub(w.began),
		Cases: casesOf("barb wait", result), Interrupted: isCut}, w.sh.Getenv, w.sh.Err)
}

// interrupted writes the reports of a wait that is cut off.
func (w *waiter) interrupted() error {
	return cmp.Or(w.publish(w.board.Result(), true), fail.Silent(fail.ExitInterrupted))
}

// said describes the cases that are not met.
func (w *waiter) said(result *expect.Result) (texts []string) {
	for _, c := range result.Cases {
		what := c.Expectation.Text
		if what == "*" {
			what = "any webhook"
		}
		switch c.State {
		case expect.Met:
		case expect.Missing:
			texts = append(texts, fmt.Sprintf("%s: %s, within %s", what, c.Said(), units.FormatDuration(w.timeout)))
		default:
			texts = append(texts, fmt.Sprintf("%s: %s", what, c.Said()))
		}
	}
	return texts
}
