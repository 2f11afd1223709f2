package tui_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/barbhq/barb/commands/past"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/tui"
)

// stats has the desk run the real barb stats over its history.
func (d *desk) stats() {
	env := d.world.Shell.Env
	d.world.Barb = func(ctx context.Context, l tui.Line) int {
		env.Out, env.Err, env.Width, env.OutTerminal = l.Out, l.Err, l.Width, true
		sh := shell.New(env, "test")
		sh.History = d.history
		sh.Paint(false)
		cmd := past.NewStats(sh)
		cmd.SetArgs(l.Args[1:])
		if err := cmd.ExecuteContext(ctx); err != nil {
			fmt.Fprintln(l.Err, err)
			return 1
		}
		return 0
	}
}

// Below figures and lists a webhook is chosen that nobody sees.
func TestNothingIsDoneToAWebhookThatIsCovered(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.start(80, 24, false)
	for _, cover := range []string{"S", "Q", "?"} {
		d.press(cover)
		covered := d.view()
		d.press("D", "r", "p", "e", "y", "space", "m", "o", "z", "/")
		if got := d.view(); got != covered || len(d.others) > 0 {
			t.Errorf("%s: %v\n%s", cover, d.others, got)
		}
		d.press("q")
		d.has("● following")
	}
	d.press("S", "Q") // from one to the other
	d.has("Nothing waits.")
	d.hasNot("$ barb stats")
	d.enter(":", "pin it")
	d.has("pinned 14")
	d.hasNot("Nothing waits.")
}

func TestTheFiguresInEverySize(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.stats()
	for _, size := range []struct{ width, height int }{{80, 24}, {46, 24}, {200, 50}} {
		d.start(size.width, size.height, false)
		d.press("S")
		d.has("over time, 2026-01-20 12:00:00 to 12:0")
		d.golden(fmt.Sprintf("%dx%d-figures", size.width, size.height))
		d.press("pgdown")
		d.golden(fmt.Sprintf("%dx%d-figures-down", size.width, size.height))
	}
}
