//go:build unix

package gateway

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/listen/command"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// running is a gateway that runs a command in a folder of its own, and the events that it tells.
func running(t *testing.T, args ...string) (*Gateway, *[]Event) {
	t.Helper()
	g, events := listening(t, &Lane{})
	g.Redactor = redact.New(g.Schemes.Lookup, nil, nil)
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	g.Runner = &Runner{Command: &command.Command{Path: "/bin/sh", Args: append([]string{"sh"}, args...), Dir: t.TempDir(),
		Environ: []string{"PATH=" + os.Getenv("PATH")}, Owner: "test", Timeout: time.Minute, Slots: make(chan struct{}, 1),
		Stopping: ctx}}
	return g, events
}

func verified(body []byte, fields ...record.Field) *record.Exchange {
	return &record.Exchange{ID: 17, Kind: record.Received, Scheme: "github", Verdict: record.Verdict{Status: record.Valid},
		Request: record.Request{Method: "POST", URL: "http://h/in?a=%20b", Target: "/in?a=%20b", Header: fields, Body: body}}
}

// A token scheme sends the secret itself; a command does not get it.
func TestACommandDoesNotInheritTheToken(t *testing.T) {
	g, _ := running(t, "-c", "env > env")
	g.Redactor = redact.New(new(catalog.Set).Lookup, []sign.Secret{{Name: "env:T", Key: []byte("the-token-itself")}}, nil)
	x := verified(nil, record.Field{Name: "X-Gitlab-Token", Value: "the-token-itself"})
	x.Scheme = "gitlab"
	g.Receive(x).execute(t.Context())
	env, err := os.ReadFile(filepath.Join(g.Runner.Dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(env); strings.Contains(text, "the-token") ||
		!strings.Contains(text, "BARB_HOOK_HEADER_X_GITLAB_TOKEN=[secret]") {
		t.Errorf("the environment is %s", text)
	}
}

func TestHowACommandEndedIsTheAnswer(t *testing.T) {
	for line, want := range map[string][2]int{
		"exit 0": {0, 0}, "exit 1": {1, 500}, "exit 77": {77, 500}, "sleep 1000": {124, 504},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			g, _ := running(t, "-c", line)
			if want[0] == command.TimedOut {
				g.Runner.Timeout = 300 * time.Millisecond
			}
			x := verified(nil)
			status := 0
			if answer := g.Receive(x).execute(t.Context()); answer != nil {
				status = answer.Status
			}
			if x.Run.Exit != want[0] || status != want[1] {
				t.Errorf("exit %d, answered %d, want %v", x.Run.Exit, status, want)
			}
		})
	}
}

func TestACommandRunsOnlyForWhatIsVerified(t *testing.T) {
	valid, learnt := record.Verdict{Status: record.Valid}, record.Verdict{Status: record.Valid, Secret: "handshake:asana"}
	unchecked, invalid := record.Verdict{Status: record.Unchecked}, record.Verdict{Status: record.Invalid}
	for i, c := range []struct {
		verdict    record.Verdict
		unverified bool
		page       string
		status     int // of the answer; 0: none
		ran        bool
	}{
		{valid, false, "", 0, true}, {valid, false, "Origin", 0, true}, {valid, true, "Origin", 0, true},
		{learnt, false, "", 503, false}, {learnt, true, "", 0, true}, {learnt, true, "Origin", 403, false},
		{unchecked, false, "", 0, false}, {unchecked, true, "", 0, true}, {unchecked, true, "Origin", 403, false},
		{invalid, false, "", 0, false}, {invalid, true, "", 0, false},
	} {
		g, events := running(t, "-c", "true")
		g.Runner.Unverified = c.unverified
		x := verified(nil)
		if x.Verdict = c.verdict; c.page != "" {
			x.Request.Header = append(x.Request.Header, record.Field{Name: c.page, Value: "http://evil.example"})
		}
		answer, status := g.Receive(x).execute(t.Context()), 0
		if answer != nil {
			status = answer.Status
		}
		if (x.Run != nil) != c.ran || status != c.status {
			t.Errorf("%d: ran is %t, answered %d", i, x.Run != nil, status)
		}
		if refused := slices.Contains(kinds(*events), CommandRefused); refused != (c.status != 0) {
			t.Errorf("%d: told %v", i, kinds(*events))
		}
	}
}

func TestACommandThatFindsNoRoomIsAnsweredLater(t *testing.T) {
	g, events := running(t, "-c", "true")
	g.Runner.Timeout = 50 * time.Millisecond
	g.Runner.Slots <- struct{}{}
	x := verified(nil)
	answer := g.Receive(x).execute(t.Context())
	if answer == nil || answer.Status != 503 || answer.Header.Get("Retry-After") != "5" || x.Run != nil {
		t.Errorf("without room: %+v, %+v", answer, x.Run)
	}
	wantKinds(t, events, CommandBusy)
}

// What a command says is told as it is, a line at a time, with the id.
func TestWhatACommandSaysIsTold(t *testing.T) {
	g, events := running(t, "-c", `printf "one\r\n\033[31mred\n"; echo error >&2; printf last`)
	g.Receive(verified(nil)).execute(t.Context())
	var lines []string
	for _, e := range *events {
		if e.Kind != CommandSays || e.ID != 17 {
			t.Errorf("told %+v", e)
		}
		lines = append(lines, e.Detail)
	}
	if want := []string{"one", "\x1b[31mred", "error", "last"}; !slices.Equal(lines, want) {
		t.Errorf("said %q, want %q", lines, want)
	}
}

func TestACommandThatCannotBeStartedIsTold(t *testing.T) {
	g, events := running(t)
	g.Runner.Path = filepath.Join(g.Runner.Dir, "nothing")
	x := verified(nil)
	answer := g.Receive(x).execute(t.Context())
	if answer == nil || answer.Status != 500 || x.Run.Exit != command.NotStarted {
		t.Errorf("%+v, %+v", answer, x.Run)
	}
	wantKinds(t, events, CommandUnrun)
}
