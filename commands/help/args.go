package help

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
)

// Args checks the number of arguments. The error says what is needed, and its hint is the command's first example.
func Args(minimum, maximum int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		switch {
		case len(given) < minimum:
			return fail.Usage("%s needs %s", cmd.CommandPath(), what).Hintf("%s", firstExample(cmd))
		case len(given) > maximum:
			also := "also "
			if maximum == 0 {
				also = ""
			}
			return fail.Usage("%s takes %s, but %sgot %q", cmd.CommandPath(), what, also, given[maximum]).
				Hint(hintFor(cmd, given[0]))
		}
		return nil
	}
}

func firstExample(cmd *cobra.Command) string {
	line, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	return line
}

// hintFor is the hint for a word too many, which may be meant for a command below.
func hintFor(cmd *cobra.Command, word string) string {
	if cmd.HasSubCommands() {
		return Unknown(cmd, word)
	}
	return firstExample(cmd)
}
