//go:build unix

package disk

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Writable returns why the file cannot be written, nil when it can. It does not open the file, because closing an
// os.File drops this process's locks on the file (sqlite.org/howtocorrupt.html, section 2.2).
func Writable(path string) error {
	const write = 2 // W_OK of access(2)
	return syscall.Access(path, write)
}

// IsMine reports whether a file belongs to the user that this process runs as.
func IsMine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// Stranger returns the user, other than this one and root, who could have written a file; "" for none.
func Stranger(info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return "has no owner"
	case int(stat.Uid) == os.Geteuid():
		return ""
	case stat.Uid != 0:
		return fmt.Sprintf("belongs to another user (uid %d)", stat.Uid)
	case info.Mode().IsRegular() && info.Mode().Perm()&0o022 != 0:
		return fmt.Sprintf("belongs to root and others can write it (mode %#o)", info.Mode().Perm())
	}
	return ""
}
