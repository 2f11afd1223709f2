package commands

import (
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/provider"
)

func newProviders(sh *shell.Shell) *cobra.Command {
	return &cobra.Command{
		Use: "providers [NAME…]",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return provider.Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return runProviders(sh, args) },
	}
}

func runProviders(sh *shell.Shell, names []string) error {
	chosen := provider.All()
	if len(names) > 0 {
		chosen = nil
	}
	for _, name := range names {
		p, err := provider.Lookup(name)
		if err != nil {
			return fail.Usage("%w", err).Hint(nearestProvider("barb providers ", name, "barb providers lists what there is"))
		}
		chosen = append(chosen, p)
	}
	if sh.JSON {
		for i := range chosen {
			if err := sh.Emit(schema.NewProvider(&chosen[i])); err != nil {
				return err
			}
		}
		return nil
	}
	if len(names) == 0 {
		sh.Stdout.Table([]string{"NAME", "TIMEOUT", "RETRIES", "WAITS", "RETRIED"}, ui.ProviderRows(chosen))
		return nil
	}
	for i := range chosen {
		if i > 0 {
			sh.Stdout.Line("")
		}
		sh.Stdout.Pairs(ui.ProviderPairs(&chosen[i]))
	}
	return nil
}
