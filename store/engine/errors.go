package engine

import (
	"errors"
	"fmt"

	"github.com/barbhq/barb/store/gather"
)

// What callers decide on. They come wrapped in an error whose text names the history.
var (
	ErrNotFound = errors.New("no such exchange in the history")
	ErrNotExist = errors.New("does not exist yet")
	ErrNewer    = errors.New("was written by a newer barb")
	ErrForeign  = errors.New("was not written by barb")
	ErrCorrupt  = errors.New("is damaged")
	ErrOwner    = errors.New("is accessible to other users")
	ErrReadOnly = errors.New("cannot be written")
	// These three are an ErrReadOnly.
	ErrStandby  = fmt.Errorf("%w: the server takes no changes, as a standby does", ErrReadOnly)
	ErrNoRight  = fmt.Errorf("%w: the user lacks the right", ErrReadOnly)
	ErrNotOwner = fmt.Errorf("%w: its tables belong to another user", ErrNoRight)
	ErrLocked   = errors.New("is locked by another process")
	ErrFull     = errors.New("cannot grow: the disk is full")
	ErrReplaced = errors.New("was removed or replaced while it was open")
	ErrAway     = errors.New("cannot be reached") // its server; what was being written may be there
	ErrRefused  = errors.New("the server refuses the user")
	ErrLacking  = errors.New("the user lacks a right")
	ErrNowhere  = errors.New("the server has no such database")
	ErrClosed   = gather.ErrClosed
	ErrNoEntry  = errors.New("no such queue entry")
	ErrLease    = errors.New("another process is making this delivery, or it has ended")
)

// AddressError says what is wrong with the address of a server. Nothing secret of it is in the text.
type AddressError struct{ Err error }

// Error returns the text of what is wrong.
func (e *AddressError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *AddressError) Unwrap() error { return e.Err }

// missingError is ErrNotExist with the path of the history.
type missingError struct{ path string }

func (e *missingError) Error() string { return "no history at " + e.path + " yet" }

func (e *missingError) Unwrap() error { return ErrNotExist }

// Fault is an error of the history at path; the text is one line.
func Fault(path string, err error) error {
	if err == ErrNotExist { //nolint:errorlint // only the bare sentinel: a wrapped one says more
		return &missingError{path}
	}
	for _, state := range []error{ErrNewer, ErrForeign, ErrCorrupt, ErrOwner, ErrNoRight, ErrReadOnly, ErrLocked, ErrFull,
		ErrReplaced, ErrAway, ErrClosed, ErrNotEmpty, ErrSame} {
		if errors.Is(err, state) { // its text is what the history is or does
			return fmt.Errorf("history %s %w", path, err)
		}
	}
	return fmt.Errorf("history %s: %w", path, err)
}

// IsOurs reports whether err already says all there is to say.
func IsOurs(err error) bool {
	for _, ours := range []error{ErrNotFound, ErrNotExist, ErrNewer, ErrForeign, ErrCorrupt, ErrOwner, ErrReadOnly,
		ErrLocked, ErrFull, ErrReplaced, ErrAway, ErrClosed, ErrNoEntry, ErrLease, ErrNotEmpty, ErrSame} {
		if errors.Is(err, ours) {
			return true
		}
	}
	return false
}

// RowError says that one of the writes of a group is to blame, and not the database: the others can be kept.
type RowError struct{ Err error }

// Error returns the text of what is wrong with the write.
func (e *RowError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the database.
func (e *RowError) Unwrap() error { return e.Err }

// IsOfRow reports whether one of the writes is to blame.
func IsOfRow(err error) bool {
	_, ok := errors.AsType[*RowError](err)
	return ok
}
