//go:build unix

package gateway

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/command"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store"
)

// commanding is a gateway that answers first and then runs a shell script for what nothing checks.
func commanding(t *testing.T, script string, targets ...route.Target) (*Gateway, *telling) {
	t.Helper()
	g, told := openGateway(t, targets...)
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	g.Runner = &Runner{Unverified: true, Command: &command.Command{Path: "/bin/sh", Args: []string{"sh", "-c", script},
		Dir: t.TempDir(), Environ: []string{"PATH=" + os.Getenv("PATH")}, Owner: "test", Timeout: time.Minute,
		Slots: make(chan struct{}, 2), Stopping: ctx}}
	g.Policy.RetryOn = deliver.DefaultRetryOn()
	g.Queue = &Queue{Ack: true, Concurrency: 1, Limits: &deliver.Limits{}, Order: byRoute}
	if err := g.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g, told
}

// drained runs the queue until nothing in it is due.
func drained(t *testing.T, g *Gateway) {
	t.Helper()
	start(t, g)(false)
}

func TestACommandRunsOnceItsSenderHasAnAnswerAndTheAppsFollow(t *testing.T) {
	a := &app{begun: time.Now()}
	g, told := commanding(t, "cat > body", route.Target{URL: testApp})
	g.Client = a
	same(t, "answered", through(t, g, hooked("a", "one")).Response.Status, http.StatusOK)
	same(t, "queue", states(t, g.History), "3 waiting 0")
	drained(t, g)
	body, err := os.ReadFile(filepath.Join(g.Runner.Dir, "body"))
	if err != nil || string(body) != "one" {
		t.Errorf("%q, %v", body, err)
	}
	if e := told.of(CommandRan); len(e) != 1 || e[0].Exchange.Run.Exit != 0 {
		t.Errorf("told %+v", e)
	}
	if got := a.came(); !strings.HasPrefix(got, "one @") {
		t.Errorf("came %q", got)
	}
	same(t, "queue", states(t, g.History), "3 done 1, 1 done 1")
}

func TestACommandThatFailsIsGivenUp(t *testing.T) {
	g, told := commanding(t, "exit 3", route.Target{URL: testApp})
	through(t, g, hooked("a", "one"))
	drained(t, g)
	same(t, "queue", states(t, g.History), "3 dead 1 the command failed: exit 3")
	if e := told.of(CommandGivenUp); len(e) != 1 || e[0].ID != 1 || e[0].Entry != 1 {
		t.Errorf("told %+v", e)
	}
	kept, err := g.History.Get(t.Context(), 1)
	if err != nil || kept.Run == nil || kept.Run.Exit != 3 {
		t.Errorf("%+v, %v", kept, err)
	}
}

// The end of the listener is not the command's fault: it runs again.
func TestACommandThatTheEndCutsOffRunsAgain(t *testing.T) {
	g, _ := commanding(t, "exit 3")
	x := received("/in", "a", "{}", "")
	stopped, stop := context.WithCancel(t.Context())
	stop()
	x.ID, x.Run = 1, g.runCommand(t.Context(), x, "1")
	r := g.Queue.ran(stopped, x, x, &store.Queued{ID: 1})
	same(t, "state", r.State, store.Waiting)
	same(t, "why", r.Why, "the listener stopped")
}

func TestWhatTheCommandNoLongerRunsForIsLeftToOthers(t *testing.T) {
	g, told := commanding(t, "true")
	through(t, g, hooked("a", "one"))
	g.Runner.Unverified = false
	drained(t, g)
	same(t, "ran", len(told.of(CommandRan)), 0)
	if e := told.of(LeftBehind); len(e) != 1 || !strings.HasPrefix(e[0].Err.Error(), "its signature was not verified") {
		t.Errorf("told %+v", e)
	}
}

// A listener in another folder, or with other arguments, runs another command.
func TestTheTargetOfACommandTellsItFromOthers(t *testing.T) {
	g, _ := commanding(t, "true")
	target := g.Queue.commandTarget(g.Lanes.Rest)
	same(t, "delivers", g.Queue.Delivers(target), true)
	program, details := CommandOf(target)
	same(t, "program", program, "/bin/sh")
	same(t, "details", details, `folder="`+g.Runner.Dir+`" route="" scheme="none"`)
	g.Runner.Path = "run.sh"
	program, _ = CommandOf(g.Queue.commandTarget(checks("github", keyA)))
	same(t, "program", program, filepath.Join(g.Runner.Dir, "run.sh"))
	program, details = CommandOf("exec:/bin/run")
	same(t, "of an earlier barb", program+details, "/bin/run")

	other, err := printOfArguments(t.Context(), g.History, []string{"sh", "-c", "false"})
	if err != nil || other == g.Queue.arguments || len(other) != 6 {
		t.Errorf("%q and %q, %v", other, g.Queue.arguments, err)
	}
}
