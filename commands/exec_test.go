//go:build unix

package commands

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// runs is a gateway that runs a command in a folder of its own.
func runs(t *testing.T, f execFlags) (*gateway, *bytes.Buffer, context.CancelFunc) {
	t.Helper()
	said := &bytes.Buffer{}
	sh := &shell{Env: Env{Out: &bytes.Buffer{}, Err: said, Dir: t.TempDir(), Environ: []string{"PATH=" + os.Getenv("PATH"), "HOME=/home", "LC_ALL=C",
		"BARB_SECRET=s3cret", "WHSEC=s3cret", "AWS_SECRET_ACCESS_KEY=s3cret", "LD_PRELOAD=x"}}, file: &configFile{}}
	sh.paint(false)
	g := &gateway{shell: sh}
	sh.redactor = redact.New(new(catalog.Set).Lookup, nil, nil)
	if f.timeout == 0 {
		f.timeout = ageValue(time.Minute)
	}
	f.concurrency = max(f.concurrency, 1)
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	if err := g.takeExec(ctx, f); err != nil {
		t.Fatal(err)
	}
	return g, said, stop
}

func verified(body []byte, fields ...record.Field) *record.Exchange {
	return &record.Exchange{ID: 17, Kind: record.Received, Scheme: "github", Verdict: record.Verdict{Status: record.Valid},
		Request: record.Request{Method: "POST", URL: "http://h/in?a=%20b", Target: "/in?a=%20b", Header: fields, Body: body}}
}

