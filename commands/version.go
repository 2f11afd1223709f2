package commands

import (
	"runtime"

	"github.com/barbhq/barb/commands/config"
	"github.com/spf13/cobra"
)

func newVersion(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Args:              args(0, 0, "no arguments"),
		PersistentPreRunE: sh.withoutConfig,
		RunE: func(*cobra.Command, []string) error {
			if sh.json {
				return sh.emit(map[string]string{"version": sh.version, "go": runtime.Version(), "os": runtime.GOOS,
					"arch": runtime.GOARCH})
			}
			sh.out.Printf("barb %s  %s %s/%s\n", sh.version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// withoutConfig prepares a command that must work whatever barb.toml says.
func (sh *shell) withoutConfig(cmd *cobra.Command, _ []string) error {
	sh.file = &config.File{}
	return sh.prepare(cmd)
}
