package ui_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
)

func TestTheQueueAtWidths(t *testing.T) {
	t.Parallel()
	why := "connection refused, 3 attempts"
	entry := store.Queued{ID: 12, Kind: store.Forward, Thread: 17, Target: "http://localhost:3000/webhooks/stripe",
		Created: noon, State: store.Waiting, Attempts: 3, Due: noon.Add(time.Minute), Why: why}
	blocked := entry
	blocked.Blocked = true
	for width, want := range map[int]string{
		0:   "ID KIND WEBHOOK SINCE TARGET STATE TRIES NEXT WHY",
		120: "ID KIND WEBHOOK SINCE TARGET STATE TRIES NEXT WHY",
		100: "ID WEBHOOK TARGET STATE TRIES NEXT WHY",
		80:  "ID TARGET STATE WHY",
	} {
		var out bytes.Buffer
		(&ui.Printer{W: &out, Width: width}).Queue([]*store.Queued{&entry, &blocked}, noon,
			func(_ store.QueueKind, target string) string { return target })
		head, rows, _ := strings.Cut(out.String(), "\n")
		if got := strings.Join(strings.Fields(head), " "); got != want {
			t.Errorf("%d columns: %s, want %s", width, got, want)
		}
		for row := range strings.Lines(rows) {
			if n := lipgloss.Width(strings.TrimRight(row, "\n")); width > 0 && n > width {
				t.Errorf("%d columns: a row of %d: %s", width, n, row)
			}
			if !strings.Contains(row, "waiting") || !strings.Contains(row, why[:20]) {
				t.Errorf("%d columns: state or reason is cut: %s", width, row)
			}
		}
	}
}
