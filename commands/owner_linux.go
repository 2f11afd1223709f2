package commands

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// processSpace names what a process id is an id in: this boot of this machine, and there the process namespace, of which
// every container has its own. "" when it cannot be told.
func processSpace() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, linkErr := os.Readlink("/proc/self/ns/pid")
	if err != nil || linkErr != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + space
}

// bornAt is when a process began, in ticks since the boot: with it an id that was given again is told from the one before.
// "" when there is no such process, or one that has ended and only waits to be asked how.
func bornAt(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // the name, which may be anything, stands before
	if err != nil || len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

// hasEnded reports whether a process of this space has certainly ended. One that cannot be looked at has not.
func hasEnded(pid int, born string) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	if _, err := os.Stat("/proc/" + strconv.Itoa(pid) + "/stat"); err != nil {
		return false // hidden, or it ends just now
	}
	return bornAt(pid) != born
}
