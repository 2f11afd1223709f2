package commands

import (
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/keyring"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
)

func newSecret(sh *shell.Shell) *cobra.Command {
	return (&keyring.Desk{In: sh.In, InTerminal: sh.InTerminal, Password: sh.Password, Args: args,
		Out: func() *ui.Printer { return sh.Stdout }, Err: func() *ui.Printer { return sh.Stderr },
		JSON: func() bool { return sh.JSON }, Emit: sh.Emit, Say: sh.Say, Warn: sh.Warn}).Command()
}
