package commands

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent has the kernel end the command when barb is killed. It goes by the thread that starts the command, which
// must therefore outlive it.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// killMarked kills the processes of this user that have a matching run in their environment, and returns how many there
// are. One that has cleared its environment is not found.
func killMarked(matches func(mark string) bool) (n int) {
	folders, _ := filepath.Glob("/proc/[0-9]*") // without /proc nothing is found
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil || pid == os.Getpid() || !isOurs(folder) {
			continue
		}
		environment, err := os.ReadFile(folder + "/environ")
		if err != nil {
			continue // it has ended
		}
		for kv := range bytes.SplitSeq(environment, []byte{0}) {
			if mark, ok := strings.CutPrefix(string(kv), runVariable); ok && matches(mark) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				n++
				break
			}
		}
	}
	return n
}

// isOurs reports whether a process belongs to this user: root can look at others'.
func isOurs(folder string) bool {
	info, err := os.Stat(folder)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
