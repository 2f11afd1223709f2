package commands

import "github.com/spf13/cobra"

type duplicateFlags struct{ dedupe bool }

func (f *duplicateFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.dedupe, "dedupe", false, "answer a duplicate of an accepted webhook 200 without handing "+
		"it on again")
}
