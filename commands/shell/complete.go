package shell

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
)

// SchemeNames completes a scheme's name, also when something is wrong with barb.toml.
func (sh *Shell) SchemeNames(prefix string, auto bool) []string {
	schemes := catalog.All()
	if file, err := sh.configuration(); err == nil {
		schemes = file.Catalog().All()
	}
	return complete.Schemes(schemes, prefix, auto)
}

// CompleteIDs offers the newest ids.
func (sh *Shell) CompleteIDs(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	return sh.completeFrom(cmd, prefix, complete.IDs)
}

// CompleteQueued offers the ids of the queue.
func (sh *Shell) CompleteQueued(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	return sh.completeFrom(cmd, prefix, func(ctx context.Context, history *store.Store, prefix string) []string {
		return complete.Queued(ctx, history, prefix, sh.Now())
	})
}

// CompleteIDsAndFiles is for commands that take either.
func (sh *Shell) CompleteIDsAndFiles(cmd *cobra.Command, args []string, prefix string) ([]string,
	cobra.ShellCompDirective) {
	ids, directive := sh.CompleteIDs(cmd, args, prefix)
	files := complete.Files("", prefix)
	if slices.ContainsFunc(files, func(f string) bool { return strings.HasSuffix(f, "/") }) {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return append(ids, files...), directive
}

// CompleteRuns offers the runs of send that can be resumed.
func (sh *Shell) CompleteRuns(prefix string) []string {
	runs, _ := sh.completeFrom(nil, prefix, complete.Runs)
	return runs
}

// CompleteEvents offers the event types of the history.
func (sh *Shell) CompleteEvents(prefix string) []string {
	types, _ := sh.completeFrom(nil, prefix, complete.Events)
	return types
}

func (sh *Shell) completeFrom(cmd *cobra.Command, prefix string, find func(context.Context, *store.Store,
	string) []string) (values []string, _ cobra.ShellCompDirective) {
	sh.whileCompleting(cmd, func(ctx context.Context, history *store.Store) { values = find(ctx, history, prefix) })
	return values, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// whileCompleting opens the history for a moment; a shell that waits for a completion is not kept waiting.
func (sh *Shell) whileCompleting(cmd *cobra.Command, look func(context.Context, *store.Store)) {
	if cmd != nil && sh.db == "" {
		sh.db, _ = cmd.Flags().GetString("db")
	}
	if file, err := sh.configuration(); err == nil && sh.db == "" {
		sh.db = cmp.Or(sh.Getenv("BARB_DB"), file.Values["db"])
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if history, err := sh.ReadHistory(ctx); err == nil {
		look(ctx, history)
	}
}
