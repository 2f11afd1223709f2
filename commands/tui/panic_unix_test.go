//go:build unix && !race

package tui_test

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/barbhq/barb/commands/tui"
)

// A defect in an action, or in the view itself, leaves the terminal as it was. The race detector is not asked: after a
// panic bubbletea closes the terminal while a goroutine of its own still reads from it (shutdown, tea.go of v1.3.5).
func TestTheTerminalIsAsItWasAfterAPanic(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(v *tui.Viewer){
		"in an action": func(v *tui.Viewer) {
			v.World.Barb = func(context.Context, tui.Line) int { panic("a defect") }
		},
		"in the view": func(v *tui.Viewer) {
			pressed := false
			v.Counts = func() string {
				if pressed {
					panic("a defect")
				}
				return "fine"
			}
			barb := v.World.Barb
			v.World.Barb = func(ctx context.Context, l tui.Line) int { pressed = true; return barb(ctx, l) }
		},
	} {
		d := newDesk(t, false)
		d.fill()
		control, terminal, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer control.Close()
		defer terminal.Close()
		_ = pty.Setsize(control, &pty.Winsize{Rows: 24, Cols: 80})
		before, err := term.GetState(int(terminal.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		var said output
		go func() { _, _ = io.Copy(&said, control) }()
		v := &tui.Viewer{World: d.world, In: terminal, Out: terminal}
		breakIt(v)
		ended := make(chan error, 1)
		go func() { ended <- v.Run(t.Context()) }()
		said.await(t, "push") // a key before the list is there explains nothing
		_, _ = control.WriteString("v")
		select {
		case err = <-ended:
		case <-time.After(time.Minute):
			t.Fatalf("%s: it does not end\n%q", name, said.text())
		}
		after, _ := term.GetState(int(terminal.Fd()))
		if err == nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%s: %v; the terminal was %v and is %v", name, err, before, after)
		}
		said.await(t, "\x1b[?1049l")
		said.await(t, "\x1b[?25h")
	}
}

// output is what was written to a terminal.
type output struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data.Write(data)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data.String()
}

func (o *output) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(o.text(), text) {
			return
		}
	}
	t.Fatalf("no %q in\n%q", text, o.text())
}
