package commands

import (
	"runtime"
	"strings"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/spf13/cobra"
)

func newVersion(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version",
		Example:           "  barb version",
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

func newHelp(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND]",
		Short:             "Show the help of a command",
		Example:           "  barb help send",
		PersistentPreRunE: sh.withoutConfig,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return fail.Usage("unknown command %q", strings.Join(args, " ")).Hint(fail.DidYouMean("barb help ",
					cmd.Root().SuggestionsFor(args[0]), "barb --help"))
			}
			return found.Help()
		},
	}
}

// withoutConfig prepares a command that must work whatever barb.toml says.
func (sh *shell) withoutConfig(cmd *cobra.Command, _ []string) error {
	sh.file = &config.File{}
	return sh.prepare(cmd)
}
