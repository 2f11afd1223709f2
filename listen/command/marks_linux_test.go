package command

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// marked starts a process that is marked with a run.
func marked(t *testing.T, run, owner string) (ended chan struct{}) {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.Env = []string{Mark(run, owner)}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	return ended
}

func isOver(ended chan struct{}, within time.Duration) bool {
	select {
	case <-ended:
		return true
	case <-time.After(within):
		return false
	}
}

func TestWhatARunHasLeftIsEnded(t *testing.T) {
	ours := "run-" + t.Name()
	mine, longer, orphan := marked(t, ours, "a"), marked(t, ours+"0", "a"), marked(t, "other", "gone "+t.Name())
	if !EndRun(ours) {
		t.Error("something is left")
	}
	if !isOver(mine, 10*time.Second) || isOver(longer, 10*time.Millisecond) || isOver(orphan, 10*time.Millisecond) {
		t.Error("not that run and no other was ended")
	}
	EndOrphans(func(owner string) bool { return strings.HasSuffix(owner, t.Name()) })
	if !isOver(orphan, 10*time.Second) || isOver(longer, 10*time.Millisecond) {
		t.Error("not the orphans and no others were ended")
	}
}
