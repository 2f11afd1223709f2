package commands

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/help"
)

// showHelp prints the help of a command.
func (sh *shell) showHelp(cmd *cobra.Command, _ []string) {
	layout := help.Layout{All: bool(sh.helpAll)}
	sh.paint(sh.useColor())
	if sh.OutTerminal {
		layout.Width, layout.Bold = sh.Width, sh.out.Title
	}
	sh.out.Printf("%s", layout.Command(cmd))
}

// showTopic prints a topic of barb help and reports whether there is one of that name.
func (sh *shell) showTopic(root *cobra.Command, name string) bool {
	layout := help.Layout{Width: sh.out.Width}
	title, text := layout.Topic(name)
	if name == "flags" {
		title, text = help.EveryCommand, layout.Global(root)
	}
	if text == "" {
		return false
	}
	sh.out.Printf("%s\n\n%s", title, text)
	return true
}

// args checks the number of arguments; see help.Args.
func args(minimum, maximum int, what string) cobra.PositionalArgs {
	return help.Args(minimum, maximum, what)
}

func newHelp(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND | TOPIC] [advanced]",
		PersistentPreRunE: sh.withoutConfig,
		ValidArgs:         help.Topics(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if n := len(args) - 1; n >= 0 && (args[n] == "advanced" || args[n] == "all") {
				sh.helpAll, args = true, args[:n]
			}
			if len(args) == 1 && sh.showTopic(cmd.Root(), args[0]) {
				return nil
			}
			found, rest, err := cmd.Root().Find(args)
			if err == nil && (len(rest) == 0 || found.HasParent() && !found.HasSubCommands()) {
				sh.showHelp(found, nil)
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
func (sh *shell) flagError(cmd *cobra.Command, err error) error {
	if bool(sh.helpAll) && errors.Is(err, pflag.ErrHelp) {
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
