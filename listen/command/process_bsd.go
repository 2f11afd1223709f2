//go:build unix && !linux

package command

import "syscall"

// dieWithParent does nothing: only Linux ends a program with the process that has started it.
func dieWithParent(*syscall.SysProcAttr) {}