func (g *gateway) file1(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(g.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestACommandGetsTheWebhookAndNothingElse(t *testing.T) {
	g, _, _ := runs(t, execFlags{command: `sh -c 'env -0 > env; cat > body'`})
	body := append([]byte("\x00\xff$(touch ran)\n"), bytes.Repeat([]byte("x"), 5<<20)...)
	x := verified(body, record.Field{Name: "X-Event", Value: "$(touch ran);`touch ran`\nBARB_ID=1 é\x1b[31m"}, record.Field{Name: "x-oDd", Value: "1"},
		record.Field{Name: "X-Odd", Value: "2"}, record.Field{Name: "X_Odd", Value: "3"}, record.Field{Name: "X-Nul", Value: "a\x00b"},
		record.Field{Name: "Evil=1\nPATH", Value: "x"}, record.Field{Name: "X-Long", Value: strings.Repeat("x", maxVariable+1)}, record.Field{Name: "", Value: "x"})
	x.EventType, x.WebhookID = "a\x00b", "id;$(touch ran)"
	if answer := g.execute(t.Context(), x); answer != nil || x.Run == nil || x.Run.Exit != 0 {
		t.Fatalf("%+v, %+v", answer, x.Run)
	}
	if got := g.file1(t, "body"); got != string(body) {
		t.Errorf("the body has %d bytes, want %d", len(got), len(body))
	}
	env := map[string]string{}
	for kv := range strings.SplitSeq(strings.TrimSuffix(g.file1(t, "env"), "\x00"), "\x00") {
		name, value, _ := strings.Cut(kv, "=")
		env[name] = value
	}
	if mark := env["BARB_EXEC_RUN"]; !strings.HasPrefix(mark, "0 ") {
		t.Errorf("its processes are marked %q", mark)
	}
	for _, own := range []string{"PWD", "OLDPWD", "SHLVL", "_", "BARB_EXEC_RUN"} { // of the shell itself, and the mark
		delete(env, own)
	}
	want := map[string]string{"PATH": os.Getenv("PATH"), "HOME": "/home", "LC_ALL": "C", "BARB_ID": "17", "BARB_WEBHOOK_ID": "id;$(touch ran)",
		"BARB_SCHEME": "github", "BARB_VERDICT": "valid", "BARB_METHOD": "POST", "BARB_PATH": "/in", "BARB_QUERY": "a=%20b",
		"BARB_HEADER_X_EVENT": x.Request.Header[0].Value, "BARB_HEADER_X_ODD": "1, 2"}
	if got, want := fmt.Sprintf("%q", env), fmt.Sprintf("%q", want); got != want {
		t.Errorf("the environment is\n%s, want\n%s", got, want)
	}
	if _, err := os.Stat(filepath.Join(g.Dir, "ran")); err == nil {
		t.Error("a shell read what a sender wrote")
	}
}

// A token scheme sends the secret itself; a command does not get it.
func TestACommandDoesNotInheritTheToken(t *testing.T) {
	g, _, _ := runs(t, execFlags{command: `sh -c 'env > env'`})
	g.redactor = redact.New(new(catalog.Set).Lookup, []sign.Secret{{Name: "env:T", Key: []byte("the-token-itself")}}, nil)
	x := verified(nil, record.Field{Name: "X-Gitlab-Token", Value: "the-token-itself"})
	x.Scheme = "gitlab"
	g.execute(t.Context(), x)
	if env := g.file1(t, "env"); strings.Contains(env, "the-token") || !strings.Contains(env, "BARB_HEADER_X_GITLAB_TOKEN=[secret]") {
		t.Errorf("the environment is %s", env)
	}
}

func TestHowACommandEndedIsTheAnswer(t *testing.T) {
	for command, want := range map[string][2]int{
		"true": {0, 0}, "false": {1, 500}, "sh -c 'exit 77'": {77, 500}, "sh -c 'kill -9 $$'": {137, 500},
		"sh -c 'exec 0<&-; exit 0'":                                         {0, 0}, // with most of a large body unread
		"sh -c 'sleep 1000 & echo $! > left'":                               {0, 0}, // leaves one behind that holds its output
		"sh -c 'trap exit TERM; sleep 1000'":                                {124, 504},
		"sh -c 'sleep 1000 & sleep 1000'":                                   {124, 504},
		"sh -c 'trap \"exit 0\" TERM; while :; do sleep 0.01; done'":        {124, 504},
		"sh -c 'trap : TERM; echo $$ > left; while :; do sleep 1000; done'": {124, 504},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			timeout := time.Minute
			if want[0] == 124 {
				timeout = 300 * time.Millisecond
			}
			g, said, _ := runs(t, execFlags{command: wordValue(command), timeout: ageValue(timeout)})
			x := verified(make([]byte, 10<<20))
			answer := g.execute(t.Context(), x)
			status := 0
			if answer != nil {
				status = answer.Status
			}
			if x.Run.Exit != want[0] || status != want[1] || x.Run.Took > 30*time.Second {
				t.Errorf("exit %d after %s, answered %d, want %v; %s", x.Run.Exit, x.Run.Took, status, want, said)
			}
			if data, err := os.ReadFile(filepath.Join(g.Dir, "left")); err == nil {
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

func TestACommandRunsOnlyForWhatIsVerified(t *testing.T) {
	for _, c := range []struct {
		status     record.VerdictStatus
		unverified bool
		ran        bool
	}{{record.Valid, false, true}, {record.Unchecked, false, false}, {record.Unchecked, true, true}, {record.Invalid, false, false}, {record.Invalid, true, false}} {
		g, _, _ := runs(t, execFlags{command: "true", unverified: c.unverified})
		x := verified(nil)
		x.Verdict.Status = c.status
		x.Request.URL = "http://127.0.0.1/"
		if g.execute(t.Context(), x); (x.Run != nil) != c.ran {
			t.Errorf("%q with --exec-unverified=%t: ran is %t", c.status, c.unverified, x.Run != nil)
		}
	}
}

func TestCommandsWaitForTheirTurnAndNoLonger(t *testing.T) {
	g, said, _ := runs(t, execFlags{command: `sh -c 'mkdir one && sleep 0.02 && rmdir one'`})
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if x := verified(nil); g.execute(context.Background(), x) != nil {
				t.Errorf("two ran at a time: %+v", x.Run)
			}
		})
	}
	group.Wait()
	if said.Len() > 0 {
		t.Errorf("said %s", said)
	}
	g, said, _ = runs(t, execFlags{command: "true", timeout: ageValue(50 * time.Millisecond)})
	g.runner.seats <- struct{}{}
	x := verified(nil)
	if answer := g.execute(t.Context(), x); answer == nil || answer.Status != 503 || answer.Header.Get("Retry-After") == "" || x.Run != nil {
		t.Errorf("without a seat: %+v, %+v", answer, x.Run)
	}
	if !strings.Contains(said.String(), "17 was not worked on") {
		t.Errorf("said %s", said)
	}
}

func TestTheEndOfTheListenerEndsCommands(t *testing.T) {
	g, _, stop := runs(t, execFlags{command: `sh -c 'trap "exit 0" TERM; echo $$ > pid; while :; do sleep 0.01; done'`})
	ended := make(chan *record.Exchange)
	go func() {
		x := verified(nil)
		g.execute(context.Background(), x)
		ended <- x
	}()
	for {
		if data, err := os.ReadFile(filepath.Join(g.Dir, "pid")); err == nil && len(data) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	if x := <-ended; x.Run.Exit != 143 {
		t.Errorf("exit %d", x.Run.Exit)
	}
}

// What a command says is shown with the id, escaped and bounded.
func TestWhatACommandSaysIsShown(t *testing.T) {
	g, said, _ := runs(t, execFlags{command: `sh -c 'printf "one\r\n\033[31mred\n"; echo error >&2; printf last'`})
	g.execute(t.Context(), verified(nil))
	if got, want := said.String(), "barb: 17 exec: one\nbarb: 17 exec: \\x1b[31mred\nbarb: 17 exec: error\nbarb: 17 exec: last\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	for _, flood := range []string{"yes", `yes ""`, `yes | tr -d "[:space:]"`} {
		g, said, _ = runs(t, execFlags{command: wordValue("sh -c '" + flood + " | head -c 10000000'")})
		g.execute(t.Context(), verified(nil))
		if !strings.HasSuffix(said.String(), "(it says more than is shown)\n") || said.Len() > 20*maxOutput {
			t.Errorf("%s: %d bytes, ending %.100q", flood, said.Len(), said.String()[max(0, said.Len()-100):])
		}
		for line := range strings.Lines(said.String()) {
			if len(line) > maxLine+100 {
				t.Fatalf("a line of %d bytes", len(line))
			}
		}
	}
}

func TestCommandLinesAreSplitAsAShellWould(t *testing.T) {
	for line, want := range map[string][]string{
		`a 'b c' "d e" f\ g ""`: {"a", "b c", "d e", "f g", ""}, `a $(id) $HOME *`: {"a", "$(id)", "$HOME", "*"}, `a 'x|y;z'`: {"a", "x|y;z"},
	} {
		if got, err := splitCommand(line); err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
	for _, line := range []string{"", "  ", "''", "a | b", "é; b", "a > f", "a &", "a 'b", `a "b`, `a \`} {
		if got, err := splitCommand(line); err == nil || classify(err).Code != fail.ExitUsage {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
}
