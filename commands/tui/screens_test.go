package tui_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/tui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func TestTheScreensOfEverySize(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	for _, size := range []struct{ width, height int }{{80, 24}, {46, 24}, {120, 40}, {180, 50}} {
		name := fmt.Sprintf("%dx%d", size.width, size.height)
		d.start(size.width, size.height, false)
		d.golden(name + "-follows")
		d.press("j", "j", "j", "j", "j", "j", "j", "j") // invoice.paid, whose app failed
		d.golden(name + "-signature")
		d.press("4")
		d.golden(name + "-timeline")
		d.press("5")
		d.golden(name + "-answer")
		d.press("2", "enter")
		d.golden(name + "-body")
	}
	d.start(80, 24, false)
	d.press("?")
	d.golden("keys")
	d.start(80, 24, false)
	d.enter("/", "status:zzz")
	d.golden("wrong-filter")
	d.start(80, 24, false)
	d.press("j", "v")
	d.golden("explained")
}

func TestTheScreenInColour(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	d.fill()
	d.start(80, 24, true)
	d.press("j", "j", "j", "j", "j", "j", "j")
	d.golden("colour")
}

// A webhook that was not checked is marked where a secret is known for its path, as on the page: by a sign and a word,
// so that the mark is there without colour and in 46 columns.
func TestAWebhookThatCouldHaveBeenCheckedIsMarked(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	for i, path := range []string{"/checked", "/hooks", "/checked"} {
		x := received("push", "", 200, "{}")
		x.Verdict = record.Verdict{}
		x.Request.Target, x.Request.URL = path, "http://127.0.0.1:4242"+path
		if i == 0 {
			x.Handshake = "zoom"
		}
		d.add(float64(i), x)
	}
	d.start(80, 24, true)
	d.golden("overlooked-colour")
	d.world.Shell.Paint(false)
	for _, width := range []int{46, 80, 130} {
		d.start(width, 24, false)
		d.golden(fmt.Sprintf("overlooked-%d", width))
		if n := strings.Count(d.view(), "! unchecked"); n != 2 { // a row, and the facts of the chosen webhook
			t.Errorf("%d marks in %d columns", n, width)
		}
	}
	d.enter("/", "unchecked")
	d.has("1/3")
}

// What a person has said of a webhook is marked in its row, by the words that the page has.
func TestARowIsMarkedAsPinnedAndAsNoted(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	for id, r := range map[int64]store.Remark{14: {Note: "customer 4711"}, 13: {Pinned: true},
		12: {Pinned: true, Note: "refunded"}, 5: {Note: "ask"}} {
		if err := d.history.SetRemark(t.Context(), id, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, width := range []int{46, 80, 240} {
		d.start(width, 24, false)
		d.press("j", "j", "j", "j", "j", "j", "j", "j")
		d.golden(fmt.Sprintf("remarked-%d", width))
	}
	d.enter("/", "note")
	d.has("/3 ")
}

// view checks every screen: see there.
func TestNothingThatASenderWroteReachesTheTerminalRaw(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	d.fill()
	for _, width := range []int{20, 46, 80, 120, 200} {
		d.start(width, 30, true)
		d.enter("/", "evil")
		d.has(`evil`)
		for range keys.Sections {
			d.press("]")
			d.view()
		}
		for range 3 {
			d.press("w")
			d.view()
		}
	}
}

func TestAnyKeysInAnySizeFillTheScreen(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	d.fill()
	var names []string
	for _, r := range keys.In(keys.Terminal) {
		names = append(names, r.Keys...)
	}
	names = append(names, "a", "注", "backspace", "left", "ctrl-w", "ctrl-k")
	rapid.Check(t, func(r *rapid.T) {
		width, height := rapid.IntRange(1, 220).Draw(r, "width"), rapid.IntRange(1, 60).Draw(r, "height")
		d.start(width, height, rapid.Bool().Draw(r, "color"))
		for range rapid.IntRange(1, 25).Draw(r, "keys") {
			switch rapid.IntRange(0, 9).Draw(r, "kind") {
			case 0:
				d.send(tui.Size{Width: rapid.IntRange(1, 220).Draw(r, "w"), Height: rapid.IntRange(1, 60).Draw(r, "h")})
			case 1:
				d.send(tui.Click{X: rapid.IntRange(0, 100).Draw(r, "x"), Y: rapid.IntRange(0, 30).Draw(r, "y")})
			case 2:
				d.send(tui.Wheel{X: rapid.IntRange(0, 100).Draw(r, "x"), Y: rapid.IntRange(0, 30).Draw(r, "y"), By: 3})
			case 3:
				d.send(tui.Paste("a\x1b[31m\u202e注\nq"))
			default:
				d.press(rapid.SampledFrom(names).Draw(r, "key"))
			}
			if d.view(); t.Failed() {
				r.Fatal("see above")
			}
		}
	})
}
