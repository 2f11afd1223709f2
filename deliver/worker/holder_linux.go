package worker

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// pidNamespace returns the name of the space in which a process id is unique: this boot of this machine, and its
// process namespace, since each container has its own. It returns "" when that cannot be told.
func pidNamespace() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, linkErr := os.Readlink("/proc/self/ns/pid")
	if err != nil || linkErr != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + space
}

// startTime returns when a process began, in ticks since the boot, which tells it from a later process with the same
// id. It returns "" when there is no such process, or it has ended and its parent has not asked for its exit code
// yet.
func startTime(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	afterName := stat[bytes.LastIndexByte(stat, ')')+1:] // the name may hold anything
	fields := strings.Fields(string(afterName))
	if err != nil || len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

// hasEnded reports whether a process of this namespace has certainly ended. A process that cannot be looked at has
// not.
func hasEnded(pid int, started string) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	if _, err := os.Stat("/proc/" + strconv.Itoa(pid) + "/stat"); err != nil {
		return false // hidden, or it ends just now
	}
	return startTime(pid) != started
}
