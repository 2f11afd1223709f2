package commands

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
)

// newSpeaker is a listener without a history, and what it says.
func newSpeaker() (*listener, *bytes.Buffer) {
	said := &bytes.Buffer{}
	sh := &shell{Env: Env{Out: &bytes.Buffer{}, Err: said}}
	sh.paint(false)
	g := &listener{shell: sh, watch: newWatch()}
	g.mirrors = newMirrors(g)
	return g, said
}

func TestAfterAnInterruptItIsSaidWhatIsWaitedFor(t *testing.T) {
	for _, c := range []struct {
		hooks int
		takes time.Duration
		want  string
	}{
		{1, time.Second, "barb: waits for 1 webhook under way; ^C again ends at once\n"},
		{2, time.Second, "barb: waits for 2 webhooks under way; ^C again ends at once\n"},
		{2, promptly / 2, ""},
		{0, time.Second, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			g, said := newSpeaker()
			for range c.hooks {
				g.watch.Begin()
			}
			ctx, interrupt := context.WithCancel(t.Context())
			through := g.sayWhatIsAwaited(ctx)
			interrupt()
			time.Sleep(c.takes)
			through()
			if said.String() != c.want {
				t.Errorf("said %q, want %q", said.String(), c.want)
			}
		})
	}
}

func TestAMirrorThatDoesNotKeepUpLeavesTheBoundsAsTheyAre(t *testing.T) {
	g, _ := newSpeaker()
	g.mirrors.count.Store(mirrorsWaiting)
	x := received("/in", "msg_1", "{}", "")
	g.mirrors.send(x, x, &gateway.Lane{Targets: []route.Target{{URL: testApp}, {URL: testApp, Mirror: true}}})
	if count, bytes := g.mirrors.count.Load(), g.mirrors.bytes.Load(); count != mirrorsWaiting || bytes != 0 {
		t.Errorf("%d wait, of %d bytes", count, bytes)
	}
}

func TestTheLimitOfAPlatformIsRecognisable(t *testing.T) {
	for n, want := range map[int64]string{6 << 20: "6MiB", 4_500_000: "4.5MB", 100e6: "100MB"} {
		if got := documentedSize(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
