package tui_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/tui"
	"github.com/barbhq/barb/store"
)

func TestTheListFollowsUntilThePersonMoves(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.start(80, 24, false)
	d.has("The history is empty")
	d.add(0, received("first.event", "stripe", 200, "{}"))
	d.poll()
	d.has("›    1", "first.event", "● following")
	d.add(1, received("second.event", "stripe", 200, "{}"))
	d.poll()
	d.has("›    2")
	d.press("j")
	d.has("›    1", "○ not following")
	d.add(2, received("third.event", "stripe", 200, "{}"))
	d.poll()
	d.has("›    1", "○ 1 new")
	d.hasNot("third.event")
	d.press("f")
	d.has("›    3", "third.event", "● following")
	d.add(3, forward(1, 500)) // an old webhook changes where it stands
	d.poll()
	d.has("›    3", "app 500")
}

func TestEveryPageOfALongHistoryIsReadOnTheWayDownAndUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	const all = 1500
	for i := range all {
		d.add(float64(i), received(fmt.Sprintf("event.%04d", i), "stripe", 200, "{}"))
	}
	d.start(80, 24, false)
	next := 0
	for i := all - 1; i >= 0; i-- {
		if row := fmt.Sprintf("event.%04d", i); !strings.Contains(chosenRow(d), row) {
			t.Fatalf("%d rows from the newest: %q, not %s", next, chosenRow(d), row)
		}
		next++
		d.press("j")
	}
	for i := range all {
		if row := fmt.Sprintf("event.%04d", i); !strings.Contains(chosenRow(d), row) {
			t.Fatalf("on the way up: %q, not %s", chosenRow(d), row)
		}
		d.press("k")
	}
	d.press("G", "G", "G", "G", "G", "G", "G", "G", "G", "G", "G", "G", "g")
	if !strings.Contains(chosenRow(d), "event.1499") {
		t.Errorf("the newest is %q", chosenRow(d))
	}
}

// chosenRow is the row of the list with the mark.
func chosenRow(d *desk) string {
	for line := range strings.SplitSeq(tui.View(d.state), "\n") {
		if strings.HasPrefix(line, "›") {
			return line
		}
	}
	return ""
}

func TestAWrongFilterLeavesTheListAsItIs(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.start(80, 24, false)
	d.enter("/", "status:401")
	d.has("1/1", "push", "filter status:401")
	d.enter("/", " --of-scheme nonsense")
	d.has("1/1", "push", "/status:401 --of-scheme nonsense", "unknown scheme")
	d.press("esc")
	d.has("push", "filter status:401")
	d.add(100, received("later.event", "stripe", 401, "{}"))
	d.poll()
	d.has("later.event")
	d.add(101, received("other.event", "stripe", 200, "{}"))
	d.poll()
	d.hasNot("other.event")
	d.press("esc")
	d.has("other.event")
}

func TestLettersTypedIntoAFieldDoNotAct(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.start(80, 24, false)
	d.press("/", "q", "D", "r", "?")
	d.send(tui.Paste("pasted\x1b[31m\nq"))
	d.has("/qDr?pasted[31m")
	if len(d.others) > 0 {
		t.Errorf("%v", d.others)
	}
}

func TestEscapeNeverQuits(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.start(80, 24, false)
	d.press("enter", "z", "?", "esc", "esc", "esc", "esc", "esc", "esc", "esc", "esc")
	d.has("● following")
	if len(d.others) > 0 {
		t.Errorf("%v", d.others)
	}
	d.press("enter", "q") // goes back first
	if len(d.others) > 0 {
		t.Errorf("%v", d.others)
	}
	d.press("q")
	if diff := cmp.Diff([]tui.Effect{tui.Quit{}}, d.others); diff != "" {
		t.Error(diff)
	}
}

