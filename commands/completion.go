package commands

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
)

func newCompletion(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:               "completion bash|zsh|fish|powershell",
		Args:              args(1, 1, "the name of a shell"),
		ValidArgs:         complete.Shells,
		PersistentPreRunE: sh.withoutConfig,
		RunE: func(cmd *cobra.Command, args []string) error {
			if known, err := complete.Script(cmd.Root(), args[0], sh.out); known {
				return err
			}
			return fail.Usage("unknown shell %q", args[0]).Hint(fail.DidYouMean("barb completion ",
				fail.Nearest(args[0], complete.Shells), "barb completion bash|zsh|fish|powershell"))
		},
	}
}

// schemeNames completes a scheme's name, also when something is wrong with barb.toml.
func (sh *shell) schemeNames(prefix string, auto bool) []string {
	schemes := catalog.All()
	if file, err := sh.configuration(); err == nil {
		schemes = file.Catalog().All()
	}
	return complete.Schemes(schemes, prefix, auto)
}

// completeIDs offers the newest ids, and completeQueued those of the queue.
func (sh *shell) completeIDs(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	return sh.completeFrom(cmd, prefix, complete.IDs)
}

func (sh *shell) completeQueued(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	return sh.completeFrom(cmd, prefix, complete.Queued)
}

// completeIDsAndFiles is for commands that take either.
func (sh *shell) completeIDsAndFiles(cmd *cobra.Command, args []string, prefix string) ([]string,
	cobra.ShellCompDirective) {
	ids, directive := sh.completeIDs(cmd, args, prefix)
	files := complete.Files("", prefix)
	if slices.ContainsFunc(files, func(f string) bool { return strings.HasSuffix(f, "/") }) {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return append(ids, files...), directive
}

func (sh *shell) completeRuns(prefix string) []string {
	runs, _ := sh.completeFrom(nil, prefix, complete.Runs)
	return runs
}

func (sh *shell) completeEvents(prefix string) []string {
	types, _ := sh.completeFrom(nil, prefix, complete.Events)
	return types
}

func (sh *shell) completeFrom(cmd *cobra.Command, prefix string, find func(context.Context, *store.Store,
	string) []string) (values []string, _ cobra.ShellCompDirective) {
	sh.whileCompleting(cmd, func(ctx context.Context, history *store.Store) { values = find(ctx, history, prefix) })
	return values, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// whileCompleting opens the history for a moment; a shell that waits for a completion is not kept waiting.
func (sh *shell) whileCompleting(cmd *cobra.Command, look func(context.Context, *store.Store)) {
	if cmd != nil && sh.db == "" {
		sh.db, _ = cmd.Flags().GetString("db")
	}
	if file, err := sh.configuration(); err == nil && sh.db == "" {
		sh.db = cmp.Or(sh.Getenv("BARB_DB"), file.Values["db"])
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if history, err := sh.readHistory(ctx); err == nil {
		look(ctx, history)
	}
}
