package commands

import (
	"context"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/units"
)

// figures returns the six figures of what the filters select, judged. Their time is --over, or begins at --since if
// that is given; the history before it is not read.
func (o *statsOptions) figures(ctx context.Context, sh *shell) (r health.Report, err error) {
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
	filter, none, err := sh.narrowed(ctx, &chosen)
	if err != nil {
		return r, err
	}
	if none { // the filters select no exchange, but the queue still counts
		filter.IDs = []store.Range{{From: 1, To: 0}}
	}
	got, err := sh.history.Figures(ctx, filter)
	return o.Limits.Judge(got, end.Sub(filter.Since)), err
}

// validate finds what is wrong with the flags before anything is read.
func (o *statsOptions) validate(sh *shell) error {
	switch {
	case o.Over <= 0:
		return fail.Usage("--over %s is no time to look at", units.FormatDuration(o.Over)).Hint("--over 5m")
	case o.Since != "" && sh.settings["over"] == "flag":
		return fail.Usage("--over and --since exclude each other").Hint("--since says when the time begins; --over 5m " +
			"counts from now, or from --until")
	case o.check && o.senders:
		return fail.Usage("--check and --senders exclude each other").Hint("barb stats --check")
	}
	return nil
}

// runCheck prints the figures that are a breach and ends with 1 if there is one.
func runCheck(ctx context.Context, sh *shell, o statsOptions) error {
	r, err := o.figures(ctx, sh)
	if err != nil {
		return err
	}
	if sh.json {
		err = emitFigures(sh, &r)
	} else {
		sh.out.Breaches(&r, o.MinSamples)
	}
	if err == nil && len(r.In(health.Breach)) > 0 {
		err = fail.Silent(fail.ExitFailed)
	}
	return err
}

// emitFigures prints each figure as a line of JSON.
func emitFigures(sh *shell, r *health.Report) error {
	for _, line := range schema.NewFigureLines(r) {
		if err := sh.emit(line); err != nil {
			return err
		}
	}
	return nil
}
