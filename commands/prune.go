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
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
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

func newPrune(sh *shell.Shell) *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:  "prune (--older-than AGE | --max-size SIZE)",
		Args: args(0, 0, "no arguments, only filters"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.byAge = cmd.Flags().Changed("older-than")
			if !o.byAge && o.maxSize == 0 && !o.vacuum && !o.pins {
				return fail.Usage("prune needs --older-than or --max-size").Hint("barb prune --older-than 7d")
			}
			if o.pins && !o.OnlyScheme() {
				return fail.Usage("--pins takes no filter but --of-scheme: a pin is a secret and a scheme").
					Hint("barb prune --pins --of-scheme stripe")
			}
			if o.vacuum && sh.IsShared() {
				return fail.Usage("--vacuum rewrites a file; a server has VACUUM of its own").
					Hint("psql -c 'VACUUM FULL barb.exchange, barb.request, barb.response'")
			}
			return runPrune(cmd.Context(), sh, o)
		},
	}
	o.AddFlags(cmd, sh.SchemeNames, sh.CompleteEvents)
	cmd.Flags().Var(flags.Duration(&o.olderThan), "older-than", "remove what is older than this: 12h, 7d, 4w")
	cmd.Flags().Var(flags.Size(&o.maxSize), "max-size", "remove the oldest until the history is no larger: 200MB, 1GiB")
	cmd.Flags().BoolVar(&o.vacuum, "vacuum", false, "rewrite the file, even one larger than 256 MiB")
	cmd.Flags().BoolVar(&o.pins, "pins", false, "forget which scheme each secret has verified with -s auto")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print what would be removed and remove nothing")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask on a terminal")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "yes")
	return cmd
}

func runPrune(ctx context.Context, sh *shell.Shell, o pruneOptions) error {
	sh.Judgements.Strict = true
	now := sh.Now()                                  // what comes after the choice is younger than --older-than 0s
	chosen, err := sh.Selection(ctx, nil, &o.Filter) // a history that is not there is not made
	if err != nil {
		return err
	}
	rule := store.PruneRule{Whole: true, MaxBytes: o.maxSize, Rewrite: rewritten, Open: now.Add(-webhooks.Abandoned)}
	if o.Given() && o.removes() {
		if rule.Filter.IDs, err = chosen.ExchangeIDs(ctx, now); err != nil {
			return err
		}
		rule.Filter.IDs = append(rule.Filter.IDs, store.Range{From: -1, To: -1}) // no ids at all would select everything
	}
	if o.vacuum {
		rule.Rewrite = math.MaxInt64
	}
	if o.byAge {
		rule.OlderThan = now.Add(-o.olderThan)
	}
	if goOn, err := agreesToPrune(ctx, sh, &o, rule); err != nil || !goOn {
		return err
	}
	if o.pins {
		err := forgetPins(ctx, sh, cmp.Or(chosen.Filter.Scheme, "*"), o.dryRun)
		if err != nil || !o.removes() && !o.vacuum {
			return err
		}
	}
	prune, did := sh.History.Prune, "removed"
	if o.dryRun {
		prune, did = sh.History.WouldPrune, "would remove"
		if o.vacuum {
			sh.Say("barb: would rewrite the history of %s", units.RoundSize(sh.History.Size()))
		}
	}
	result, err := prune(ctx, rule)
	if err != nil {
		return err
	}
	if result.Remains && sh.IsShared() {
		sh.Warn("parts of the removed data may still be on the server's disk: VACUUM FULL there erases them")
	} else if result.Remains {
		sh.Warn("parts of the removed data may still be on the disk: barb prune --vacuum erases them")
	}
	return pruned(sh, result, did)
}

// removes reports whether any flag asks for webhooks to be removed.
func (o *pruneOptions) removes() bool { return o.byAge || o.maxSize > 0 }

// forgetPins forgets what secrets have verified of a scheme, or only says so.
func forgetPins(ctx context.Context, sh *shell.Shell, scheme string, dryRun bool) error {
	forget, did := sh.History.Unpin, "forgot"
	if dryRun {
		forget, did = sh.History.CountPins, "would forget"
	}
	n, err := forget(ctx, scheme)
	if err == nil {
		sh.Say("barb: %s which scheme %s verified", did, ui.Count(int(n), "secret"))
	}
	return err
}

// agreesToPrune asks on a terminal before more is removed than the limits of barb.toml remove by themselves. Elsewhere
// nobody is there to answer, and it does not ask.
func agreesToPrune(ctx context.Context, sh *shell.Shell, o *pruneOptions, rule store.PruneRule) (bool, error) {
	limits := sh.File.Retention
	isUsual := (!o.byAge || limits.MaxAge > 0 && o.olderThan >= limits.MaxAge) &&
		(o.maxSize == 0 || limits.MaxSize > 0 && o.maxSize >= limits.MaxSize)
	if o.yes || o.dryRun || isUsual || !sh.InTerminal || !sh.ErrTerminal {
		return true, nil
	}
	would, err := sh.History.WouldPrune(ctx, rule)
	if err != nil || would.Removed == 0 {
		return err == nil, err
	}
	about := ""
	if o.maxSize > 0 {
		about = "about "
	}
	sh.Stderr.Printf("barb: this removes %s%s permanently from %s\nremove? [y/N] ", about,
		ui.WebhooksOf(would.Webhooks, would.Removed), ui.EscapeLine(sh.History.Path()))
	answer, err := infile.Answer(sh.In)
	if err == nil && answer != "y" && answer != "yes" {
		sh.Say("barb: nothing was removed")
		return false, nil
	}
	return err == nil, err
}

func pruned(sh *shell.Shell, r store.PruneResult, did string) error {
	if sh.JSON {
		return sh.Emit(map[string]any{"schema": 1, "removed": r.Removed, "webhooks": r.Webhooks, "bytes": r.Bytes})
	}
	freed := ""
	if r.Removed > 0 && r.Bytes > 0 {
		freed = fmt.Sprintf(", %s freed", units.RoundSize(r.Bytes))
	}
	sh.Stdout.Printf("%s %s%s\n", did, ui.WebhooksOf(r.Webhooks, r.Removed), freed)
	return nil
}
