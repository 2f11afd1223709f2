package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shellLine starts a line of the shell in a folder, and collects what it prints.
func shellLine(t *testing.T, dir string, env []string, line string) (cmd *exec.Cmd, out func() string) {
	t.Helper()
	cmd = exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, env, 20*time.Second
	file, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, func() string {
		data, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
}

// fillTwo records two webhooks of the event invoice as received.
const fillTwo = `barb listen --addr :0 --count 2 --ready-file url -q & while [ ! -s url ]; do sleep 0.01; done
for i in 1 2; do barb send $(cat url) -d '{"type":"invoice"}' --db s.db; done; wait`

// startsMore is a command that starts another, which outlives it unless barb ends both.
const startsMore = "sleep 1000 & echo $! $$ > all; echo the child runs; wait"

// A CI server that cancels a job sends a signal. barb ends with 130, and its reports have what was checked until then.
func TestReportsAreWrittenWhenASignalEndsTheCommand(t *testing.T) {
	t.Parallel()
	const flags = " --junit r.xml --tap r.tap --html r.html"
	for name, c := range map[string]struct {
		line    string // $APP answers the first request, and no other
		started string // text that it prints when it is under way
		hangs   bool   // until $APP has had two requests
		found   string // text that the JUnit report has
	}{
		"run":  {"run --expect a" + flags + " -- sh -c '" + startsMore + "'", "the child runs", false, `name="a"`},
		"wait": {"wait --event invoice --count 3 --timeout 1h" + flags, "\n2  ", false, "missing: 2 came"},
		"replay": {"replay 1 2 --to $APP --ordered --assert .answer.status==200 --timeout 1h" + flags, "passed  200", true,
			`name="1 invoice"`},
		"probe": {"probe $APP -s github --secret env:SECRET --timeout 1h" + flags, "A1", true, `name="A1 `},
	} {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(name+" "+signal.String(), func(t *testing.T) {
				t.Parallel()
				dir, env := barbFolder(t)
				env = append(env, "SECRET=barb_test_secret_0123456789abcdef")
				app := newEndpoint(t, func(r *http.Request, n int) {
					if n > 1 {
						<-r.Context().Done()
					}
				})
				if fill, out := shellLine(t, dir, env, fillTwo); fill.Wait() != nil {
					t.Fatal(out())
				}
				cmd, out := shellLine(t, dir, env, "exec barb "+strings.ReplaceAll(c.line, "$APP", app.url))
				until(t, c.started, 30*time.Second, func() bool { return strings.Contains(out(), c.started) })
				if c.hangs {
					until(t, "a request waits", 30*time.Second, func() bool { n, _ := app.count(); return n > 1 })
				}
				_ = cmd.Process.Signal(signal)
				if exit, ok := errors.AsType[*exec.ExitError](cmd.Wait()); !ok || exit.ExitCode() != 130 {
					t.Errorf("it ended with %v\n%s", exit, out())
				}
				for file, text := range map[string]string{"r.xml": c.found, "r.tap": "- interrupted", "r.html": "interrupted"} {
					data, err := os.ReadFile(filepath.Join(dir, file))
					if err != nil || !strings.Contains(string(data), text) {
						t.Errorf("%s has no %q: %v\n%s\n%s", file, text, err, data, out())
					}
				}
				if name == "run" {
					gone(t, dir)
				}
			})
		}
	}
}
