package commands

import (
	"fmt"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
)

// runVariable marks the processes of a command: whatever the command starts inherits it, also in a process group or a
// session of its own. Its value is the run, a blank, and the owner of the command as worker.NewHolder writes it.
const runVariable = "BARB_EXEC_RUN="

// runOf names the runs of an entry of the queue, unlike those of every other entry and history.
func runOf(q *store.Queued) string {
	return fmt.Sprintf("%d-%d-%d", q.ID, q.Thread, q.Created.UnixNano())
}

// strayPatience is how long the processes of an earlier run may take to end once they were killed.
const strayPatience = 5 * time.Second

// endRun ends what an earlier run of an entry has left, before the entry is run again: a killed or stopped listener could not
// do it. It reports whether nothing is left.
func endRun(q *store.Queued) bool {
	run := runOf(q) + " "
	return endStrays(func(mark string) bool { return strings.HasPrefix(mark, run) })
}

// endOrphans ends the commands of listeners of this machine that were killed.
func endOrphans() {
	_ = endStrays(func(mark string) bool {
		_, owner, _ := strings.Cut(mark, " ")
		return worker.IsGone(owner)
	})
}

// endStrays kills the processes whose mark matches until there are none: one may start another while it is looked for.
func endStrays(matches func(mark string) bool) bool {
	for end := time.Now().Add(strayPatience); killMarked(matches) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
