package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startRun starts barb run of a shell script, and waits until the script has written its file "ready".
func startRun(t *testing.T, script string, flags ...string) (cmd *exec.Cmd, dir string, out *bytes.Buffer) {
	t.Helper()
	dir, env := barbFolder(t)
	out = &bytes.Buffer{}
	if err := os.WriteFile(filepath.Join(dir, "run.sh"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(filepath.Join(dir, "barb"), append(append([]string{"run"}, flags...), "--", "sh", "run.sh")...)
	cmd.Args[0] = "barb"
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = 20 * time.Second // something that is left behind would hold the output open
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	until(t, "the command runs", 20*time.Second, func() bool {
		_, err := os.Stat(filepath.Join(dir, "ready"))
		return err == nil
	})
	return cmd, dir, out
}

// gone waits until the processes whose ids a file lists have ended.
func gone(t *testing.T, dir string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "all"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range strings.Fields(string(data)) {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err == nil && !strings.Contains(string(status), "State:\tZ") && !strings.Contains(string(status), "State:\tX") {
			t.Errorf("process %s is left behind:\n%s", pid, status)
		}
	}
}

const stubborn = `
trap '' TERM INT HUP
sh -c "trap '' TERM; echo \$\$ >> all; sleep 1000 & echo \$! >> all; wait; wait" &
setsid sh -c "trap '' TERM; echo \$\$ >> all; while :; do sleep 1; done" &
echo $$ >> all
until [ "$(wc -l < all)" -ge 4 ]; do :; done
touch ready
`

// The command, its children and those in a session of their own ignore SIGTERM. The second signal kills them all.
func TestNothingIsLeftBehindOfACommandThatIgnoresSignals(t *testing.T) {
	t.Parallel()
	cmd, dir, out := startRun(t, stubborn+"while :; do sleep 1; done\n", "--expect", "a")
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	until(t, "barb has ended", 30*time.Second, func() bool { // the first may still be on its way when the second is sent
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err = <-ended:
			return true
		case <-time.After(500 * time.Millisecond):
			return false
		}
	})
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 130 {
		t.Errorf("%v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "0/1 expected") {
		t.Errorf("the report is missing:\n%s", out)
	}
	gone(t, dir)
}

func TestNothingIsLeftBehindOfACommandThatEnds(t *testing.T) {
	t.Parallel()
	cmd, dir, out := startRun(t, stubborn+"exit 3\n")
	if exit, ok := errors.AsType[*exec.ExitError](cmd.Wait()); !ok || exit.ExitCode() != 3 {
		t.Errorf("%v\n%s", exit, out)
	}
	gone(t, dir)
}

// The command has the signal itself, and may end as it likes.
func TestASignalReachesTheCommand(t *testing.T) {
	t.Parallel()
	for signal, word := range map[syscall.Signal]string{syscall.SIGTERM: "TERM", syscall.SIGINT: "INT",
		syscall.SIGHUP: "HUP"} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			script := "trap 'echo got-" + word + "; over=1' " + word + `
echo $$ > all
touch ready
while [ -z "$over" ]; do sleep 0.02; done
sleep 0.3
`
			cmd, dir, out := startRun(t, script)
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if exit, ok := errors.AsType[*exec.ExitError](cmd.Wait()); !ok || exit.ExitCode() != 130 {
				t.Errorf("%v\n%s", exit, out)
			}
			if n := strings.Count(out.String(), "got-"+word); n != 1 { // many programs give up at the second one
				t.Errorf("the command got it %d times:\n%s", n, out)
			}
			gone(t, dir)
		})
	}
}

// A signal that comes while barb waits for what is missing ends it at once.
func TestASignalEndsTheWaitAfterTheCommand(t *testing.T) {
	t.Parallel()
	cmd, dir, out := startRun(t, "sleep 1000 & echo $! > all\ntouch ready\n", "--expect", "a", "--within", "1h")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if exit, ok := errors.AsType[*exec.ExitError](cmd.Wait()); !ok || exit.ExitCode() != 130 {
		t.Errorf("%v\n%s", exit, out)
	}
	gone(t, dir)
}
