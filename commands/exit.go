package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
)

// The exit codes, as every --help lists them. Scripts rely on them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNoAnswer    = 3
	exitTimedOut    = 4
	exitLocal       = 5
	exitUnsupported = 6
	exitInterrupted = 130
)

// ExitCodes is the table as every --help and man page has it.
const ExitCodes = `
Exit codes:
  0    done; for listen, stopped by a signal
  1    the check failed: signature not valid, not delivered, an expectation failed
  2    the command line or the configuration is wrong
  3    no answer on every attempt: DNS, refused, reset, TLS, timed out
  4    waited for something that did not come in time
  5    something local failed: the history, a file, stdout, a taken port
  6    not supported here: unknown scheme, a scheme that can only be verified
  130  interrupted
`

var errBrokenPipe = syscall.EPIPE

// failure is an error with the exit code it ends in and the next command to type. Without a text it is silent: what there
// is to say was printed as the result.
type failure struct {
	code  int
	err   error
	hints []string
}

func (f *failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit code %d", f.code)
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// hint adds a line that finishes the user's thought: the command to type next.
func (f *failure) hint(text string) *failure {
	if text != "" {
		f.hints = append(f.hints, text)
	}
	return f
}

func (f *failure) hintf(format string, args ...any) *failure {
	return f.hint(fmt.Sprintf(format, args...))
}

func usage(format string, args ...any) *failure {
	return &failure{code: exitUsage, err: fmt.Errorf(format, args...)}
}

func local(format string, args ...any) *failure {
	return &failure{code: exitLocal, err: fmt.Errorf(format, args...)}
}

func unsupported(format string, args ...any) *failure {
	return &failure{code: exitUnsupported, err: fmt.Errorf(format, args...)}
}

// silent ends in a code with nothing more to say.
func silent(code int) error {
	if code == exitOK {
		return nil
	}
	return &failure{code: code}
}

// sentinels says, for errors that come up from the engines, which code they end in and what helps. First match wins.
var sentinels = []struct {
	is   error
	code int
	hint string
}{
	{store.ErrNotExist, exitLocal, "barb listen  or  barb send URL  begins a history; --db PATH or BARB_DB names another"},
	{store.ErrNewer, exitLocal, "install a newer barb, or name another history with --db"},
	{store.ErrForeign, exitLocal, "name another history with --db; the file was not touched"},
	{store.ErrCorrupt, exitLocal, "move the file away to begin a new history, or name another with --db"},
	{store.ErrReadOnly, exitLocal, "make the file and its folder writable, or name another history with --db"},
	{store.ErrFull, exitLocal, "free some space; barb prune --older-than 7d makes the history smaller"},
	{store.ErrReplaced, exitLocal, "start it again: it goes on with the history that is there now"},
	{store.ErrLocked, exitLocal, "another process holds the history; try again, or name another with --db"},
	{store.ErrNotFound, exitUsage, "barb history lists what there is"},
	{store.ErrNoEntry, exitUsage, "barb queue lists what there is"},
	{fs.ErrPermission, exitLocal, ""},
}

// classify gives any error its code and hints.
func classify(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	for _, s := range sentinels {
		if errors.Is(err, s.is) {
			return (&failure{code: s.code, err: err}).hint(s.hint)
		}
	}
	if group, ok := strings.CutPrefix(err.Error(), "if any flags in the group ["); ok { // cobra's words
		names, _, _ := strings.Cut(group, "]")
		return usage("--%s exclude each other", strings.Join(strings.Fields(names), " and --")).hint("leave one of them out")
	}
	if errors.Is(err, context.Canceled) {
		return &failure{code: exitInterrupted}
	}
	if e, ok := errors.AsType[*sign.Error](err); ok {
		return signFailure(e)
	}
	return &failure{code: exitLocal, err: err}
}

// report says what went wrong on stderr and returns the exit code.
func (sh *shell) report(err error) int {
	if err == nil {
		return exitOK
	}
	f := classify(err)
	if f.err != nil && !errors.Is(f.err, errBrokenPipe) {
		sh.err.Printf("barb: %s\n", ui.Escape(f.Error()))
		for _, hint := range f.hints {
			sh.err.Printf("hint: %s\n", ui.Escape(hint))
		}
	}
	return f.code
}

// worst is the code a run of several ends in: the first that applies in the order 2, 5, 6, 130, 3, 4, 1.
func worst(codes ...int) int {
	for _, code := range []int{exitUsage, exitLocal, exitUnsupported, exitInterrupted, exitNoAnswer, exitTimedOut, exitFailed} {
		if slices.Contains(codes, code) {
			return code
		}
	}
	return exitOK
}

// flagError turns pflag's complaint into a usage error with the nearest flag.
func flagError(cmd *cobra.Command, err error) error {
	f := usage("%s", plainNumberError(err))
	if name, ok := strings.CutPrefix(err.Error(), "unknown flag: --"); ok {
		return f.hint(nearestHint("--", nearestOf(name, flagNames(cmd)), cmd.CommandPath()+" --help"))
	}
	return f.hintf("%s --help", cmd.CommandPath())
}

// plainNumberError takes Go's own words out of the complaint about a number.
func plainNumberError(err error) string {
	text, _, found := strings.Cut(err.Error(), ": strconv.")
	if found {
		text += ": not a whole number"
	}
	return text
}

// exactArgs and its like: the number of arguments, with the usage line as the remedy.
func args(minimum, maximum int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		switch {
		case len(given) < minimum:
			return usage("%s needs %s", cmd.CommandPath(), what).hintf("%s", firstExample(cmd))
		case maximum >= 0 && len(given) > maximum:
			return usage("%s takes %s, not also %q", cmd.CommandPath(), what, given[maximum]).
				hint(nearestHint(cmd.CommandPath()+" ", nearestOf(given[0], commandNames(cmd)), firstExample(cmd)))
		}
		return nil
	}
}

func firstExample(cmd *cobra.Command) string {
	line, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	return line
}
