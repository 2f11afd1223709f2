package tui_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/tui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC
	_ = flag.Set("rapid.checks", "20") // each draws up to 25 screens; make soak has many more
	flag.Parse()
	os.Exit(m.Run())
}

var noon = time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)

// desk is a view of a real history, on a screen that is not there.
type desk struct {
	t       *testing.T
	history *store.Store
	world   *tui.World
	state   tui.State
	others  []tui.Effect // that are not the history's
	copied  []string     // what went to the clipboard with the address of the page
	now     time.Time
}

func newDesk(t *testing.T, color bool) *desk {
	t.Helper()
	d := &desk{t: t, now: noon.Add(time.Hour)}
	home := t.TempDir()
	const routes = "[[route]]\npath = \"/checked\"\nscheme = \"github\"\nsecret = \"env:SECRET\"\n"
	if err := os.WriteFile(filepath.Join(home, "barb.toml"), []byte(routes), 0o600); err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{"XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
	sh := shell.New(shell.Env{Getenv: func(name string) string { return variables[name] }, Dir: home,
		Now: func() time.Time { return d.now }}, "test")
	sh.Root = &cobra.Command{Use: "barb"}
	sh.AddGlobalFlags(sh.Root)
	if err := sh.Prepare(sh.Root); err != nil {
		t.Fatal(err)
	}
	sh.Paint(color)
	history, err := sh.WriteHistory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	d.history = history
	d.world = &tui.World{Shell: sh, History: history, Barb: func(_ context.Context, l tui.Line) int {
		fmt.Fprintf(l.Out, "this is what barb %s prints\n", strings.Join(l.Args, " "))
		return 0
	}, Page: func(context.Context, string) (tui.Page, error) {
		return tui.Page{Enter: "http://127.0.0.1:4040/?code=A", Failed: errors.New("none")}, nil
	}}
	return d
}

// start shows the view in a size.
func (d *desk) start(width, height int, color bool) {
	d.t.Helper()
	state, effects := tui.Start("/home/me/history.db", color, d.now)
	d.state = state
	d.state.Overlooked = d.world.Overlooked
	d.do(effects)
	d.send(tui.Size{Width: width, Height: height})
}

// send sends messages, and does what comes of them.
func (d *desk) send(all ...tui.Message) {
	d.t.Helper()
	for _, m := range all {
		state, effects := tui.Update(d.state, m)
		d.state = state
		d.do(effects)
	}
}

// press presses keys.
func (d *desk) press(keys ...string) {
	d.t.Helper()
	for _, key := range keys {
		d.send(tui.Key(key))
	}
}

// enter types a text behind a key, and presses enter.
func (d *desk) enter(key, text string) {
	d.t.Helper()
	d.press(key)
	for _, r := range text {
		d.press(strings.ReplaceAll(string(r), " ", "space"))
	}
	d.press("enter")
}

// poll lets the view see what came.
func (d *desk) poll() {
	d.t.Helper()
	d.now = d.now.Add(2 * time.Second)
	d.send(d.world.Poll(d.t.Context(), 0))
}

func (d *desk) hasNot(text string) {
	d.t.Helper()
	if view := ansi.Strip(d.view()); strings.Contains(view, text) {
		d.t.Errorf("%q is on the screen:\n%s", text, view)
	}
}

func (d *desk) do(effects []tui.Effect) {
	d.t.Helper()
	for _, e := range effects {
		switch e := e.(type) {
		case tui.Load:
			d.send(d.world.Load(d.t.Context(), e))
		case tui.Open:
			d.send(d.world.Open(d.t.Context(), e))
		case tui.Run:
			d.send(d.world.Command(d.t.Context(), e))
		case tui.Targets:
			d.send(d.world.Targets(d.t.Context(), e))
		case tui.Pin:
			d.send(d.world.Pin(d.t.Context(), e))
		case tui.Note:
			d.send(d.world.Note(d.t.Context(), e))
		case tui.Delete:
			d.send(d.world.Delete(d.t.Context(), e))
		case tui.Browse:
			var screen strings.Builder
			d.send(d.world.Browse(d.t.Context(), &screen, e))
			d.copied = append(d.copied, screen.String())
		case tui.ReadQueue:
			d.send(d.world.ReadQueue(d.t.Context(), e))
		case tui.Change:
			d.send(d.world.Change(d.t.Context(), e))
		case tui.Poll:
		default:
			d.others = append(d.others, e)
		}
	}
}

// view returns the screen after it was checked: as many lines as it has, none wider, and nothing raw.
func (d *desk) view() string {
	d.t.Helper()
	text := tui.View(d.state)
	lines := strings.Split(text, "\n")
	if len(lines) != d.state.Height {
		d.t.Errorf("%d lines on a screen of %d:\n%s", len(lines), d.state.Height, text)
	}
	for _, line := range lines {
		if w := ansi.StringWidth(line); w != d.state.Width {
			d.t.Errorf("a line is %d columns wide on a screen of %d: %q", w, d.state.Width, line)
		}
	}
	if bad := unsafe.FindString(colours.ReplaceAllString(text, "")); bad != "" {
		d.t.Errorf("%q reaches the terminal:\n%q", bad, text)
	}
	return text
}

var (
	colours = regexp.MustCompile("\x1b\\[[0-9;]*m")
	unsafe  = regexp.MustCompile("[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
)

func (d *desk) has(texts ...string) {
	d.t.Helper()
	view := ansi.Strip(d.view())
	for _, text := range texts {
		if !strings.Contains(view, text) {
			d.t.Errorf("%q is not on the screen:\n%s", text, view)
		}
	}
}

// golden compares the screen with a file.
func (d *desk) golden(name string) {
	d.t.Helper()
	var lines []string
	for line := range strings.SplitSeq(d.view(), "\n") {
		lines = append(lines, strings.TrimRight(strings.ReplaceAll(line, "\x1b", "␛"), " "))
	}
	got, path := strings.Join(lines, "\n")+"\n", filepath.Join("testdata", name+".golden")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			d.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		d.t.Errorf("%s (UPDATE=1 writes it):\n%s", path, diff)
	}
}

// add records an exchange that began some seconds after noon.
func (d *desk) add(seconds float64, x *record.Exchange) int64 {
	d.t.Helper()
	x.Start, x.Ended = noon.Add(time.Duration(seconds*float64(time.Second))), true
	x.Attempt = max(x.Attempt, 1)
	if err := d.history.Record(context.Background(), x); err != nil {
		d.t.Fatal(err)
	}
	return x.ID
}

func received(event, scheme string, status int, body string) *record.Exchange {
	return &record.Exchange{Kind: record.Received, Scheme: scheme, EventType: event, Took: 12 * time.Millisecond,
		Remote: "127.0.0.1:5000", Verdict: record.Verdict{Status: record.Valid, Secret: "env:WHSEC"},
		Response: &record.Response{Status: status, Proto: "HTTP/1.1", Reason: "OK"},
		Request: record.Request{Method: "POST", URL: "http://127.0.0.1:4242/hooks", Target: "/hooks", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "X-Event", Value: event}},
			Body:   []byte(body)}}
}

