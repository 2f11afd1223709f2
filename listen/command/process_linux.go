package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent has the kernel end the program when barb is killed. The kernel goes by the thread that starts the
// program, so that thread must outlive it.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// signalMarked sends a signal to the processes of this user whose environment has a mark that matches, and returns how
// many there are, but for those of the process group but. Signal 0 only counts them.
func signalMarked(signal syscall.Signal, but int, matches func(mark string) bool) (n int) {
	folders, _ := filepath.Glob("/proc/[0-9]*") // without /proc nothing is found
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil || pid == os.Getpid() || !isOurs(folder) {
			continue
		}
		if group, err := syscall.Getpgid(pid); but != 0 && (err != nil || group == but) {
			continue
		}
		environment, err := os.ReadFile(folder + "/environ")
		if err != nil {
			continue // it has ended
		}
		for kv := range bytes.SplitSeq(environment, []byte{0}) {
			if mark, ok := strings.CutPrefix(string(kv), runVariable); ok && matches(mark) {
				_ = syscall.Kill(pid, signal)
				n++
				break
			}
		}
	}
	return n
}

// isOurs reports whether a process belongs to this user. Root can look at all of them.
func isOurs(folder string) bool {
	info, err := os.Stat(folder)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
