package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/barbhq/barb/store/disk"
)

// besides are the endings of the names of a history's files. SQLite trusts their content: it would write another
// user's log into the history.
var besides = []string{"", "-wal", "-shm", "-journal"}

// checkOwners refuses a history that another user could have written: its files, and a link that leads to it, must
// belong to the user or root. It reads none of them. A missing history is no error.
func checkOwners(path string) error {
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if why := disk.Stranger(info); why != "" {
			return fault(path, fmt.Errorf("%w: the link %s", ErrOwner, why))
		}
	}
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return disk.EachWith(real, besides, func(file string, info fs.FileInfo) error {
		if file != real && !info.Mode().IsRegular() {
			return fault(file, fmt.Errorf("%w: it is not a regular file", ErrForeign))
		}
		if why := disk.Stranger(info); why != "" {
			return fault(file, fmt.Errorf("%w: it %s", ErrOwner, why))
		}
		return nil
	})
}

// makePrivate removes other users' right to read or write a history's files. On a file system without modes, only a
// file that others can write is an error.
func makePrivate(path string) error {
	return disk.EachWith(path, besides, func(file string, info fs.FileInfo) error {
		const others = 0o077
		if !disk.IsMine(info) || info.Mode().Perm()&others == 0 {
			return nil
		}
		err := os.Chmod(file, info.Mode().Perm()&^others)
		if err == nil || errors.Is(err, syscall.EROFS) || info.Mode().Perm()&0o022 == 0 {
			return nil
		}
		return fault(file, fmt.Errorf("%w: others can write it (mode %#o): %w", ErrOwner, info.Mode().Perm(), cause(err)))
	})
}
