//go:build unix

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/store/record"
)

// newCommand is a command line in a folder of its own, and what ends it.
func newCommand(t *testing.T, line string, timeout time.Duration) (*Command, context.CancelFunc) {
	t.Helper()
	args, err := Split(line)
	if err != nil {
		t.Fatal(err)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	environ := Inherited([]string{"PATH=" + os.Getenv("PATH"), "HOME=/home", "LC_ALL=C", "WHSEC=s3cret",
		"AWS_SECRET_ACCESS_KEY=s3cret", "LD_PRELOAD=x", "BARB_KEPT=1", "BARB_HOOK_ID=1"},
		func(name string) bool { return name == "BARB_KEPT" })
	return &Command{Path: path, Args: args, Dir: t.TempDir(), Environ: environ, Owner: "exec of a test", Timeout: timeout,
		Slots: make(chan struct{}, 1), Stopping: ctx}, stop
}

// run runs a command to its end, and returns what it printed.
func run(t *testing.T, c *Command, x *record.Exchange) (*record.Run, string) {
	t.Helper()
	var said strings.Builder
	ran, err := c.Run(context.Background(), x, "0", func(line string) { said.WriteString(line + "\n") })
	if err != nil {
		t.Error(err)
	}
	return ran, said.String()
}

func verified(body []byte, fields ...record.Field) *record.Exchange {
	request := record.Request{Method: "POST", URL: "http://h/in?a=%20b", Target: "/in?a=%20b", Header: fields, Body: body}
	return &record.Exchange{ID: 17, Kind: record.Received, Scheme: "github", Request: request, Remote: "192.0.2.1:5",
		Verdict: record.Verdict{Status: record.Valid}}
}

func (c *Command) file(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(c.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAProgramGetsTheWebhookAndNothingElse(t *testing.T) {
	c, _ := newCommand(t, `sh -c 'env -0 > env; cat > body'`, time.Minute)
	body := append([]byte("\x00\xff$(touch ran)\n"), bytes.Repeat([]byte("x"), 5<<20)...)
	x := verified(body, []record.Field{
		{Name: "X-Event", Value: "$(touch ran);`touch ran`\nBARB_HOOK_ID=1 é\x1b[31m"},
		{Name: "x-oDd", Value: "1"}, {Name: "X-Odd", Value: "2"}, {Name: "X_Odd", Value: "3"},
		{Name: "X-Nul", Value: "a\x00b"},
		{Name: "Evil=1\nPATH", Value: "x"}, {Name: "X-Long", Value: strings.Repeat("x", maxVariable+1)},
		{Name: "", Value: "x"},
	}...)
	x.EventType, x.WebhookID = "a\x00b", "id;$(touch ran)"
	if ran, _ := run(t, c, x); ran.Exit != 0 {
		t.Fatalf("%+v", ran)
	}
	if got := c.file(t, "body"); got != string(body) {
		t.Errorf("the body has %d bytes, want %d", len(got), len(body))
	}
	env := map[string]string{}
	for kv := range strings.SplitSeq(strings.TrimSuffix(c.file(t, "env"), "\x00"), "\x00") {
		name, value, _ := strings.Cut(kv, "=")
		env[name] = value
	}
	if mark := env["BARB_EXEC_RUN"]; mark != "0 exec of a test" {
		t.Errorf("its processes are marked %q", mark)
	}
	for _, own := range []string{"PWD", "OLDPWD", "SHLVL", "_", "BARB_EXEC_RUN"} { // of the shell itself, and the mark
		delete(env, own)
	}
	want := map[string]string{"PATH": os.Getenv("PATH"), "HOME": "/home", "LC_ALL": "C", "BARB_KEPT": "1",
		"BARB_HOOK_ID": "17", "BARB_HOOK_WEBHOOK_ID": "id;$(touch ran)", "BARB_HOOK_SCHEME": "github",
		"BARB_HOOK_VERDICT": "valid", "BARB_HOOK_METHOD": "POST", "BARB_HOOK_PATH": "/in", "BARB_HOOK_QUERY": "a=%20b",
		"BARB_HOOK_REMOTE":         "192.0.2.1:5",
		"BARB_HOOK_HEADER_X_EVENT": x.Request.Header[0].Value, "BARB_HOOK_HEADER_X_ODD": "1, 2"}
	if got, want := fmt.Sprintf("%q", env), fmt.Sprintf("%q", want); got != want {
		t.Errorf("the environment is\n%s, want\n%s", got, want)
	}
	if _, err := os.Stat(filepath.Join(c.Dir, "ran")); err == nil {
		t.Error("a shell read what a sender wrote")
	}
}

func TestHowAProgramEnds(t *testing.T) {
	for command, want := range map[string]int{
		"true": 0, "false": 1, "sh -c 'exit 77'": 77, "sh -c 'kill -9 $$'": 137,
		"sh -c 'exec 0<&-; exit 0'":                                         0, // with most of a large body unread
		"sh -c 'sleep 1000 & echo $! > left'":                               0, // leaves one behind that holds its output
		"sh -c 'trap exit TERM; sleep 1000'":                                124,
		"sh -c 'sleep 1000 & sleep 1000'":                                   124,
		"sh -c 'trap \"exit 0\" TERM; while :; do sleep 0.01; done'":        124,
		"sh -c 'trap : TERM; echo $$ > left; while :; do sleep 1000; done'": 124,
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			timeout := time.Minute
			if want == 124 {
				timeout = 300 * time.Millisecond
			}
			c, _ := newCommand(t, command, timeout)
			if ran, said := run(t, c, verified(make([]byte, 10<<20))); ran.Exit != want || ran.Took > 30*time.Second {
				t.Errorf("exit %d after %s, want %d; %s", ran.Exit, ran.Took, want, said)
			}
			if data, err := os.ReadFile(filepath.Join(c.Dir, "left")); err == nil {
				isGone(t, strings.TrimSpace(string(data)))
			}
		})
	}
}

// isGone waits until a process that was killed has gone: as another's child it is not ours to wait for.
func isGone(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n))
		if syscall.Kill(n, 0) != nil || err == nil && strings.Contains(string(stat), ") Z ") { // dead, and nobody has looked
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still there", n)
		}
	}
}

