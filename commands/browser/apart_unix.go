//go:build unix

package browser

import (
	"os/exec"
	"syscall"
)

// apart gives a program a session of its own: ^C, ^Z and the end of the terminal do not reach it.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
