package main

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// startOn starts a process on one processor, where there are two. It inherits that from the thread that starts it: a
// taskset in between would be a process more to be measured.
func startOn(cmd *exec.Cmd, cpu int) error {
	if cpu == anywhere || runtime.NumCPU() < 2 {
		return cmd.Start()
	}
	runtime.LockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		runtime.UnlockOSThread()
		return cmd.Start()
	}
	one.Set(nth(&before, cpu))
	if unix.SchedSetaffinity(0, &one) == nil {
		// A thread that cannot get its processors back is not unlocked, and ends with its goroutine.
		defer func() {
			if unix.SchedSetaffinity(0, &before) == nil {
				runtime.UnlockOSThread()
			}
		}()
	}
	return cmd.Start()
}

// nth is the number of the nth processor that this process may use: in a container they need not begin at 0.
func nth(set *unix.CPUSet, n int) int {
	for cpu := range 1024 {
		if set.IsSet(cpu) {
			if n == 0 {
				return cpu
			}
			n--
		}
	}
	return 0
}
