package command

import (
	"strings"
	"syscall"
	"time"
)

// runVariable marks the processes of a program: whatever the program starts inherits it, also in a process group or a
// session of its own. Its value is the run, a blank, and the owner.
const runVariable = "BARB_EXEC_RUN="

// Mark returns the variable that marks the processes of a run. The owner is a holder of package worker.
func Mark(run, owner string) string { return runVariable + run + " " + owner }

// SignalRun sends a signal to the processes that are marked with a run, and returns how many there are. Signal 0 only
// counts them. It finds those that EndRun finds, but spares a process group; 0: none.
func SignalRun(run string, signal syscall.Signal, but int) int {
	return signalMarked(signal, but, func(mark string) bool { return strings.HasPrefix(mark, run+" ") })
}

// patience is how long the processes of an earlier run may take to end once they were killed.
const patience = 5 * time.Second

// EndRun kills what an earlier run has left, which a listener that was killed or stopped could not end. It reports
// whether nothing is left. Processes that cleared their environment are not found, and on other systems than Linux no
// process is.
func EndRun(run string) bool {
	return endMarked(func(mark string) bool { return strings.HasPrefix(mark, run+" ") })
}

// EndOrphans kills what the programs of owners that are gone have left.
func EndOrphans(isGone func(owner string) bool) {
	_ = endMarked(func(mark string) bool {
		_, owner, _ := strings.Cut(mark, " ")
		return isGone(owner)
	})
}

// endMarked kills the processes whose mark matches until there are none: one may start another while it is looked for.
func endMarked(matches func(mark string) bool) bool {
	for end := time.Now().Add(patience); signalMarked(syscall.SIGKILL, 0, matches) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
