//go:build !unix

package child

import (
	"os"
	"syscall"
)

// own does nothing, since this system has no process groups.
func (c *Child) own() {}

// signal kills the program: this system has no other signal.
func (c *Child) signal(syscall.Signal) { _ = c.cmd.Process.Kill() }

func (c *Child) groupIsAlive() bool { return false }

// signalOf is always 0.
func signalOf(*os.ProcessState) int { return 0 }
