package flags

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Complete offers values for a flag in the completions of a shell. Each value may have a tab and an explanation behind
// it.
func Complete(cmd *cobra.Command, flag string, values func(prefix string) []string) {
	// The error is for a flag that does not exist, which every test of the command would show.
	_ = cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, prefix string) ([]string,
		cobra.ShellCompDirective) {
		offered, directive := values(prefix), cobra.ShellCompDirectiveNoFileComp
		goesOn := func(v string) bool { return strings.HasSuffix(v, ":") || strings.HasSuffix(v, "/") }
		if slices.ContainsFunc(offered, goesOn) { // no blank behind a value that is not whole
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		return offered, directive
	})
}
