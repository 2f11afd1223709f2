package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
)

// sixFigures are the six figures of a time.
type sixFigures struct {
	all  []figure
	over time.Duration // 0: since ever
}

// figures takes the six figures of what the filters select. Their time is --over, unless --since says when it begins: the
// history before it is not looked at.
func (o *statsOptions) figures(ctx context.Context, sh *shell) (c sixFigures, err error) {
	flags, now := o.filterFlags, sh.Now()
	end := now
	if flags.until != "" {
		if end, err = parsePast(flags.until, now); err != nil {
			return c, fail.Usage("--until %w", err)
		}
	}
	if flags.since == "" {
		flags.since = end.Add(-time.Duration(o.over)).Format(time.RFC3339Nano)
	}
	filter, none, err := sh.narrowed(ctx, &flags)
	if err != nil {
		return c, err
	}
	if none { // no exchange is, but the queue is as it is
		filter.IDs = []store.Range{{From: 1, To: 0}}
	}
	got, err := sh.history.Figures(ctx, filter, ui.Handshake+"*")
	return sixFigures{o.judge(got), end.Sub(filter.Since)}, err
}

// validate finds what is wrong with the flags before anything is read.
func (o *statsOptions) validate(sh *shell) error {
	switch {
	case o.over <= 0:
		return fail.Usage("--over %s is no time to look at", o.over.String()).Hint("--over 5m")
	case o.since != "" && sh.settings["stats.over"] == "flag":
		return fail.Usage("--over and --since exclude each other").Hint("--since says when the time begins; --over 5m counts from now, or from --until")
	case o.check && o.senders:
		return fail.Usage("--check and --senders exclude each other").Hint("barb stats --check")
	}
	return nil
}

// runCheck says which figures are a breach and ends in 1 when one is.
func runCheck(ctx context.Context, sh *shell, o statsOptions) error {
	c, err := o.figures(ctx, sh)
	if err != nil {
		return err
	}
	if sh.json {
		err = c.emit(sh)
	} else {
		c.print(sh.out, int64(o.minSamples))
	}
	if err == nil && len(c.in(figureBreach)) > 0 {
		err = fail.Silent(fail.ExitFailed)
	}
	return err
}

// in are the figures in a state.
func (c *sixFigures) in(state figureState) (some []figure) {
	for _, f := range c.all {
		if f.State == state {
			some = append(some, f)
		}
	}
	return some
}

// figureLine is a figure as a line of JSON by itself.
type figureLine struct {
	Schema int `json:"schema"`
	figure
	OverMS int64 `json:"over_ms"`
}

func (c *sixFigures) emit(sh *shell) error {
	for _, f := range c.all {
		if err := sh.emit(figureLine{1, f, c.over.Milliseconds()}); err != nil {
			return err
		}
	}
	return nil
}

// print writes a line for each breach, or one that says that there is none, and one for what could not be judged.
func (c *sixFigures) print(p *ui.Printer, few int64) {
	over := ui.Duration(c.over)
	breaches := c.in(figureBreach)
	for _, f := range breaches {
		p.Check(string(figureBreach), f.line(over))
	}
	if len(breaches) == 0 {
		var well []string
		for _, f := range c.in(figureOK) {
			well = append(well, f.Name+" "+f.value())
		}
		p.Check(string(figureOK), strings.Join(well, "  ")+"  over "+over)
	}
	var names []string
	for _, f := range c.in(figureFew) {
		names = append(names, f.Name+" ("+f.samples()+")")
	}
	if len(names) > 0 {
		p.Check(string(figureFew), fmt.Sprintf("%s: fewer than %d over %s, not judged", strings.Join(names, ", "), few, over))
	}
}

// table writes all six.
func (c *sixFigures) table(p *ui.Printer) {
	rows := make([][]string, len(c.all))
	for i, f := range c.all {
		rows[i] = []string{f.Name, f.value(), f.limit(), f.samples(), p.State(string(f.State))}
	}
	p.Table([]string{"FIGURE", "OVER " + ui.Duration(c.over), "BREACH", "OF", "STATE"}, rows)
}
