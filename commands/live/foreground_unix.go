//go:build unix

package live

import "golang.org/x/sys/unix"

// Foreground reports whether the terminal behind a file descriptor is this process group's to draw on: in a job started
// with & the terminal is the shell's. It is true when the kernel does not say, as for a terminal that does not control
// this process.
func Foreground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err != nil || int32(group) <= 0 || int(int32(group)) == unix.Getpgrp()
}
