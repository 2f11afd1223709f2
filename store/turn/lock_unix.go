//go:build unix && !solaris && !aix

package turn

import (
	"os"
	"syscall"
)

// lock takes the lock of a file unless another process has it, and reports whether it did or cannot.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != syscall.EWOULDBLOCK
}

func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) } // of an open file it cannot fail
