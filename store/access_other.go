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
