//go:build unix

package commands

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// runs is a listener that runs a command in a folder of its own.
func runs(t *testing.T, f execFlags) (*listener, *bytes.Buffer, context.CancelFunc) {
	t.Helper()
	said := &bytes.Buffer{}
	sh := &shell{Env: Env{Out: &bytes.Buffer{}, Err: said, Dir: t.TempDir(), Environ: []string{"PATH=" + os.Getenv("PATH"), "HOME=/home", "LC_ALL=C",
		"BARB_SECRET=s3cret", "WHSEC=s3cret", "AWS_SECRET_ACCESS_KEY=s3cret", "LD_PRELOAD=x"}}, file: &configFile{}}
	sh.paint(false)
	g := &listener{shell: sh}
	sh.redactor = redact.New(new(catalog.Set).Lookup, nil, nil)
	if f.timeout == 0 {
		f.timeout = flags.Duration(time.Minute)
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

func (g *listener) file1(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(g.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A token scheme sends the secret itself; a command does not get it.
func TestACommandDoesNotInheritTheToken(t *testing.T) {
	g, _, _ := runs(t, execFlags{command: `sh -c 'env > env'`})
	g.redactor = redact.New(new(catalog.Set).Lookup, []sign.Secret{{Name: "env:T", Key: []byte("the-token-itself")}}, nil)
	x := verified(nil, record.Field{Name: "X-Gitlab-Token", Value: "the-token-itself"})
	x.Scheme = "gitlab"
	g.execute(t.Context(), x)
	if env := g.file1(t, "env"); strings.Contains(env, "the-token") || !strings.Contains(env, "BARB_HOOK_HEADER_X_GITLAB_TOKEN=[secret]") {
		t.Errorf("the environment is %s", env)
	}
}

func TestHowACommandEndedIsTheAnswer(t *testing.T) {
	for command, want := range map[string][2]int{
		"true": {0, 0}, "false": {1, 500}, "sh -c 'exit 77'": {77, 500}, "sh -c 'sleep 1000'": {124, 504},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			timeout := time.Minute
			if want[0] == 124 {
				timeout = 300 * time.Millisecond
			}
			g, said, _ := runs(t, execFlags{command: flags.Word(command), timeout: flags.Duration(timeout)})
			x := verified(nil)
			answer := g.execute(t.Context(), x)
			status := 0
			if answer != nil {
				status = answer.Status
			}
			if x.Run.Exit != want[0] || status != want[1] {
				t.Errorf("exit %d, answered %d, want %v; %s", x.Run.Exit, status, want, said)
			}
		})
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

func TestACommandThatFindsNoRoomIsAnsweredLater(t *testing.T) {
	g, said, _ := runs(t, execFlags{command: "true", timeout: flags.Duration(50 * time.Millisecond)})
	g.runner.Slots <- struct{}{}
	x := verified(nil)
	if answer := g.execute(t.Context(), x); answer == nil || answer.Status != 503 || answer.Header.Get("Retry-After") == "" || x.Run != nil {
		t.Errorf("without room: %+v, %+v", answer, x.Run)
	}
	if !strings.Contains(said.String(), "17 was not worked on") {
		t.Errorf("said %s", said)
	}
}

// What a command says is shown with the id, and escaped.
func TestWhatACommandSaysIsShown(t *testing.T) {
	g, said, _ := runs(t, execFlags{command: `sh -c 'printf "one\r\n\033[31mred\n"; echo error >&2; printf last'`})
	g.execute(t.Context(), verified(nil))
	if got, want := said.String(), "barb: 17 exec: one\nbarb: 17 exec: \\x1b[31mred\nbarb: 17 exec: error\nbarb: 17 exec: last\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

// A barb in the command finds the settings and the history of the listener, and no secret.
func TestACommandInheritsTheSettingsAndNoSecret(t *testing.T) {
	sh := &shell{file: &configFile{}}
	sh.finder.Getenv = func(string) string { return "s3cret" }
	if _, err := sh.finder.Find(t.Context(), []string{"env:BARB_TIMEOUT"}); err != nil {
		t.Fatal(err)
	}
	sh.Environ = []string{"PATH=/bin", "BARB_SCHEME=stripe", "BARB_CONFIG=/barb.toml", "BARB_TRUST=1", "BARB_SECRET=s3cret",
		"BARB_TIMEOUT=s3cret", "BARB_TOKEN=s3cret", "BARB_DB=/before.db", "BARB_HOOK_ID=1", "BARB_EXEC_RUN=1 x"}
	want := []string{"PATH=/bin", "BARB_SCHEME=stripe", "BARB_CONFIG=/barb.toml", "BARB_TRUST=1", "BARB_DB=/before.db"}
	if got := sh.inherited(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestACommandLineThatNeedsAShellIsAMistake(t *testing.T) {
	for _, line := range []string{"", "  ", "''", "a | b", "é; b", "a > f", "a &", "a 'b", `a "b`, `a \`} {
		if got, err := splitCommand(line); err == nil || classify(err).Code != fail.ExitUsage {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
}
