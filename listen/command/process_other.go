//go:build !unix

package command

import (
	"os"
	"os/exec"
)

// ownGroup does nothing, since this system has no process groups. The program itself is killed when its context ends.
func ownGroup(*exec.Cmd) {}

// endGroup does nothing.
func endGroup(*exec.Cmd) {}

// signalOf is always 0.
func signalOf(*os.ProcessState) int { return 0 }
