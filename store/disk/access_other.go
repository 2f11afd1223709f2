//go:build !unix

package disk

import (
	"io/fs"
	"os"
)

// Writable says why the file cannot be written, nil when it can.
func Writable(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o200 == 0 {
		err = fs.ErrPermission
	}
	return err
}

// IsMine is false: the mode of a file does not say here who may read it.
func IsMine(fs.FileInfo) bool { return false }

// Stranger knows of no owners here.
func Stranger(fs.FileInfo) string { return "" }
