//go:build !unix

package store

import (
	"io/fs"
	"os"
)

// writable says why the file cannot be written, nil when it can.
func writable(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o200 == 0 {
		err = fs.ErrPermission
	}
	return err
}

// isMine is false: the mode of a file does not say here who may read it.
func isMine(fs.FileInfo) bool { return false }

// strangerOf knows of no owners here.
func strangerOf(fs.FileInfo) string { return "" }
