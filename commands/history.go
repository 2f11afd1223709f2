package commands

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

type historyOptions struct {
	flags.Filter
	flags.JSON
	limit     int
	selectors []string
}

func newHistory(sh *shell) *cobra.Command {
	var o historyOptions
	cmd := &cobra.Command{
		Use:               "history [list] [SELECTOR…]",
		ValidArgsFunction: sh.completeIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && args[0] == "list" {
				args = args[1:]
			}
			o.selectors = args
			return runHistory(cmd.Context(), sh, o)
		},
	}
	o.Filter.AddFlags(cmd, sh.schemeNames, sh.completeEvents)
	o.JSON.AddFlags(cmd)
	cmd.Flags().IntVarP(&o.limit, "limit", "n", 20, "at most `N` rows; 0: all")
	return cmd
}

func runHistory(ctx context.Context, sh *shell, o historyOptions) error {
	if o.limit < 0 {
		return fail.Usage("--limit %d is negative", o.limit).Hint("-n 0 lists all")
	}
	exchanges, err := sh.selected(ctx, o.selectors, &o.Filter, func(f *store.Filter) {
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
		if !sh.json {
			rows = append(rows, x)
			continue
		}
		if err := sh.emitExchange(x, o.With); err != nil {
			return err
		}
	}
	if sh.json {
		return nil
	}
	if len(rows) == 0 {
		sh.say("barb: nothing in the history matches")
	}
	sh.out.History(rows, sh.Now())
	return nil
}
