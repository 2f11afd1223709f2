package commands

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nearestOf returns the known names that look like the given one, by cobra's own measure.
func nearestOf(name string, known []string) []string {
	parent := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, k := range known {
		parent.AddCommand(&cobra.Command{Use: k, Run: func(*cobra.Command, []string) {}})
	}
	return parent.SuggestionsFor(name)
}

// nearestHint is the hint for a name that is not known: the nearest ones, or where all are listed.
func nearestHint(prefix string, near []string, all string) string {
	if len(near) == 0 {
		return all
	}
	for i, n := range near {
		near[i] = prefix + n
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

// commandNames are those of the commands below one.
func commandNames(cmd *cobra.Command) (names []string) {
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return names
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return names
}
