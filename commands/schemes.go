package commands

import (
	"cmp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
)

func newSchemes(sh *shell) *cobra.Command {
	var generate bool
	cmd := &cobra.Command{
		Use: "schemes [NAME…]",
		ValidArgsFunction: func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
			return sh.schemeNames(prefix, false), cobra.ShellCompDirectiveNoFileComp
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

func runSchemes(sh *shell, names []string) error {
	chosen, whole, err := sh.file.ChooseSchemes(names)
	if err != nil {
		return err
	}
	if sh.json {
		for _, s := range chosen {
			if err := sh.emit(schema.NewScheme(s, sh.file.SourceOf(s.Name))); err != nil {
				return err
			}
		}
		return nil
	}
	if whole {
		for i, s := range chosen {
			if i > 0 {
				sh.out.Line("")
			}
			sh.out.Pairs(ui.SchemePairs(s, sh.file.SourceOf(s.Name)))
		}
		return nil
	}
	sh.printSchemes(chosen)
	return nil
}

// printSchemes prints a line for each scheme; where one is of barb.toml, also where it comes from.
func (sh *shell) printSchemes(schemes []sign.Scheme) {
	head := []string{"NAME", "SIGNATURE", "HEADER", "TOLERANCE"}
	own := slices.ContainsFunc(schemes, func(s sign.Scheme) bool { return sh.file.SourceOf(s.Name) != "" })
	if own {
		head = append(head, "SOURCE")
	}
	rows := make([][]string, 0, len(schemes))
	for _, s := range schemes {
		row := []string{s.Name, ui.EscapeLine(s.Formula()), s.Header, ui.Tolerance(s)}
		if own {
			row = append(row, cmp.Or(sh.file.SourceOf(s.Name), "catalogue"))
		}
		rows = append(rows, row)
	}
	sh.out.Table(head, rows)
}
