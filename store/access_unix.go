//go:build unix

package store

import "syscall"

// writable says why the file cannot be written, nil when it can. It does not open it, for the reason told at peek.
func writable(path string) error {
	const write = 2 // W_OK of access(2)
	return syscall.Access(path, write)
}
