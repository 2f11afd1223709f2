package commands

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/units"
)

type pruneOptions struct {
	flags.Filter
	olderThan time.Duration
	byAge     bool  // --older-than was given, maybe as 0s
	maxSize   int64 // bytes
	vacuum    bool
	pins      bool
	dryRun    bool
}

// rewritten is the size up to which prune writes the rest of the history anew without being asked.
const rewritten = 256 << 20

func newPrune(sh *shell) *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:  "prune (--older-than AGE | --max-size SIZE)",
		Args: args(0, 0, "no arguments, only filters"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.byAge = cmd.Flags().Changed("older-than")
			if !o.byAge && o.maxSize == 0 && !o.vacuum && !o.pins {
				return fail.Usage("prune needs --older-than or --max-size").Hint("barb prune --older-than 7d")
			}
			return runPrune(cmd.Context(), sh, o)
		},
	}
	o.AddFlags(cmd, sh.schemeNames, sh.completeEvents)
	cmd.Flags().Var(flags.Duration(&o.olderThan), "older-than", "remove what is older than this: 12h, 7d, 4w")
	cmd.Flags().Var(flags.Size(&o.maxSize), "max-size", "remove the oldest until the history is no larger: 200MB, 1GiB")
	cmd.Flags().BoolVar(&o.vacuum, "vacuum", false, "write the history anew, also one larger than 256 MiB")
	cmd.Flags().BoolVar(&o.pins, "pins", false, "forget which scheme each secret has verified with -s auto")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print what would be removed and remove nothing")
	return cmd
}

func runPrune(ctx context.Context, sh *shell, o pruneOptions) error {
	if o.dryRun && (o.maxSize > 0 || o.vacuum || o.pins) {
		return fail.Usage("--dry-run does not go with --max-size, --vacuum or --pins").Hint(
			"barb prune --older-than 7d --dry-run")
	}
	sh.judgements.strict = true
	filter, none, err := sh.narrowed(ctx, &o.Filter) // a history that is not there is not made
	if err != nil {
		return err
	}
	rule := store.PruneRule{MaxBytes: o.maxSize, Filter: filter, Rewrite: rewritten}
	if o.vacuum {
		rule.Rewrite = math.MaxInt64
	}
	if o.byAge {
		rule.OlderThan = sh.Now().Add(-o.olderThan)
	}
	switch {
	case none:
		return sh.pruned(0, 0, "removed")
	case o.dryRun:
		return pruneDryRun(ctx, sh, rule)
	}
	if o.pins {
		n, err := sh.history.Unpin(ctx, cmp.Or(filter.Scheme, "*"))
		if err != nil {
			return err
		}
		sh.say("barb: forgot what %s had verified", ui.Count(int(n), "secret"))
		if !o.byAge && o.maxSize == 0 && !o.vacuum {
			return nil
		}
	}
	result, err := sh.history.Prune(ctx, rule)
	if err != nil {
		return err
	}
	if result.Remains {
		sh.warn("parts of what was removed may still be on the disk: barb prune --vacuum erases them")
	}
	return sh.pruned(result.Removed, result.Bytes, "removed")
}

func pruneDryRun(ctx context.Context, sh *shell, rule store.PruneRule) error {
	if until := rule.Filter.Until; until.IsZero() || rule.OlderThan.Before(until) {
		rule.Filter.Until = rule.OlderThan
	}
	n := int64(0)
	for _, err := range sh.history.List(ctx, rule.Filter) {
		if err != nil {
			return err
		}
		n++
	}
	return sh.pruned(n, 0, "would remove")
}

func (sh *shell) pruned(n, bytes int64, did string) error {
	if sh.json {
		return sh.emit(map[string]any{"schema": 1, "removed": n, "bytes": bytes})
	}
	freed := ""
	if n > 0 && bytes > 0 {
		freed = fmt.Sprintf(", %s freed", units.RoundSize(bytes))
	}
	sh.out.Printf("%s %s%s\n", did, ui.Count(int(n), "exchange"), freed)
	return nil
}
