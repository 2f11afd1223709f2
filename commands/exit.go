package commands

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
)

// ExitCodes is the table as every man page has it.
const ExitCodes = help.ExitCodes

// sentinels says, for errors that come up from the engines, which code they end in and what helps. First match wins.
var sentinels = []struct {
	is   error
	code int
	hint string
}{
	{store.ErrNotExist, fail.ExitLocal, "barb listen  or  barb send URL  begins a history; --db PATH or BARB_DB " +
		"names another"},
	{store.ErrNewer, fail.ExitLocal, "install a newer barb, or name another history with --db"},
	{store.ErrForeign, fail.ExitLocal, "name another history with --db; the file was not touched"},
	{store.ErrCorrupt, fail.ExitLocal, "move the file away to begin a new history, or name another with --db"},
	{store.ErrReadOnly, fail.ExitLocal, "make the file and its folder writable, or name another history with --db"},
	{store.ErrFull, fail.ExitLocal, "free some space; barb prune --older-than 7d makes the history smaller"},
	{store.ErrReplaced, fail.ExitLocal, "start it again: it goes on with the history that is there now"},
	{store.ErrLocked, fail.ExitLocal, "another process holds the history; try again, or name another with --db"},
	{store.ErrNotFound, fail.ExitUsage, "barb history lists what there is"},
	{store.ErrNoEntry, fail.ExitUsage, "barb queue lists what there is"},
	{payload.ErrNoEvent, fail.ExitUsage, "one JSON object a line, or a folder with a file for each"},
	{fs.ErrPermission, fail.ExitLocal, ""},
}

// classify gives any error its code and hints.
func classify(err error) *fail.Error {
	if f, ok := errors.AsType[*fail.Error](err); ok {
		return f
	}
	for _, s := range sentinels {
		if errors.Is(err, s.is) {
			return (&fail.Error{Code: s.code, Err: err}).Hint(s.hint)
		}
	}
	if group, ok := strings.CutPrefix(err.Error(), "if any flags in the group ["); ok { // cobra's words
		names, _, _ := strings.Cut(group, "]")
		return fail.Usage("--%s exclude each other", strings.Join(strings.Fields(names), " and --")).Hint(
			"leave one of them out")
	}
	if errors.Is(err, context.Canceled) {
		return &fail.Error{Code: fail.ExitInterrupted}
	}
	if e, ok := errors.AsType[*replay.MaskedError](err); ok {
		return unkept(e)
	}
	if e, ok := errors.AsType[*replay.TargetError](err); ok {
		return fail.Usage("%w", e)
	}
	if f := payloadFailure(err); f != nil {
		return f
	}
	if e, ok := errors.AsType[*signer.Error](err); ok {
		return unsigned(e)
	}
	if e, ok := errors.AsType[*sign.Error](err); ok {
		return signFailure(e)
	}
	return &fail.Error{Code: fail.ExitLocal, Err: err}
}

// report says what went wrong on stderr and returns the exit code.
func (sh *shell) report(err error) int {
	if err == nil {
		return fail.ExitOK
	}
	f := classify(err)
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
			return fail.Usage("%s takes %s, not also %q", cmd.CommandPath(), what, given[maximum]).
				Hint(fail.DidYouMean(cmd.CommandPath()+" ", fail.Nearest(given[0], commandNames(cmd)), firstExample(cmd)))
		}
		return nil
	}
}

func firstExample(cmd *cobra.Command) string {
	line, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	return line
}

// commandNames returns the names of a command's subcommands.
func commandNames(cmd *cobra.Command) (names []string) {
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return names
}
