//go:build unix && !linux

package child

import "syscall"

// dieWithParent does nothing: only Linux ends a program with the process that has started it.
func dieWithParent(*syscall.SysProcAttr) {}

// groupIsAlive reports whether a process of the group is left.
func (c *Child) groupIsAlive() bool { return c.group && syscall.Kill(-c.cmd.Process.Pid, 0) == nil }
