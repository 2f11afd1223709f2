package commands

import (
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/shell"
)

func newCompletion(sh *shell.Shell) *cobra.Command {
	return &cobra.Command{
		Use:               "completion bash|zsh|fish|powershell",
		Args:              args(1, 1, "the name of a shell"),
		ValidArgs:         complete.Shells,
		PersistentPreRunE: sh.WithoutConfig,
		RunE: func(cmd *cobra.Command, args []string) error {
			if known, err := complete.Script(cmd.Root(), args[0], sh.Stdout); known {
				return err
			}
			return fail.Usage("unknown shell %q", args[0]).Hint(fail.DidYouMean("barb completion ",
				fail.Nearest(args[0], complete.Shells), "barb completion bash|zsh|fish|powershell"))
		},
	}
}
