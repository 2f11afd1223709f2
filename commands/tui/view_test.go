package tui_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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

// A word is looked for in the rows. Where no row has it, the view says how to look into the bodies.
func TestAWordThatNoRowHasIsOfferedForTheBodies(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	for _, width := range []int{46, 80} {
		d.start(width, 24, false)
		d.enter("/", "--received cus_123")
		d.has("--received grep:cus_123")
		d.press("esc")
		d.enter("/", "status:404")
		d.hasNot("bodies")
	}
}

// The whole message about a wrong filter is shown. A mistake in an expression is marked at its place.
func TestWhatIsWrongWithAFilterIsToldWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	for _, width := range []int{46, 80} {
		d.start(width, 24, false)
		d.enter("/", "since:yesterday")
		view := strings.Join(strings.Fields(d.view()), " ")
		if !strings.Contains(view, `--since "yesterday" is not an age (1h, 7d) or a time (RFC 3339`) {
			t.Errorf("%d columns:\n%s", width, d.view())
		}
		d.press("esc")
		d.enter("/", "where:'.status >>= 4'")
		screen := strings.Split(d.view(), "\n")
		at := slices.IndexFunc(screen, func(line string) bool { return strings.TrimSpace(line) == "^" })
		if at < 0 || !strings.HasPrefix(screen[at-1][max(strings.Index(screen[at], "^"), 0):], ">= 4") {
			t.Errorf("%d columns:\n%s", width, d.view())
		}
	}
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

func TestTheProcessIsSuspendedAlsoWhileSomethingIsTyped(t *testing.T) {
	t.Parallel()
	for _, before := range [][]string{{"/", "a"}, {":"}, {"."}, {"y"}, {"enter"}, {"?"}, {"Q"}} {
		d := newDesk(t, false)
		d.fill()
		d.start(80, 24, false)
		d.press(before...)
		screen := d.view()
		d.press("ctrl-z", "ctrl-l")
		if diff := cmp.Diff([]tui.Effect{tui.Suspend{}, tui.Redraw{}}, d.others); diff != "" {
			t.Errorf("after %q: %s", before, diff)
		}
		if diff := cmp.Diff(screen, d.view()); diff != "" {
			t.Errorf("after %q the screen is another: %s", before, diff)
		}
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
		{"m j d", "barb diff 14 13 prints"}, {"space space r", "barb replay 12 13 prints"},
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
	d.press("esc")
	d.enter("/", "customer.created") // which went nowhere
	d.press("e")
	d.has("barb replay 1 --edit --to ")
	d.enter("1", "27.0.0.1:3000")
	d.enter("R", "7 --edit")
	want := []tui.Effect{tui.Edit{Args: []string{"replay", "1", "--edit", "--to", "127.0.0.1:3000"}},
		tui.Edit{Args: []string{"replay", "1", "--to", "7", "--edit"}}}
	if diff := cmp.Diff(want, d.others); diff != "" {
		t.Error(diff)
	}
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

// A history that cannot be read is not followed, and the view says so until it can.
func TestAHistoryThatCannotBeReadIsToldOf(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.start(80, 24, false)
	d.has("● following")
	d.send(tui.Polled{Gen: 1, Now: d.now, Err: errors.New("history on db.test: the server does not answer\ntry again")})
	d.has("○ not read", "the server does not answer", "try again", "charge.succeeded")
	d.hasNot("● following")
	d.add(100, received("later.event", "stripe", 200, "{}"))
	d.poll()
	d.has("● following", "later.event")
	d.hasNot("does not answer")
	if err := d.history.Close(); err != nil {
		t.Fatal(err)
	}
	d.poll()
	d.has("○ not read")
	d.state.Path = "postgres://barb@db.test:5432/hooks?sslmode=require"
	d.has("barb  db.test:5432/hooks ")
}

// Nothing is written to a history whose file is gone, so looking finds out. What is on the screen stays.
func TestThatTheFileOfTheHistoryIsGoneIsSaid(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	for _, width := range []int{46, 80} {
		d.start(width, 24, false)
		path := d.history.Path()
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		d.poll()
		d.has("○ not read", "charge.succeeded")
		const said = "was removed or replaced while it was open; start it again; it then uses the new history"
		if !strings.Contains(strings.Join(strings.Fields(d.view()), " "), said) {
			t.Errorf("%d columns:\n%s", width, d.view())
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		d.poll()
		d.has("● following")
		d.hasNot("was removed")
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
