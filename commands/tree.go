package commands

import "github.com/spf13/cobra"

// branch is a command below the root.
type branch struct {
	name string
	make func(*shell) *cobra.Command
	wide bool // looks at other commands, so it needs them all
}

// branches are in the order in which they are made for the whole tree. barb config lists their settings in this order.
func branches() []branch {
	return []branch{
		{name: "sign", make: newSign}, {name: "send", make: newSend},
		{name: "listen", make: newListen}, {name: "replay", make: newReplay},
		{name: "history", make: newHistory}, {name: "deliver", make: newDeliver}, {name: "verify", make: newVerify},
		{name: "show", make: newShow},
		{name: "queue", make: newQueue},
		{name: "stats", make: newStats}, {name: "prune", make: newPrune}, {name: "schemes", make: newSchemes},
		{name: "secret", make: newSecret},
		{name: "providers", make: newProviders}, {name: "events", make: newEvents},
		{name: "init", make: newInit}, {name: "config", make: newConfig, wide: true}, {name: "version", make: newVersion},
		{name: "completion", make: newCompletion, wide: true},
	}
}

// command returns the command of a branch, which is made where the tree does not have it.
func (sh *shell) command(b branch) *cobra.Command {
	for _, c := range sh.root.Commands() {
		if c.Name() == b.name {
			return c
		}
	}
	return b.make(sh)
}

// grow adds to the root the command that the arguments begin with, alone where that will do: the flags of all the
// others take a tenth of the time of a short run. For anything else (a flag, help, a completion, a mistake) it adds
// them all.
func grow(root *cobra.Command, sh *shell, args []string) {
	all := branches()
	for _, b := range all {
		if len(args) > 0 && b.name == args[0] && !b.wide {
			root.AddCommand(b.make(sh))
			return
		}
	}
	for _, b := range all {
		root.AddCommand(b.make(sh))
	}
}
