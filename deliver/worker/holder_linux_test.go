package worker

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestAHolderIsGoneWhenItsProcessIs(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pid := child.Process.Pid
	holder := func(space, started string) string { return fmt.Sprintf("deliver 1234 %s %d %s", space, pid, started) }
	its := holder(pidNamespace(), startTime(pid))
	if startTime(pid) == "" || IsGone(its) || IsGone(NewHolder("deliver")) {
		t.Errorf("%q is there, and so are we: %q", its, NewHolder("deliver"))
	}
	if !IsGone(holder(pidNamespace(), "1")) {
		t.Error("its id was another's, who is gone")
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); startTime(pid) != "" && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if !IsGone(its) {
		t.Error("it was killed, though nobody has asked yet")
	}
	_ = child.Wait()
	if !IsGone(its) {
		t.Error("there is no such process")
	}
	for _, unknown := range []string{holder("another-boot/pid:[1]", "77"), holder("?", "77"),
		strings.TrimSpace(holder(pidNamespace(), "")), "listen 1234", "",
		"deliver 1 " + pidNamespace() + " -1 7"} {
		if IsGone(unknown) {
			t.Errorf("nothing is known of %q", unknown)
		}
	}
	if IsGone("deliver 1 " + pidNamespace() + " 1 " + startTime(1)) {
		t.Error("the first process is there, whoever may look at it")
	}
}
