//go:build unix

package child

import (
	"os"
	"syscall"
)

// own gives the program a process group, away from the terminal, and has the kernel end it with barb where it can.
func (c *Child) own() {
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: c.group}
	dieWithParent(c.cmd.SysProcAttr)
}

// signal sends a signal to the program and its group.
func (c *Child) signal(s syscall.Signal) {
	if c.group {
		_ = syscall.Kill(-c.cmd.Process.Pid, s) // most often nothing is left
		return
	}
	_ = c.cmd.Process.Signal(s) // nothing where it has ended
}

// signalOf returns the number of the signal that ended a process.
func signalOf(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return int(status.Signal())
	}
	return 0
}
