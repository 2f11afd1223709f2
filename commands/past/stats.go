package past

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/webhooks"
	"github.com/barbhq/barb/units"
)

type statsOptions struct {
	flags.Filter
	flags.Thresholds
	check, senders, plot bool
}

// NewStats makes barb stats.
func NewStats(sh *shell.Shell) *cobra.Command {
	var o statsOptions
	cmd := &cobra.Command{
		Use:  "stats",
		Args: help.Args(0, 0, "no arguments, only filters"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(sh); err != nil {
				return err
			}
			switch {
			case o.senders:
				return runSenders(cmd.Context(), sh, &o.Filter)
			case o.check:
				return runCheck(cmd.Context(), sh, o)
			}
			return runStats(cmd.Context(), sh, o)
		},
	}
	o.Filter.AddFlags(cmd, sh.SchemeNames, sh.CompleteEvents)
	addThresholds(cmd, &o.Thresholds)
	cmd.Flags().BoolVar(&o.check, "check", false, "print the figures that break their thresholds, and exit 1 "+
		"when one does")
	cmd.Flags().BoolVar(&o.plot, "plot", false, "draw the latencies, and how it went over time, as characters")
	cmd.Flags().BoolVar(&o.senders, "senders", false, "judge the services that sent webhooks here")
	return cmd
}

func addThresholds(cmd *cobra.Command, t *flags.Thresholds) {
	t.AddFlags(cmd)
	config.Mark(cmd.Flags(), "stats", "over", "min-samples", "min-success", "max-p99", "max-queue",
		"max-signature-failures", "max-retry-rate", "max-dead-letters")
}

// Limits returns the thresholds that barb stats judges by without flags: those of the environment and barb.toml.
func Limits(sh *shell.Shell) (health.Limits, error) {
	var t flags.Thresholds
	cmd := &cobra.Command{Use: "stats"}
	addThresholds(cmd, &t)
	for _, s := range config.Marked(cmd.Flags()) {
		if _, err := sh.Fill(s, cmd); err != nil {
			return t.Limits, err
		}
	}
	return t.Limits, nil
}

func runStats(ctx context.Context, sh *shell.Shell, o statsOptions) error {
	filter, _, err := sh.Narrowed(ctx, &o.Filter)
	if err != nil {
		return err
	}
	s, c, err := webhooks.Sums(ctx, sh.History, filter, sh.Now())
	if err != nil {
		return err
	}
	depth, err := worker.Depth(ctx, sh.History, sh.Now())
	if err != nil {
		return err
	}
	r, err := o.figures(ctx, sh)
	if err != nil {
		return err
	}
	if sh.JSON {
		return sh.Emit(schema.NewStats(s, &c, depth, &r))
	}
	var drawn Drawn
	var over course
	if o.plot {
		if drawn, over, err = draw(ctx, sh.History, filter); err != nil {
			return err
		}
	}
	sh.Stdout.Pairs(append(ui.StatsPairs(s, &c), [2]string{"queue", ui.QueueLine(depth)}))
	sh.Stdout.Trends(over.trends)
	sh.Stdout.Line("")
	sh.Stdout.Figures(&r)
	drawStats(sh, &drawn)
	return nil
}

// figures returns the six figures of what the filters select, judged. Their time is --over, or begins at --since if
// that is given; the history before it is not read.
func (o *statsOptions) figures(ctx context.Context, sh *shell.Shell) (r health.Report, err error) {
	chosen, now := o.Filter, sh.Now()
	end := now
	if chosen.Until != "" {
		if end, err = flags.ParsePast(chosen.Until, now); err != nil {
			return r, fail.Usage("--until %w", err)
		}
	}
	if chosen.Since == "" {
		chosen.Since = end.Add(-o.Over).Format(time.RFC3339Nano)
	}
	filter, _, err := sh.Narrowed(ctx, &chosen) // where it selects nothing, the queue still counts
	if err != nil {
		return r, err
	}
	got, err := sh.History.Figures(ctx, filter)
	return o.Limits.Judge(got, end.Sub(filter.Since)), err
}

// validate checks the flags before the history is opened.
func (o *statsOptions) validate(sh *shell.Shell) error {
	switch {
	case o.Over <= 0:
		return fail.Usage("--over %s must be more than 0", units.FormatDuration(o.Over)).Hint("--over 5m")
	case o.Since != "" && sh.Settings["over"] == "flag":
		return fail.Usage("--over and --since cannot be used together").Hint("--since says when the time begins; --over 5m " +
			"counts from now, or from --until")
	case o.plot && (sh.JSON || o.check || o.senders):
		return fail.Usage("--plot draws for people, and not with --json, --check or --senders").Hint("barb stats --plot")
	case o.check && o.senders:
		return fail.Usage("--check and --senders cannot be used together").Hint("barb stats --check")
	}
	return nil
}

// checkFilter refuses filters that match nothing in the whole history: a check of nothing would always pass.
func (o *statsOptions) checkFilter(ctx context.Context, sh *shell.Shell) error {
	ever := o.Filter
	ever.Since, ever.Until = "", ""
	if !ever.Given() {
		return nil
	}
	some, err := sh.ChosenWebhooks(ctx, nil, &ever, func(f *store.Filter) { f.Limit = 1 })
	if err != nil {
		return err
	}
	for _, err := range some {
		return err
	}
	return fail.Usage("nothing in the history matches the filters: there is nothing to check").
		Hint("barb history lists what there is")
}

// runCheck prints the figures that are a breach and ends with 1 if there is one.
func runCheck(ctx context.Context, sh *shell.Shell, o statsOptions) error {
	if err := o.checkFilter(ctx, sh); err != nil {
		return err
	}
	r, err := o.figures(ctx, sh)
	if err != nil {
		return err
	}
	if sh.JSON {
		for _, line := range schema.NewFigureLines(&r) {
			if err := sh.Emit(line); err != nil {
				return err
			}
		}
	} else {
		sh.Stdout.Breaches(&r, o.Limits.MinSamples)
	}
	if len(r.In(health.Breach)) > 0 {
		return fail.Silent(fail.ExitFailed)
	}
	return nil
}
