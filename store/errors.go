package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/disk"
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
	ErrLocked   = errors.New("is locked by another process")
	ErrFull     = errors.New("cannot grow: the disk is full")
	ErrReplaced = errors.New("was removed or replaced while it was open")
	ErrClosed   = gather.ErrClosed
	ErrNoEntry  = errors.New("no such queue entry")
	ErrLease    = errors.New("another process is making this delivery, or it has ended")
)

// missingError is ErrNotExist with the path of the history.
type missingError struct{ path string }

func (e *missingError) Error() string { return "no history at " + e.path + " yet" }

func (e *missingError) Unwrap() error { return ErrNotExist }

// fault is an error of the history at path; the text is one line.
func fault(path string, err error) error {
	if err == ErrNotExist { //nolint:errorlint // only the bare sentinel: a wrapped one says more
		return &missingError{path}
	}
	for _, state := range []error{ErrNewer, ErrForeign, ErrCorrupt, ErrOwner, ErrReadOnly, ErrLocked, ErrFull, ErrReplaced,
		ErrClosed} {
		if errors.Is(err, state) { // its text is what the history is or does
			return fmt.Errorf("history %s %w", path, err)
		}
	}
	return fmt.Errorf("history %s: %w", path, err)
}

// translate turns an error of SQLite or of the system into one of ours. A nil error and a context's own pass through.
func translate(path string, err error) error {
	if err == nil {
		return nil // before anything is allocated: it is the usual case
	}
	var lite sqlite3.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), isOurs(err):
		return err
	case errors.As(err, &lite):
		if known := meaning(lite); known != nil {
			return fault(path, fmt.Errorf("%w (%w)", known, err))
		}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault(path, ErrFull)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fault(path, fmt.Errorf("%w: %w", ErrReadOnly, disk.Cause(err)))
	}
	return fault(path, disk.Cause(err))
}

// meaning is the sentinel for an error of SQLite, nil when there is none.
func meaning(err sqlite3.Error) error {
	switch err.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return ErrLocked
	case sqlite3.ErrReadonly, sqlite3.ErrPerm:
		return ErrReadOnly
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return ErrCorrupt
	case sqlite3.ErrFull:
		return ErrFull
	}
	switch err.SystemErrno { // set for ErrIoErr and ErrCantOpen
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG:
		return ErrFull
	case syscall.EROFS, syscall.EACCES, syscall.EPERM:
		return ErrReadOnly
	}
	return nil
}

// isOurs reports whether err already says all there is to say.
func isOurs(err error) bool {
	for _, ours := range []error{ErrNotFound, ErrNotExist, ErrNewer, ErrForeign, ErrCorrupt, ErrOwner, ErrReadOnly,
		ErrLocked, ErrFull, ErrReplaced, ErrClosed, ErrNoEntry, ErrLease} {
		if errors.Is(err, ours) {
			return true
		}
	}
	return false
}

// isBusy reports whether another connection was in the way.
func isBusy(err error) bool {
	lite, ok := errors.AsType[sqlite3.Error](err)
	return ok && (lite.Code == sqlite3.ErrBusy || lite.Code == sqlite3.ErrLocked)
}

// isOfRow reports whether one of the rows is to blame and not the file or the disk: the other rows can be kept.
func isOfRow(err error) bool {
	lite, ok := errors.AsType[sqlite3.Error](err)
	return ok && (lite.Code == sqlite3.ErrTooBig || lite.Code == sqlite3.ErrConstraint || lite.Code == sqlite3.ErrMismatch)
}
