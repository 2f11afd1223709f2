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
				Hint(hintFor(cmd, given[0], given[maximum]))
		}
		return nil
	}
}

func firstExample(cmd *cobra.Command) string {
	Fill(cmd) // a command that is alone has no texts yet
	line, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	return line
}

// hintFor is the hint for a word too many. The first word may be meant for a command below, and the one too many may be
// a file that belongs to a flag.
func hintFor(cmd *cobra.Command, first, extra string) string {
	if cmd.HasSubCommands() {
		return Unknown(cmd, first)
	}
	if strings.Contains(extra, ".") && !strings.Contains(extra, ":") { // the name of a file
		switch {
		case cmd.Flag("headers") != nil && cmd.Flag("http") != nil: // verify: its first word is the body
			return cmd.CommandPath() + " " + first + " --headers " + extra
		case cmd.Flag("data") != nil && !strings.Contains(cmd.Use, "FILE"): // of sign the first word is the payload
			return cmd.CommandPath() + " " + first + " -d @" + extra
		}
	}
	return firstExample(cmd)
}
