package commands

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/commands/live"
	"github.com/barbhq/barb/commands/shell"
)

func TestAfterAnInterruptItIsSaidWhatIsWaitedFor(t *testing.T) {
	for _, c := range []struct {
		hooks int
		takes time.Duration
		want  string
	}{
		{1, time.Second, "barb: finishing 1 webhook; press ^C again to stop now\n"},
		{2, time.Second, "barb: finishing 2 webhooks; press ^C again to stop now\n"},
		{2, live.Promptly / 2, ""},
		{0, time.Second, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			said := &bytes.Buffer{}
			sh := &shell.Shell{Env: shell.Env{Out: &bytes.Buffer{}, Err: said}}
			sh.Paint(false)
			ctx, interrupt := context.WithCancel(t.Context())
			through := live.Awaited(ctx, func() int { return c.hooks }, sayAwaited(sh))
			interrupt()
			time.Sleep(c.takes)
			through()
			if said.String() != c.want {
				t.Errorf("said %q, want %q", said.String(), c.want)
			}
		})
	}
}

func TestTheLimitOfAPlatformIsRecognisable(t *testing.T) {
	for n, want := range map[int64]string{6 << 20: "6MiB", 4_500_000: "4.5MB", 100e6: "100MB"} {
		if got := documentedSize(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
