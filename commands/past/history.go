// Package past is the commands that show what the history keeps: history, show, stats.
package past

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

type historyOptions struct {
	flags.Filter
	flags.JSON
	limit     int
	all       bool // exchanges, not webhooks
	follow    bool
	columns   []string
	selectors []string
	drift     driftOptions
}

// NewHistory makes barb history.
func NewHistory(sh *shell.Shell) *cobra.Command {
	var o historyOptions
	cmd := &cobra.Command{
		Use:               "history [list] [SELECTOR…]",
		ValidArgsFunction: sh.CompleteIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && args[0] == "list" {
				args = args[1:]
			}
			o.selectors = args
			if err := o.validate(sh); err != nil {
				return err
			}
			switch {
			case o.drift.given():
				return runDrift(cmd, sh, &o)
			case o.follow:
				return runFollow(cmd.Context(), sh, &o)
			case o.all:
				return runExchanges(cmd.Context(), sh, &o)
			}
			return runHistory(cmd.Context(), sh, &o)
		},
	}
	o.Filter.AddFlags(cmd, sh.SchemeNames, sh.CompleteEvents)
	o.JSON.AddFlags(cmd)
	f := cmd.Flags()
	f.IntVarP(&o.limit, "limit", "n", 20, "list at most `N`; 0: all")
	f.BoolVar(&o.all, "all", false, "list every exchange: each attempt, forward and redelivery")
	f.BoolVarP(&o.follow, "follow", "f", false, "keep listing webhooks as they come or change, until ^C")
	f.StringSliceVar(&o.columns, "columns", nil, "show these `columns`: "+strings.Join(ui.HistoryColumns(), ", "))
	flags.Complete(cmd, "columns", func(string) []string { return ui.HistoryColumns() })
	o.drift.addFlags(cmd)
	return cmd
}

// validate checks the flags before the history is opened.
func (o *historyOptions) validate(sh *shell.Shell) error {
	if o.limit < 0 {
		return fail.Usage("--limit %d is negative", o.limit).Hint("-n 0 lists all")
	}
	if o.follow && o.all {
		return fail.Usage("--follow lists webhooks and --all lists exchanges: use one of them").Hint("barb history -f")
	}
	for _, name := range o.columns {
		if !slices.Contains(ui.HistoryColumns(), name) {
			return fail.Usage("unknown column %q", name).Hint(fail.DidYouMean("--columns ",
				fail.Nearest(name, ui.HistoryColumns()), "--columns "+strings.Join(ui.HistoryColumns(), ",")))
		}
	}
	if len(o.columns) > 0 && sh.JSON {
		return fail.Usage("--columns is for the table, not for JSON").Hint("barb history --jq '{id, outcome}'")
	}
	return nil
}

func runHistory(ctx context.Context, sh *shell.Shell, o *historyOptions) error {
	chosen, err := sh.ChosenWebhooks(ctx, o.selectors, &o.Filter, func(f *store.Filter) { f.Limit = o.limit })
	if err != nil {
		return err
	}
	var rows []*webhooks.Webhook
	for w, err := range chosen {
		if err != nil {
			return err
		}
		if !sh.JSON {
			rows = append(rows, w)
			continue
		}
		if err := sh.EmitWebhook(ctx, w, o.With); err != nil {
			return err
		}
	}
	if len(rows) == 0 && !sh.JSON {
		sh.Say("barb: nothing in the history matches")
	}
	sh.Stdout.Webhooks(rows, o.columns, sh.Now())
	return nil
}

// runExchanges lists exchanges one by one.
func runExchanges(ctx context.Context, sh *shell.Shell, o *historyOptions) error {
	exchanges, err := sh.Selected(ctx, o.selectors, &o.Filter, func(f *store.Filter) {
		f.Limit, f.Bodies = o.limit, o.With.Body || o.With.Headers
	})
	if err != nil {
		return err
	}
	var rows []*record.Exchange
	for x, err := range exchanges {
		if err != nil {
			return err
		}
		if !sh.JSON {
			rows = append(rows, x)
			continue
		}
		if err := sh.EmitExchange(x, o.With); err != nil {
			return err
		}
	}
	if len(rows) == 0 && !sh.JSON {
		sh.Say("barb: nothing in the history matches")
	}
	sh.Stdout.History(rows, o.columns, sh.Now())
	return nil
}
