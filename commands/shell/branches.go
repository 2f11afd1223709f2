package shell

import "github.com/spf13/cobra"

// Branch is a command below the root.
type Branch struct {
	Name string
	Make func(*Shell) *cobra.Command
	Wide bool // looks at other commands, so it needs them all
}

// command returns the command of a branch, which is made where the tree does not have it.
func (sh *Shell) command(b Branch) *cobra.Command {
	for _, c := range sh.Root.Commands() {
		if c.Name() == b.Name {
			return c
		}
	}
	return b.Make(sh)
}
