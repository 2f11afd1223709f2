package shell

import (
	"errors"
	"slices"
	"syscall"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/journal"
)

// Report says what went wrong on stderr and returns the exit code.
func (sh *Shell) Report(err error) int {
	if err == nil {
		return fail.ExitOK
	}
	f := advice.Of(err)
	if f.Err != nil && !errors.Is(f.Err, syscall.EPIPE) {
		sh.Stderr.Printf("barb: %s\n", ui.Escape(f.Error()))
		for _, hint := range f.Hints {
			sh.Stderr.Printf("hint: %s\n", ui.Escape(hint))
		}
	}
	return f.Code
}

// Worst is the code a run of several ends in: the first that applies in the order 2, 5, 6, 130, 3, 4, 1. Other codes
// are those of a command that barb run has run, and come last.
func Worst(codes ...int) int {
	for _, code := range []int{fail.ExitUsage, fail.ExitLocal, fail.ExitUnsupported, fail.ExitInterrupted,
		fail.ExitNoAnswer, fail.ExitTimedOut, fail.ExitFailed} {
		if slices.Contains(codes, code) {
			return code
		}
	}
	for _, code := range codes {
		if code != fail.ExitOK {
			return code
		}
	}
	return fail.ExitOK
}

// CodeOf is the exit code of deliveries.
func CodeOf(t journal.Tally, interrupted bool) int {
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
