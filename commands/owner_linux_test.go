package commands

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestAnOwnerIsGoneWhenItsProcessIs(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pid := child.Process.Pid
	owner := func(space, born string) string { return fmt.Sprintf("deliver 1234 %s %d %s", space, pid, born) }
	its := owner(processSpace(), bornAt(pid))
	if bornAt(pid) == "" || ownerIsGone(its) || ownerIsGone(newOwner("deliver")) {
		t.Errorf("%q is there, and so are we: %q", its, newOwner("deliver"))
	}
	if !ownerIsGone(owner(processSpace(), "1")) {
		t.Error("its id was another's, who is gone")
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); bornAt(pid) != "" && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if !ownerIsGone(its) {
		t.Error("it was killed, though nobody has asked yet")
	}
	_ = child.Wait()
	if !ownerIsGone(its) {
		t.Error("there is no such process")
	}
	for _, unknown := range []string{owner("another-boot/pid:[1]", "77"), owner("?", "77"), strings.TrimSpace(owner(processSpace(), "")), "listen 1234", "", "deliver 1 " + processSpace() + " -1 7"} {
		if ownerIsGone(unknown) {
			t.Errorf("nothing is known of %q", unknown)
		}
	}
	if ownerIsGone("deliver 1 " + processSpace() + " 1 " + bornAt(1)) {
		t.Error("the first process is there, whoever may look at it")
	}
}
