package commands

import (
	"errors"
	"slices"
	"syscall"

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
