//go:build !linux

package pgtest

import (
	"os"
	"os/exec"
)

// The signals that stop a server: os.Interrupt has it leave its data in order, and a kill is a crash.
var (
	crash = os.Kill
	fast  = os.Interrupt
)

// asUser leaves a command as it is: only Linux is tested as root.
func asUser(*exec.Cmd) error { return nil }

func give(string) error { return nil }
