package commands

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/shell"
)

// showHelp prints the help of a command.
func showHelp(sh *shell.Shell, cmd *cobra.Command) {
	help.Fill(cmd) // see grow
	layout := help.Layout{All: bool(sh.HelpAll)}
	sh.Paint(sh.UseColor())
	if sh.OutTerminal {
		layout.Width, layout.Bold = sh.Width, sh.Stdout.Title
	}
	sh.Stdout.Printf("%s", layout.Command(cmd))
}

// showTopic prints a topic of barb help and reports whether there is one of that name.
func showTopic(sh *shell.Shell, root *cobra.Command, name string) bool {
	layout := help.Layout{Width: sh.Stdout.Width}
	title, text := layout.Topic(name)
	if name == "flags" {
		title, text = help.EveryCommand, layout.Global(root)
	}
	if text == "" {
		return false
	}
	sh.Stdout.Printf("%s\n\n%s", title, text)
	return true
}

// args checks the number of arguments; see help.Args.
func args(minimum, maximum int, what string) cobra.PositionalArgs {
	return help.Args(minimum, maximum, what)
}

func newHelp(sh *shell.Shell) *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND | TOPIC] [advanced]",
		PersistentPreRunE: sh.WithoutConfig,
		ValidArgs:         help.Topics(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if n := len(args) - 1; n >= 0 && (args[n] == "advanced" || args[n] == "all") {
				sh.HelpAll, args = true, args[:n]
			}
			if len(args) == 1 && showTopic(sh, cmd.Root(), args[0]) {
				return nil
			}
			found, rest, err := cmd.Root().Find(args)
			if n := len(rest); err == nil && n > 0 && len(fail.Nearest(rest[n-1], []string{"advanced"})) > 0 {
				return fail.Usage("%s has no help %q", found.CommandPath(), rest[n-1]).
					Hintf("barb help %s advanced", strings.Join(args[:len(args)-1], " "))
			}
			if err == nil && (len(rest) == 0 || found.HasParent() && !found.HasSubCommands()) {
				showHelp(sh, found)
				return nil
			}
			near := append(cmd.Root().SuggestionsFor(args[0]), fail.Nearest(args[0], help.Topics())...)
			return fail.Usage("there is no command or help topic %q", strings.Join(args, " ")).
				Hint(fail.DidYouMean("barb help ", near, "barb --help")).
				Hintf("topics: %s", strings.Join(help.Topics(), ", "))
		},
	}
}

// flagError turns pflag's complaint into a usage error with the nearest flag.
func flagError(sh *shell.Shell, cmd *cobra.Command, err error) error {
	if bool(sh.HelpAll) && errors.Is(err, pflag.ErrHelp) {
		return pflag.ErrHelp
	}
	if given, ok := errors.AsType[*pflag.InvalidValueError](err); ok && given.GetFlag().Name == "user" {
		return fail.Usage("-u is USER:PASS").Hint("-u USER:env:NAME, or -u USER:PASS") // the value may be a password
	}
	f := fail.Usage("%s", fail.PlainNumber(err))
	if name, ok := strings.CutPrefix(err.Error(), "unknown flag: --"); ok {
		return f.Hint(help.UnknownFlag(cmd, name))
	}
	if _, rest, ok := strings.Cut(err.Error(), "unknown shorthand flag: '"); ok {
		letter, _, _ := strings.Cut(rest, "'") // what follows it may be a secret: -pPASSWORD
		return fail.Usage("unknown flag: -%s", letter).Hint(help.UnknownLetter(cmd, letter))
	}
	return f.Hintf("%s --help", cmd.CommandPath())
}
