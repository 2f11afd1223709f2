package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/engine"
)

// translate turns an error of SQLite or of the system into one of ours. A nil error and a context's own pass through.
func translate(path string, err error) error {
	if err == nil {
		return nil // before anything is allocated: it is the usual case
	}
	var lite sqlite3.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), engine.IsOurs(err):
		return err
	case errors.As(err, &lite):
		if known := meaning(lite); known != nil {
			return engine.Fault(path, fmt.Errorf("%w (%w)", known, err))
		}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return engine.Fault(path, engine.ErrFull)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return engine.Fault(path, fmt.Errorf("%w: %w", engine.ErrReadOnly, disk.Cause(err)))
	}
	return engine.Fault(path, disk.Cause(err))
}

// meaning is the sentinel for an error of SQLite, nil when there is none.
func meaning(err sqlite3.Error) error {
	switch err.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return engine.ErrLocked
	case sqlite3.ErrReadonly, sqlite3.ErrPerm:
		return engine.ErrReadOnly
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return engine.ErrCorrupt
	case sqlite3.ErrFull:
		return engine.ErrFull
	}
	switch err.SystemErrno { // set for ErrIoErr and ErrCantOpen
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG:
		return engine.ErrFull
	case syscall.EROFS, syscall.EACCES, syscall.EPERM:
		return engine.ErrReadOnly
	}
	return nil
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
