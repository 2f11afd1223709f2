//go:build !unix

package commands

import (
	"os"
	"os/exec"
)

// ownGroup does nothing: there are no process groups here. The command itself is killed when its context ends.
func ownGroup(*exec.Cmd) {}

func endGroup(*exec.Cmd) {}

func signalOf(*os.ProcessState) int { return 0 }
