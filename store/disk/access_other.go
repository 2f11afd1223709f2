//go:build !unix

package disk

import (
	"io/fs"
	"os"
)

// Writable returns why the file cannot be written, nil when it can.
func Writable(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o200 == 0 {
		err = fs.ErrPermission
	}
	return err
}

// IsMine returns false: on this system a file's mode does not say who may read it.
func IsMine(fs.FileInfo) bool { return false }

// Stranger returns "": owners are unknown on this system.
func Stranger(fs.FileInfo) string { return "" }
