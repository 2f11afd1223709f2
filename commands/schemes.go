package commands

import (
	"cmp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
)

func newSchemes(sh *shell.Shell) *cobra.Command {
	var generate bool
	cmd := &cobra.Command{
		Use: "schemes [NAME…]",
		ValidArgsFunction: func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
			return sh.SchemeNames(prefix, false), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if generate {
				return runGenerateKey(sh, args)
			}
			return runSchemes(sh, args)
		},
	}
	cmd.Flags().BoolVar(&generate, "generate-key", false, "print a secret or key pair for tests")
	return cmd
}

func runSchemes(sh *shell.Shell, names []string) error {
	chosen, whole, err := sh.File.ChooseSchemes(names)
	if err != nil {
		return err
	}
	if sh.JSON {
		for _, s := range chosen {
			if err := sh.Emit(schema.NewScheme(s, sh.File.SourceOf(s.Name))); err != nil {
				return err
			}
		}
		return nil
	}
	if whole {
		for i, s := range chosen {
			if i > 0 {
				sh.Stdout.Line("")
			}
			sh.Stdout.Pairs(ui.SchemePairs(s, sh.File.SourceOf(s.Name)))
		}
		return nil
	}
	printSchemes(sh, chosen)
	return nil
}

// printSchemes prints a line for each scheme; where one is of barb.toml, also where it comes from.
func printSchemes(sh *shell.Shell, schemes []sign.Scheme) {
	head := []string{"NAME", "SIGNATURE", "HEADER", "TOLERANCE"}
	own := slices.ContainsFunc(schemes, func(s sign.Scheme) bool { return sh.File.SourceOf(s.Name) != "" })
	if own {
		head = append(head, "SOURCE")
	}
	rows := make([][]string, 0, len(schemes))
	for _, s := range schemes {
		row := []string{s.Name, ui.EscapeLine(s.Formula()), s.Header, ui.Tolerance(s)}
		if own {
			row = append(row, cmp.Or(sh.File.SourceOf(s.Name), "catalogue"))
		}
		rows = append(rows, row)
	}
	sh.Stdout.Table(head, rows)
}