func TestADeletionCanBeUndoneForSixSeconds(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.start(80, 24, false)
	d.hasNot("u undo")
	d.press("j", "D")
	d.has("deletes 13 in 6 s", "u undo")
	if strings.Contains(chosenRow(d), " 13 ") {
		t.Errorf("it is still there: %s", chosenRow(d))
	}
	d.press("u")
	if !strings.Contains(chosenRow(d), " 13 ") {
		t.Errorf("it does not come back where it was: %s", chosenRow(d))
	}
	d.press("D")
	for range 4 {
		d.poll()
	}
	if _, err := d.history.Get(t.Context(), 13); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is still in the history: %v", err)
	}
	d.hasNot("u undo")
}

func TestActionsAreCommandLines(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.start(80, 24, false)
	for _, step := range []struct{ keys, says string }{
		{"r", "barb replay 14 --to "}, {"v", "barb verify 14 --explain prints"}, {"S", "barb stats --plot prints"},
		{"Q", "barb queue prints"}, {"m j d", "barb diff 14 13 prints"}, {"space space r", "barb replay 12 13 prints"},
		{"j j j j j R", "127.0.0.1:3000"}, {"enter", "barb replay 5 --to http://127.0.0.1:3000/hooks prints"},
		{"r", "barb replay 5 prints"}, // it went there before
		{"x enter", "barb save 5 --out 5.barb.ndjson prints"},
	} {
		d.press(strings.Fields(step.keys)...)
		d.has(step.says)
		if !strings.HasSuffix(step.keys, "R") {
			d.press("esc")
		}
	}
	d.enter(":", "fig")
	d.has("barb stats --plot prints")
}

func TestThePathOfALineIsThatOfJQ(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.add(0, received("x", "stripe", 200, `{"a":{"b c":[1,{"d":2}]},"e":[],"f":"}`+strings.Repeat("x", 300)+`","g":1}`))
	d.start(80, 8, false)
	d.press("2", "enter")
	want := []string{".", ".a", `.a["b c"]`, `.a["b c"][0]`, `.a["b c"][1]`, `.a["b c"][1].d`, `.a["b c"][1]`,
		`.a["b c"]`, ".a", ".e", ".f", ".f", ".f", ".f"}
	for _, path := range want {
		d.others = nil
		d.press("y", "j")
		if diff := cmp.Diff([]tui.Effect{tui.Copy{ID: 1, What: "jq path", Text: path}}, d.others); diff != "" {
			t.Error(diff)
		}
		d.press("j")
	}
}

func TestWhatIsCopiedGoesOutCoded(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	var screen strings.Builder
	m := d.world.Copy(t.Context(), &screen, tui.Copy{ID: 1, What: "URL", Text: "http://x/\x1b[2J"})
	if m.Err != "" || screen.String() != "\x1b]52;c;aHR0cDovL3gvG1sySg==\a" {
		t.Errorf("%q, %+v", screen.String(), m)
	}
	d.world.Barb = func(_ context.Context, l tui.Line) int {
		_, _ = io.WriteString(l.Out, strings.Repeat("x", 100_000))
		return 0
	}
	screen.Reset()
	m = d.world.Copy(t.Context(), &screen, tui.Copy{ID: 1, What: "body", Args: []string{"show", "1", "--body"}})
	if screen.Len() > 0 || !strings.Contains(m.Err, "barb show 1 --body") {
		t.Errorf("%d bytes, %+v", screen.Len(), m)
	}
}

// A burst of more than is followed reads the list anew; the rows of the view do not grow.
func TestABurstLeavesTheListWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.start(80, 24, false)
	for i := range 700 {
		d.add(200+float64(i), received(fmt.Sprintf("burst.%03d", i), "stripe", 200, "{}"))
	}
	d.poll()
	for i := range 8 {
		d.has(fmt.Sprintf("burst.%03d", 699-i))
	}
	d.press(slices.Repeat([]string{"j"}, 600)...)
	if row := chosenRow(d); !strings.Contains(row, "burst.099") {
		t.Errorf("600 rows below the newest: %s", row)
	}
	for i := range 5 {
		for range 300 {
			d.add(1000+float64(i), received("more.event", "stripe", 200, "{}"))
		}
		d.poll()
	}
	d.has("more than 500 new")
	begun := time.Now()
	d.press("j", "k")
	if took := time.Since(begun); took > time.Second {
		t.Errorf("two keys took %s", took)
	}
}
