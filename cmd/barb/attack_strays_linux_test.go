package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What a command has started is ended before the command runs again, however its listener was lost.
func TestACommandRunsAgainAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		start string // of something that goes on for long, its id in $!
		stop  bool   // the listener is stopped, not killed
	}{
		"a child in the background": {`sleep 1000 &`, false},
		"in a session of its own":   {`setsid sleep 1000 &`, false},
		"a grandchild":              {`sh -c 'echo $$ >> all; sleep 1000 & echo $! >> all; wait' &`, false},
		"a stopped listener":        {`sleep 1000 &`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			script := fmt.Sprintf(`
if test -e ran; then
  for pid in $(cat all); do
    state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' /proc/$pid/status 2>/dev/null)
    case $state in ''|Z|X) ;; *) echo $pid >> beside ;; esac
  done
  echo again >> ran
  exit 0
fi
echo $$ >> all
%s
echo $! >> all
echo first >> ran
wait
`, c.start)
			if err := os.WriteFile(filepath.Join(dir, "run.sh"), []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			flags := []string{"--exec", "sh run.sh", "--exec-unverified", "--exec-timeout", "10m", "--mode", "ack"}
			first := startListener(t, dir, flags...)
			if status := post(first.url, "1", 10); status != http.StatusOK {
				t.Fatalf("answered %d\n%s", status, first.out)
			}
			until(t, "it runs", 20*time.Second, func() bool { return lines(t, dir, "ran") == 1 })
			if c.stop {
				halt(t, first.cmd)
				history := theHistory(t, dir)
				q, err := history.GetQueued(t.Context(), 1)
				if err == nil {
					_, err = history.Release(t.Context(), q.Owner, time.Now()) // as at the end of its lease
				}
				if err != nil {
					t.Fatal(err)
				}
			} else {
				first.kill(t)
			}
			startListener(t, dir, flags...)
			until(t, "it runs again", 60*time.Second,
				func() bool { return lines(t, dir, "ran") == 2 && entriesOf(t, dir, "--state", "done") == 1 })
			if c.stop {
				resume(t, first.cmd)
				until(t, "the first listener has seen it", 20*time.Second,
					func() bool { return post(first.url, "2", 10) == http.StatusOK && lines(t, dir, "ran") > 2 })
			}
			if n := lines(t, dir, "beside"); n != 0 {
				t.Errorf("%d processes of the first run were there at the second", n)
			}
			if got := runBarb(t, dir, "show", "1", "--json", "--jq", ".exec_exit"); got != "0\n" {
				t.Errorf("its exit code is %s", got)
			}
		})
	}
}

// A listener that answers with the exit code has no entry to run again: what its commands have left ends when the next
// listener with --exec begins.
func TestAListenerEndsTheCommandsOfOneThatWasKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := "setsid sleep 1000 & echo $! > left; wait"
	if err := os.WriteFile(filepath.Join(dir, "run.sh"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--exec", "sh run.sh", "--exec-unverified", "--exec-timeout", "10m"}
	first := startListener(t, dir, flags...)
	answered := make(chan int, 1)
	go func() { answered <- post(first.url, "1", 10) }()
	left := numberIn(t, dir, "left")
	first.kill(t)
	<-answered
	startListener(t, dir, flags...)
	if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", left)); err == nil && len(state) > 0 {
		t.Errorf("process %d is still there", left)
	}
}