func forward(thread int64, status int) *record.Exchange {
	return &record.Exchange{Kind: record.Sent, Role: record.Forward, Thread: thread, Took: 31 * time.Millisecond,
		Response: &record.Response{Status: status, Proto: "HTTP/1.1", Reason: "Internal Server Error",
			Body: []byte("no such customer")},
		Request: record.Request{Method: "POST", URL: "http://127.0.0.1:3000/hooks", Body: []byte("{}")}}
}

// fill records what a day has: good and bad signatures, an app that fails, attempts, and a hostile sender.
func (d *desk) fill() {
	d.t.Helper()
	d.add(0, received("customer.created", "stripe", 200, `{"id":"evt_1","data":{"object":{"name":"注文 été 🎉"}}}`))
	for i := range 3 {
		x := &record.Exchange{Kind: record.Sent, Scheme: "standard-webhooks", EventType: "order.created",
			WebhookID: "msg_1", Attempt: i + 1, Took: 40 * time.Millisecond, Thread: int64(min(i, 1) * 2),
			Response: &record.Response{Status: 503 - 303*(i/2), Proto: "HTTP/1.1"},
			Request:  record.Request{Method: "POST", URL: "https://api.example.com/in", Body: []byte(`{"n":1}`)}}
		if i < 2 {
			x.NextIn = 2 * time.Second
		}
		d.add(float64(10+i*2), x)
	}
	id := d.add(20, received("invoice.paid", "stripe", 200, `{"id":"evt_2","type":"invoice.paid","amount":1200}`))
	d.add(20.1, forward(id, 500))
	bad := received("push", "github", 401, `{"ref":"main"}`)
	bad.Verdict = record.Verdict{Status: record.Invalid, Reason: "signature_mismatch", Tried: "env:GITHUB"}
	d.add(30, bad)
	hostile := received("\x1b]0;owned\a\u202eevil", "", 200, "\x1b[2J\x1b[31m"+strings.Repeat("A", 500)+"\u202e注文\r\n\tx")
	hostile.Request.Target = "/\x1b[31mred/" + strings.Repeat("long", 100)
	hostile.Request.URL = "http://127.0.0.1:4242" + hostile.Request.Target
	hostile.Request.Header = append(hostile.Request.Header, record.Field{Name: "X-\x1b[5m", Value: "\x1b]52;c;aGk=\a"})
	hostile.WebhookID = "\u200b\x9b31m"
	d.add(40, hostile)
	for i := range 6 {
		d.add(float64(50+i), received("charge.succeeded", "stripe", 200, fmt.Sprintf(`{"n":%d}`, i)))
	}
}

func TestAWebhookIsPinnedAndNotedByKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.start(120, 30, false)
	d.press("p")
	d.has("pinned 14")
	d.enter(".", "ask \x1b[31mfor")
	d.has("noted 14")
	d.poll() // the row and the open webhook say so, too
	d.press("1")
	d.has("barb prune leaves it", "ask [31mfor")
	remark := func() store.Remark {
		t.Helper()
		all, err := d.history.Remarks(t.Context(), []int64{14})
		if err != nil {
			t.Fatal(err)
		}
		return all[14]
	}
	if got := remark(); got != (store.Remark{Pinned: true, Note: "ask [31mfor"}) {
		t.Errorf("%+v", got)
	}
	d.press("p")
	d.has("unpinned 14")
	d.press(".", "ctrl-u", "enter")
	d.poll()
	d.hasNot("barb prune leaves it")
	if got := remark(); got != (store.Remark{}) {
		t.Errorf("%+v", got)
	}
	if err := d.history.SetRemark(t.Context(), 14, store.Remark{Note: "one\ntwo"}); err != nil {
		t.Fatal(err)
	}
	d.poll()
	d.press(".")
	d.has("the note has several lines: barb note 14 prints it")
}

// S counts what the filter selects, as far as barb stats can.
func TestTheFiguresAreOfTheFilter(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	d.start(80, 24, false)
	d.press("S")
	d.has("this is what barb stats --plot prints")
	d.press("esc")
	d.enter("/", "since:90d event:push")
	d.press("S")
	d.has("this is what barb stats --plot --since 90d --event push prints")
	d.hasNot("do not narrow")
	d.press("esc")
	d.enter("/", " github")
	d.press("S")
	d.has("$ barb stats --plot --since 90d --event push  esc")
	d.has("the ids and words of the filter do not narrow the figures")
}

// The page is opened at the chosen webhook with the filter in force. An address with a code stays until the next key.
func TestTheKeyOpensThePage(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.fill()
	var places []string
	page := tui.Page{At: "http://127.0.0.1:4040/w/9", Enter: "http://127.0.0.1:4040/w/9?code=ONCE"}
	d.world.Page = func(_ context.Context, place string) (tui.Page, error) {
		places = append(places, place)
		return page, nil
	}
	d.start(80, 24, false)
	d.press("j", "j", "o")
	d.has("opened http://127.0.0.1:4040/w/9; copied its address")
	d.hasNot("ONCE")
	d.enter("/", "event:push since:9d")
	page.Failed = errors.New("no browser was found here")
	d.press("o")
	d.has("no browser was found here; this address works once, and is copied:")
	d.has("ONCE")
	d.press("j")
	d.hasNot("ONCE")
	d.press("o")
	d.has("ONCE")
	d.now = d.now.Add(2 * time.Minute)
	d.poll()
	d.hasNot("ONCE")
	filtered := "/w/7?q=event%3Apush+since%3A9d"
	if want := []string{"/w/12", filtered, filtered}; !slices.Equal(places, want) {
		t.Errorf("%q", places)
	}
	for _, copied := range d.copied {
		if !strings.HasSuffix(copied, "\a") || !strings.HasPrefix(copied, "\x1b]52;c;") {
			t.Errorf("%q is copied", copied)
		}
	}
}
