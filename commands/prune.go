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
	"github.com/barbhq/barb/commands/infile"
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
	yes       bool
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
	cmd.Flags().BoolVar(&o.vacuum, "vacuum", false, "rewrite the file, even one larger than 256 MiB")
	cmd.Flags().BoolVar(&o.pins, "pins", false, "forget which scheme each secret has verified with -s auto")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print what would be removed and remove nothing")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask on a terminal")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "yes")
	return cmd
}

func runPrune(ctx context.Context, sh *shell, o pruneOptions) error {
	sh.judgements.Strict = true
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
	case none && o.dryRun:
		return sh.pruned(0, 0, "would remove")
	case none:
		return sh.pruned(0, 0, "removed")
	case o.dryRun:
		return pruneDryRun(ctx, sh, &o, rule)
	}
	if goOn, err := sh.agreesToPrune(ctx, &o, rule); err != nil || !goOn {
		return err
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
		sh.warn("parts of the removed data may still be on the disk: barb prune --vacuum erases them")
	}
	return sh.pruned(result.Removed, result.Bytes, "removed")
}

// removes reports whether any flag asks for exchanges to be removed.
func (o *pruneOptions) removes() bool { return o.byAge || o.maxSize > 0 }

// pruneDryRun says what would be done, and does nothing.
func pruneDryRun(ctx context.Context, sh *shell, o *pruneOptions, rule store.PruneRule) error {
	if o.pins {
		n, err := sh.history.CountPins(ctx, cmp.Or(rule.Filter.Scheme, "*"))
		if err != nil {
			return err
		}
		sh.say("barb: would forget what %s had verified", ui.Count(int(n), "secret"))
		if !o.removes() && !o.vacuum {
			return nil
		}
	}
	n, err := sh.history.WouldPrune(ctx, rule)
	if err != nil {
		return err
	}
	if o.vacuum {
		sh.say("barb: would rewrite the history of %s", units.RoundSize(sh.history.Size()))
	}
	return sh.pruned(n, 0, "would remove")
}

// agreesToPrune asks on a terminal before more is removed than the limits of barb.toml remove by themselves. Elsewhere
// nobody is there to answer, and it does not ask.
func (sh *shell) agreesToPrune(ctx context.Context, o *pruneOptions, rule store.PruneRule) (bool, error) {
	limits := sh.file.Retention
	isUsual := (!o.byAge || limits.MaxAge > 0 && o.olderThan >= limits.MaxAge) &&
		(o.maxSize == 0 || limits.MaxSize > 0 && o.maxSize >= limits.MaxSize)
	if o.yes || isUsual || !sh.InTerminal || !sh.ErrTerminal {
		return true, nil
	}
	n, err := sh.history.WouldPrune(ctx, rule)
	if err != nil || n == 0 {
		return err == nil, err
	}
	about := ""
	if o.maxSize > 0 {
		about = "about "
	}
	sh.err.Printf("barb: this removes %s%s permanently from %s\nremove? [y/N] ", about, ui.Count(int(n), "exchange"),
		ui.EscapeLine(sh.history.Path()))
	answer, err := infile.Answer(sh.In)
	if err == nil && answer != "y" && answer != "yes" {
		sh.say("barb: nothing was removed")
		return false, nil
	}
	return err == nil, err
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
