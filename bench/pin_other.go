//go:build !linux

package main

import "os/exec"

// startOn starts a process; binding it to a processor is done on Linux only.
func startOn(cmd *exec.Cmd, _ int) error { return cmd.Start() }
