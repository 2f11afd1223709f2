// Package commands is the command line of barb. Each command turns flags into options for the packages that do the
// work, prints what they tell, and ends with an exit code.
package commands

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/again"
	"github.com/barbhq/barb/commands/agent"
	"github.com/barbhq/barb/commands/checks"
	"github.com/barbhq/barb/commands/diff"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/files"
	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/past"
	"github.com/barbhq/barb/commands/remark"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/web"
)

// Main runs one command line and returns the exit code. It does not exit and does not touch the process.
func Main(ctx context.Context, env shell.Env, version string, args []string) int {
	sh := shell.New(env, version)
	sh.Typed = shell.Shown(args)
	root := newRoot(sh, args)
	root.SetArgs(args)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		plainUsage(root) // a shell shows the usage as it is
	}
	root.SetIn(env.In)
	root.SetOut(sh.Stdout) // help and completions too must notice a full disk
	root.SetErr(env.Err)
	err := root.ExecuteContext(ctx)
	judged := sh.Judgements.End()
	var lost error // what was given to the history and is not in it
	if sh.History != nil {
		lost = sh.History.Close()
	}
	if err != nil && lost != nil && strings.Contains(lost.Error(), err.Error()) {
		err = nil // it is told with the number of what was lost
	}
	code := shell.Worst(sh.Report(err), sh.Report(lost))
	if code == fail.ExitOK || judged != nil && code == fail.ExitFailed {
		code = shell.Worst(code, sh.Report(judged))
	}
	// A reader of stdout that went away, as in | head, is no error.
	if err := sh.Stdout.Err(); err != nil && !errors.Is(err, syscall.EPIPE) {
		code = shell.Worst(code, sh.Report(fail.Local("stdout: %w", err)))
	}
	return code
}

// newRoot makes the command tree, or as much of it as the arguments need.
func newRoot(sh *shell.Shell, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:           "barb",
		Version:       sh.Version,
		SilenceErrors: true, SilenceUsage: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fail.Usage("unknown command %q", args[0]).Hint(help.Unknown(cmd, args[0]))
			}
			return nil
		},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return sh.Prepare(cmd) },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagError(sh, cmd, err) })
	root.SetVersionTemplate("barb {{.Version}}\n")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { showHelp(sh, cmd) })
	root.CompletionOptions.DisableDefaultCmd = true // there is one of our own
	root.SetHelpCommand(newHelp(sh))
	sh.Root, sh.Branches = root, branches()
	sh.AddGlobalFlags(root)
	if grow(root, sh, args) {
		help.Fill(root)
	}
	return root
}

// ExitCodes is the table as every man page has it.
const ExitCodes = help.ExitCodes

// plainUsage takes out the marks by which pflag finds the name of a value.
func plainUsage(cmd *cobra.Command) {
	unmark := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	cmd.Flags().VisitAll(unmark)
	cmd.PersistentFlags().VisitAll(unmark)
	for _, sub := range cmd.Commands() {
		plainUsage(sub)
	}
}

// Root returns the command tree without an environment, for generating documentation.
func Root(version string) *cobra.Command {
	return newRoot(shell.New(shell.Env{Out: io.Discard, Err: io.Discard}, version), nil)
}

// branches are in the order in which they are made for the whole tree. barb config lists their settings in this order.
func branches() []shell.Branch {
	return []shell.Branch{
		{Name: "sign", Make: newSign}, {Name: "send", Make: newSend},
		{Name: "listen", Make: newListen}, {Name: "replay", Make: again.New},
		{Name: "run", Make: func(sh *shell.Shell) *cobra.Command { return checks.NewRun(sh, listenHere) }},
		{Name: "wait", Make: checks.NewWait}, {Name: "assert", Make: checks.NewAssert},
		{Name: "probe", Make: newProbe},
		{Name: "history", Make: past.NewHistory}, {Name: "diff", Make: diff.New}, {Name: "ui", Make: web.New},
		{Name: "tui", Make: newTUI},
		{Name: "deliver", Make: newDeliver}, {Name: "verify", Make: newVerify},
		{Name: "show", Make: past.NewShow},
		{Name: "queue", Make: newQueue}, {Name: "workers", Make: newWorkers},
		{Name: "stats", Make: past.NewStats}, {Name: "prune", Make: newPrune}, {Name: "copy", Make: newCopy},
		{Name: "pin", Make: remark.NewPin}, {Name: "unpin", Make: remark.NewUnpin}, {Name: "note", Make: remark.NewNote},
		{Name: "save", Make: files.NewSave}, {Name: "export", Make: files.NewExport},
		{Name: "import", Make: files.NewImport}, {Name: "schemes", Make: newSchemes},
		{Name: "mcp", Make: func(sh *shell.Shell) *cobra.Command { return agent.New(sh, Main) }},
		{Name: "secret", Make: newSecret},
		{Name: "providers", Make: newProviders}, {Name: "events", Make: newEvents},
		{Name: "init", Make: newInit}, {Name: "config", Make: newConfig, Wide: true}, {Name: "version", Make: newVersion},
		{Name: "completion", Make: newCompletion, Wide: true},
	}
}

// grow adds to the root the command that the arguments begin with, alone where that will do: the flags and texts of all
// the others take half the time of a short run. For anything else (a flag, help, a completion, a mistake) it adds them
// all, and returns true. A command that is alone gets its texts when they are asked for.
func grow(root *cobra.Command, sh *shell.Shell, args []string) (whole bool) {
	all := branches()
	if len(args) == 1 && args[0] == "--version" {
		return false // the root answers it
	}
	for _, b := range all {
		if len(args) > 0 && b.Name == args[0] && !b.Wide {
			root.AddCommand(b.Make(sh))
			return false
		}
	}
	for _, b := range all {
		root.AddCommand(b.Make(sh))
	}
	return true
}
