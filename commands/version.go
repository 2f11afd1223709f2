package commands

import (
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/build"
	"github.com/barbhq/barb/commands/config"
)

func newVersion(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Args:              args(0, 0, "no arguments"),
		PersistentPreRunE: sh.withoutConfig,
		RunE: func(*cobra.Command, []string) error {
			if sh.json {
				return sh.emit(build.Read(sh.version))
			}
			sh.out.Line(build.Read(sh.version).String())
			return nil
		},
	}
}

// withoutConfig prepares a command that must work whatever barb.toml says.
func (sh *shell) withoutConfig(cmd *cobra.Command, _ []string) error {
	sh.file = &config.File{}
	return sh.prepare(cmd)
}
