package commands

import (
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/build"
	"github.com/barbhq/barb/commands/shell"
)

func newVersion(sh *shell.Shell) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Args:              args(0, 0, "no arguments"),
		PersistentPreRunE: sh.WithoutConfig,
		RunE: func(*cobra.Command, []string) error {
			if sh.JSON {
				return sh.Emit(build.Read(sh.Version))
			}
			sh.Stdout.Line(build.Read(sh.Version).String())
			return nil
		},
	}
}
