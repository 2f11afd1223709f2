// Package fail is an error that says what to type next. It knows the exit codes of barb; it prints nothing.
package fail

import (
	"errors"
	"fmt"
)

// Error is an error with its exit code and the next command to type. Without Err it is silent, because the result was
// printed already.
type Error struct {
	Code  int
	Err   error
	Hints []string
}

// Error returns the text of Err without the hints, or names the exit code where there is no text.
func (f *Error) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("exit code %d", f.Code)
	}
	return f.Err.Error()
}

// Unwrap returns Err.
func (f *Error) Unwrap() error { return f.Err }

// Hint adds the command to type next; "" adds nothing.
func (f *Error) Hint(text string) *Error {
	if text != "" {
		f.Hints = append(f.Hints, text)
	}
	return f
}

// Hintf is Hint with a format.
func (f *Error) Hintf(format string, args ...any) *Error {
	return f.Hint(fmt.Sprintf(format, args...))
}

// Usage returns the error for a wrong command line or configuration: exit code 2.
func Usage(format string, args ...any) *Error {
	return &Error{Code: ExitUsage, Err: fmt.Errorf(format, args...)}
}

// Local returns the error for a fault of this machine (history, file, stdout, port): exit code 5.
func Local(format string, args ...any) *Error {
	return &Error{Code: ExitLocal, Err: fmt.Errorf(format, args...)}
}

// Unsupported returns the error for a request that barb does not support: exit code 6.
func Unsupported(format string, args ...any) *Error {
	return &Error{Code: ExitUnsupported, Err: fmt.Errorf(format, args...)}
}

// In puts the place of an error before its text. The exit code and the hints stay; nil stays nil.
func In(place string, err error) error {
	if err == nil {
		return nil
	}
	placed := fmt.Errorf("%s: %w", place, err)
	if f, ok := errors.AsType[*Error](err); ok && f.Err != nil {
		return &Error{Code: f.Code, Err: placed, Hints: f.Hints}
	}
	return placed
}

// Silent returns an error with an exit code and no message; nil for ExitOK.
func Silent(code int) error {
	if code == ExitOK {
		return nil
	}
	return &Error{Code: code}
}

// The exit codes, as listed in every --help. Scripts rely on them.
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitNoAnswer    = 3
	ExitTimedOut    = 4
	ExitLocal       = 5
	ExitUnsupported = 6
	ExitInterrupted = 130
)