func TestAProgramThatCannotBeStartedIsAnError(t *testing.T) {
	c, _ := newCommand(t, "true", time.Minute)
	c.Path = filepath.Join(c.Dir, "gone")
	ran, err := c.Run(t.Context(), verified(nil), "0", func(string) {})
	if !errors.Is(err, os.ErrNotExist) || ran.Exit != NotStarted {
		t.Errorf("%+v, %v", ran, err)
	}
}

func TestProgramsWaitForTheirTurnAndNoLonger(t *testing.T) {
	c, stop := newCommand(t, `sh -c 'mkdir one && sleep 0.02 && rmdir one'`, time.Minute)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if !c.Acquire(context.Background()) {
				t.Error("no turn")
				return
			}
			defer c.Release()
			if ran, _ := run(t, c, verified(nil)); ran.Exit != 0 {
				t.Errorf("two ran at a time: %+v", ran)
			}
		})
	}
	group.Wait()
	c.Slots <- struct{}{}
	c.Timeout = 50 * time.Millisecond
	if c.Acquire(t.Context()) {
		t.Error("two may run at a time")
	}
	stop()
	if c.Timeout = time.Hour; c.Acquire(t.Context()) {
		t.Error("one may run after the end")
	}
}

func TestTheEndEndsPrograms(t *testing.T) {
	c, stop := newCommand(t, `sh -c 'trap "exit 0" TERM; echo $$ > pid; while :; do sleep 0.01; done'`, time.Minute)
	ended := make(chan *record.Run)
	go func() {
		ran, _ := run(t, c, verified(nil))
		ended <- ran
	}()
	for {
		if data, err := os.ReadFile(filepath.Join(c.Dir, "pid")); err == nil && len(data) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	if ran := <-ended; ran.Exit != 143 {
		t.Errorf("exit %d", ran.Exit)
	}
}

func TestWhatAProgramPrintsIsBounded(t *testing.T) {
	c, _ := newCommand(t, `sh -c 'printf "one\r\ntwo\n"; echo error >&2; printf last'`, time.Minute)
	if _, said := run(t, c, verified(nil)); said != "one\ntwo\nerror\nlast\n" {
		t.Errorf("said %q", said)
	}
	for _, flood := range []string{"yes", `yes ""`, `yes | tr -d "[:space:]"`} {
		c, _ := newCommand(t, "sh -c '"+flood+" | head -c 10000000'", time.Minute)
		_, said := run(t, c, verified(nil))
		if !strings.HasSuffix(said, "(output truncated)\n") || len(said) > 2*maxOutput {
			t.Errorf("%s: %d bytes, ending %.100q", flood, len(said), said[max(0, len(said)-100):])
		}
		for line := range strings.Lines(said) {
			if len(line) > maxLine+1 {
				t.Fatalf("a line of %d bytes", len(line))
			}
		}
	}
}

func TestALineIsSplitAsAShellWould(t *testing.T) {
	for line, want := range map[string][]string{
		`a 'b c' "d e" f\ g ""`: {"a", "b c", "d e", "f g", ""},
		`a $(id) $HOME *`:       {"a", "$(id)", "$HOME", "*"},
		`a 'x|y;z'`:             {"a", "x|y;z"},
	} {
		if got, err := Split(line); err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
	for line, want := range map[string]error{
		"": ErrEmpty, "  ": ErrEmpty, "''": ErrEmpty, "a 'b": ErrQuotes, `a "b`: ErrQuotes, `a \`: ErrQuotes,
	} {
		if got, err := Split(line); !errors.Is(err, want) {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
	for line, want := range map[string]rune{"a | b": '|', "é; b": ';', "a > f": '>', "a &": '&'} {
		got, err := Split(line)
		if err == nil || !strings.HasPrefix(err.Error(), string(want)+" needs a shell") {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
}
