package checks

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/expect"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/report"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
)

type assertOptions struct {
	flags.Filter
	flags.Reports
	that       []string
	allowEmpty bool
	selectors  []string
}

// NewAssert makes barb assert.
func NewAssert(sh *shell.Shell) *cobra.Command {
	var o assertOptions
	cmd := &cobra.Command{
		Use:               "assert [SELECTOR…] --that EXPRESSION",
		ValidArgsFunction: sh.CompleteIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.selectors = args
			return runAssert(cmd.Context(), sh, &o)
		},
	}
	o.Filter.AddFlags(cmd, sh.SchemeNames, sh.CompleteEvents)
	f := cmd.Flags()
	f.StringArrayVar(&o.that, "that", nil, "a jq `expression` that must be true for each webhook (repeatable; barb "+
		"help expressions)")
	f.BoolVar(&o.allowEmpty, "allow-empty", false, "succeed when nothing is selected")
	o.Reports.AddFlags(cmd)
	return cmd
}

func runAssert(ctx context.Context, sh *shell.Shell, o *assertOptions) error {
	var conditions []*expect.That
	for _, text := range o.that {
		c, err := expect.ParseThat(text)
		if err != nil {
			return fail.In("--that", err)
		}
		conditions = append(conditions, c)
	}
	switch {
	case len(conditions) == 0:
		return fail.Usage("barb assert needs --that").Hint("barb assert @ --that '.status < 300'")
	case len(o.selectors) == 0 && !o.Given():
		return fail.Usage("which webhooks?").Hint("barb assert @ --that … is the newest").
			Hint("barb assert --received --since 5m --that …")
	}
	if err := o.Check(); err != nil {
		return err
	}
	chosen, err := sh.Selection(ctx, o.selectors, &o.Filter)
	if err != nil {
		return err
	}
	chosen.Filter.OldestFirst = true
	r := &report.Report{Name: "barb assert", Began: sh.Now()}
	for w, err := range chosen.Webhooks(ctx, sh.Now()) {
		if err != nil {
			return err
		}
		read, err := expect.Read(ctx, sh.History, w)
		if err != nil {
			return err
		}
		failures := expect.Assert(conditions, read, flags.WhereTimeout)
		r.Cases = append(r.Cases, caseOf(read, failures))
		if err := printAsserted(sh, read, failures); err != nil {
			return err
		}
	}
	return o.end(ctx, sh, r)
}

// end writes the reports, says the sum and returns the error with the exit code.
func (o *assertOptions) end(ctx context.Context, sh *shell.Shell, r *report.Report) error {
	all, failed := len(r.Cases), r.Count().Failed
	if all == 0 && !o.allowEmpty {
		return fail.Usage("nothing in the history is selected").Hint(sh.Nearest(ctx, o.selectors, &o.Filter)).
			Hint("barb history lists what there is; --allow-empty succeeds without any")
	}
	r.Took = sh.Now().Sub(r.Began)
	if err := o.Publish(r, sh.Getenv, sh.Err); err != nil {
		return err
	}
	if failed > 0 {
		sh.Say("barb: %d of %s failed", failed, ui.Count(all, "webhook"))
		return fail.Silent(fail.ExitFailed)
	}
	sh.Say("barb: %s, all as asserted", ui.Count(all, "webhook"))
	return nil
}

// printAsserted prints what differs in a webhook; with --json also that nothing does.
func printAsserted(sh *shell.Shell, w expect.Webhook, failures []expect.Failure) error {
	if !sh.JSON {
		for _, f := range failures {
			sh.Stdout.Line(ui.EscapeLine(f.String() + "  " + f.That.Text + "  " + join(f.Why)))
		}
		return nil
	}
	line := schema.Asserted{Schema: 1, Event: "assert", ID: w.Exchange.ID, EventType: w.Exchange.Event(),
		OK: len(failures) == 0, Failed: []schema.AssertedFailed{}}
	for _, f := range failures {
		line.Failed = append(line.Failed, schema.AssertedFailed{That: f.That.Text, Why: f.Why})
	}
	return sh.Emit(line)
}
