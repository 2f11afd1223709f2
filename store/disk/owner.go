package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// besides are the endings of the names of a history's files. SQLite trusts their content: it would write another
// user's log into the history.
var besides = []string{"", "-wal", "-shm", "-journal"}

// OwnerError says why another user could have written a file.
type OwnerError struct {
	File string
	Why  string
	Err  error // of the system: others can write the file and that cannot be changed; nil: it is another user's
}

// Error returns what is wrong with the file.
func (e *OwnerError) Error() string { return e.File + ": " + e.Why }

// ErrIrregular is the error for a file beside a history that is none, such as a pipe.
var ErrIrregular = errors.New("it is not a regular file")

// CheckOwners refuses a history that another user could have written: its files, and a link that leads to it, must
// belong to the user or root. It reads none of them. A missing history is no error.
func CheckOwners(path string) error {
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if why := Stranger(info); why != "" {
			return &OwnerError{File: path, Why: "the link " + why}
		}
	}
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return EachWith(real, besides, func(file string, info fs.FileInfo) error {
		if file != real && !info.Mode().IsRegular() {
			return &fs.PathError{Op: "open", Path: file, Err: ErrIrregular}
		}
		if why := Stranger(info); why != "" {
			return &OwnerError{File: file, Why: "it " + why}
		}
		return nil
	})
}

// MakePrivate removes other users' right to read or write a history's files. On a file system without modes, only a
// file that others can write is an error.
func MakePrivate(path string) error {
	return EachWith(path, besides, func(file string, info fs.FileInfo) error {
		const others = 0o077
		if !IsMine(info) || info.Mode().Perm()&others == 0 {
			return nil
		}
		err := os.Chmod(file, info.Mode().Perm()&^others)
		if err == nil || errors.Is(err, syscall.EROFS) || info.Mode().Perm()&0o022 == 0 {
			return nil
		}
		return &OwnerError{File: file, Why: fmt.Sprintf("others can write it (mode %#o)", info.Mode().Perm()), Err: err}
	})
}
