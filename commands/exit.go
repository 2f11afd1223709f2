package commands

import (
	"errors"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/journal"
)

// ExitCodes is the table as every man page has it.
const ExitCodes = help.ExitCodes

// report says what went wrong on stderr and returns the exit code.
func (sh *shell) report(err error) int {
	if err == nil {
		return fail.ExitOK
	}
	f := advice.Of(err)
	if f.Err != nil && !errors.Is(f.Err, syscall.EPIPE) {
		sh.err.Printf("barb: %s\n", ui.Escape(f.Error()))
		for _, hint := range f.Hints {
			sh.err.Printf("hint: %s\n", ui.Escape(hint))
		}
	}
	return f.Code
}

// worst is the code a run of several ends in: the first that applies in the order 2, 5, 6, 130, 3, 4, 1.
func worst(codes ...int) int {
	for _, code := range []int{fail.ExitUsage, fail.ExitLocal, fail.ExitUnsupported, fail.ExitInterrupted,
		fail.ExitNoAnswer, fail.ExitTimedOut, fail.ExitFailed} {
		if slices.Contains(codes, code) {
			return code
		}
	}
	return fail.ExitOK
}

// codeOf is the exit code of deliveries.
func codeOf(t journal.Tally, interrupted bool) int {
	switch {
	case interrupted || t.Interrupted > 0:
		return fail.ExitInterrupted
	case t.Unanswered > 0:
		return fail.ExitNoAnswer
	case t.Refused > 0:
		return fail.ExitFailed
	}
	return fail.ExitOK
}

// args checks the number of arguments. The error says what is needed, and its hint is the command's first example.
func args(minimum, maximum int, what string) cobra.PositionalArgs {
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
		return help.Unknown(cmd, word)
	}
	return firstExample(cmd)
}
