//go:build unix

package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// isRaw reports whether a terminal hands over keys one by one.
func (p *terminal) isRaw() bool {
	p.t.Helper()
	conn, err := p.pty.SyscallConn() // Fd would have reading block for ever
	if err != nil {
		p.t.Fatal(err)
	}
	var now *unix.Termios
	var failed error
	if err := conn.Control(func(fd uintptr) { now, failed = unix.IoctlGetTermios(int(fd), getTermios) }); err != nil ||
		failed != nil {
		p.t.Fatal(err, failed)
	}
	return now.Lflag&(unix.ICANON|unix.ECHO) == 0
}

// awaitRaw waits until a terminal hands over keys one by one, or does no more.
func (p *terminal) awaitRaw(want bool) {
	p.t.Helper()
	until(p.t, fmt.Sprintf("raw is %v", want), 20*time.Second, func() bool { return p.isRaw() == want })
}

// awaitScreen waits for the screen to show something, and returns the screen that shows it: a moment later it may be
// drawn anew.
func (p *terminal) awaitScreen(pattern string) (shown string) {
	p.t.Helper()
	found := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if shown = screen(p.text()); found.MatchString(shown) {
			return shown
		}
	}
	p.t.Fatalf("no %q on the screen\n%s", pattern, shown)
	return ""
}

// receive sends a signed push event of GitHub with a body.
func (p *terminal) receive(body string) {
	p.t.Helper()
	p.receiveSigned(body, githubSecret)
}

// receiveSigned is receive with a secret.
func (p *terminal) receiveSigned(body, secret string) {
	p.t.Helper()
	out, err := exec.Command(barbPath(p.t), "send", p.url+"/hooks", "-d", body, "-s", "github", "--secret", secret,
		"--event", "push", "--id", "id-"+fmt.Sprint(len(body)), "--db", filepath.Join(p.t.TempDir(), "s.db"), "-q").
		CombinedOutput()
	if err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
}

const githubSecret = "barb_test_secret_0123456789abcdef"

// barbPath is a file that runs barb, which is this test's program under another name.
func barbPath(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "barb")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKeysChooseShowExplainCopyAndReplay(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, func(*http.Request, int) {})
	p := onTerminal(t, `exec barb listen --addr 127.0.0.1:0 -s github --secret "$GH" --forward-to `+e.url,
		"GH="+githubSecret, "NO_COLOR=1")
	p.awaitScreen(`\nf follow  / filter  t view  \? keys  q quit\n$`)
	for _, body := range []string{`{"n":1}`, `{"n":12}`, `{"n":123}`} {
		p.receive(body)
	}
	p.awaitScreen(`\n3 received .*\n↑↓ choose  enter show .* q quit\n$`)

	p.press("\x1b[A")
	p.awaitScreen(`\n› +3 .*\n +5 .*\nnot following`)
	p.receive(`{"n":1234}`)
	p.awaitScreen(`\n› +3 .*\n +5 .*\nnot following  1 new  f follows\n`)
	if now := screen(p.text()); regexp.MustCompile(`\n\S* +7  github push`).MatchString(now) {
		t.Errorf("a line is not held back:\n%s", now)
	}

	p.press("\r")
	p.awaitScreen(`(?s)\$ barb show 3\nid +3 received\n.*\{"n":12\}\n.*› `)
	p.press("v")
	p.awaitScreen(`\$ barb verify 3 --explain -s github\n(.*\n)*valid  github`)
	p.press("c")
	p.awaitScreen(`barb: copied 3 as curl, \d+B`)
	coded := regexp.MustCompile(`\x1b\]52;c;([^\a]*)\a`).FindStringSubmatch(p.text())
	if curl, err := base64.StdEncoding.DecodeString(coded[1]); err != nil || !strings.HasPrefix(string(curl), "curl ") ||
		!strings.Contains(string(curl), `{"n":12}`) {
		t.Errorf("copied %q: %v", curl, err)
	}
	before, _ := e.count()
	p.press("r")
	p.awaitScreen(`\$ barb replay 3\n(.*\n)*.*` + regexp.QuoteMeta(strings.TrimPrefix(e.url, "http://")) + `(.*\n)*.*200`)
	until(t, "it is sent again", 20*time.Second, func() bool { now, _ := e.count(); return now == before+1 })

	p.press("f")
	p.awaitScreen(`\n +7  github push(.*\n)*4 received`)
	p.press("q")
	select {
	case err := <-p.done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("q does not quit")
	}
	if p.isRaw() {
		t.Error("the terminal is left raw")
	}
}

func TestLettersTypedIntoTheFilterDoNotAct(t *testing.T) {
	t.Parallel()
	p := onTerminal(t, "exec barb listen --addr 127.0.0.1:0", "NO_COLOR=1")
	for _, path := range []string{"/one", "/quiver", "/two"} {
		if post(p.url+path, path, 10) == 0 {
			t.Fatal("no answer")
		}
	}
	p.awaitScreen(`3 received`)
	p.press("/qvr")
	p.awaitScreen(`\n/qvr▏\nenter do it  esc leave  ctrl-u clear  for example`)
	p.press("\x7f\x7fuiver")
	p.awaitScreen(`\n› \S+ +2  POST /quiver .*\n/quiver▏`)
	p.press("\r")
	p.awaitScreen(`\n1 of 3 match "quiver"  f follows\n`)
	p.press("/\x15two")
	p.awaitScreen(`\n› \S+ +3  POST /two .*\n/two▏`)
	p.press("\x1b")
	p.awaitScreen(`\n1 of 3 match "quiver"  f follows\n`)
	p.press("\x1b")
	p.awaitScreen(`\nnot following  f follows\n`)
	p.press("/\x15\x1b[200~rq\x1b[201~")
	p.awaitScreen(`\n/rq▏`)
	p.press("\x1b")
	p.awaitScreen(`\nnot following  f follows\n`)
	p.press("\x1b[200~rq\x1b[201~?")
	p.awaitScreen(`\nq +quit; so does ctrl-c\nnot following`)
	p.press("?")
	p.awaitScreen(`\n› (.*\n)+not following`)
	p.press("\x1b")
	p.awaitScreen(`\n3 received`)
	if now := p.stop(); strings.Contains(now, "$ barb") {
		t.Errorf("a letter acted:\n%s", now)
	}
}

func TestTheFilterOfTheListTakesTheSelectorsOfTheHistory(t *testing.T) {
	t.Parallel()
	p := onTerminal(t, "exec barb listen --addr 127.0.0.1:0 --respond 200,500,200,500,200,500", "NO_COLOR=1")
	receive := func(first, last int) {
		for i := first; i <= last; i++ {
			if post(fmt.Sprintf("%s/%d", p.url, i), "x", 10) == 0 {
				t.Fatal("no answer")
			}
		}
	}
	p.awaitScreen(`\n0 received`)
	p.press("r")
	p.awaitScreen(`\nno webhook has come yet\n$`)
	receive(1, 3)
	p.awaitScreen(`\n3 received`)
	p.press("/status:500\r")
	p.awaitScreen(`\n› \S+ +2  POST /2 .*\n1 of 3 match status:500  f follows\n`)
	receive(4, 6)
	p.awaitScreen(`\n› \S+ +2  POST /2 .*\n1 of 3 match status:500  2 new  f follows\n`)
	p.press("\x1b[B")
	p.awaitScreen(`\n  \S+ +2 .*\n› \S+ +4  .*\n  \S+ +6 .*\n3 of 6 match status:500  f follows\n`)

	p.press("/\x15status:abc\r")
	p.awaitScreen(`\n/status:abc▏\n--status "abc" is not a status such as 503, 5xx or 400\.\.499\n$`)
	p.press("\x7f")
	p.awaitScreen(`\n/status:ab▏\nenter do it `)
	p.press("\x15" + "500\r")
	p.awaitScreen(`\n/500▏\n500: no such webhook in the history; status:500 filters by the status\n$`)
	p.press("\x1b")
	p.awaitScreen(`\n3 of 6 match status:500  f follows\n`)
	p.press("/\x155..6 --where '.status > 200'\r")
	p.awaitScreen(`\n› \S+ +6 .*\n1 of 6 match 5\.\.6 --where '\.status > 200'  f follows\n`)
	p.press("/\x15nowhere\r")
	p.awaitScreen(`\n0 of 6 match "nowhere"  f follows\nf follow `)
	for _, key := range []string{"r", "c", "v", "\r"} {
		p.press(key)
		p.awaitScreen(`\nnothing matches "nowhere"; esc clears the filter\n$`)
		p.press("j")
		p.awaitScreen(`\n0 of 6 match "nowhere"  f follows\nf follow `)
	}
	p.press("\x1b")
	p.awaitScreen(`\nnot following  f follows\n`)
	if now := p.stop(); strings.Contains(now, "$ barb") {
		t.Errorf("a key acted on nothing:\n%s", now)
	}
}

func TestTheTableOfKeysOpensAndClosesAndLeavesNothing(t *testing.T) {
	t.Parallel()
	p := onTerminal(t, "exec barb listen --addr 127.0.0.1:0", "NO_COLOR=1")
	p.awaitScreen(`\n0 received`)
	for _, again := range []string{"?", "\x1b"} {
		p.press("?")
		p.awaitScreen(`\n↑ k (.*\n)+q +quit; so does ctrl-c\n0 received`)
		p.press(again)
		p.awaitScreen(`history\s+\S.*\n0 received`)
	}
	p.press("?")
	p.awaitScreen(`\nq +quit`)
	if err := pty.Setsize(p.pty, &pty.Winsize{Rows: 6, Cols: 46}); err != nil {
		t.Fatal(err)
	}
	if post(p.url+"/below", "x", 10) == 0 {
		t.Fatal("no answer")
	}
	p.awaitScreen(`/below .*\n↑ k .*\n↓ j .*\nenter .*\nesc .*\n1 received.*\nenter show  r replay  / filter  \? keys\n$`)
	p.press("k\x1bq") // esc and q in one burst
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		t.Fatal("q does not quit")
	}
	if now := screen(p.text()); strings.Contains(now, "choose the row") {
		t.Errorf("the table is left:\n%s", now)
	}
}

func TestAShortSecretIsWarnedOfOncePerListener(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, func(*http.Request, int) {})
	p := onTerminal(t, "exec barb listen --addr 127.0.0.1:0 -s github --secret env:GH --forward-to "+e.url, "GH=short",
		"NO_COLOR=1")
	p.receiveSigned("{}", "short")
	p.awaitScreen(`\n1 received`)
	p.press("v")
	p.awaitScreen(`\$ barb verify 1 --explain.*\n(.*\n)*valid  github`)
	p.press("r")
	p.awaitScreen(`\$ barb replay 1\n(.*\n)*.*200`)
	if now := screen(p.text()); strings.Count(now, "shorter than 16 bytes") != 1 {
		t.Errorf("not one warning:\n%s", now)
	}
	p.stop()
}

// hearsHangup has what the test starts hear SIGHUP, also where the tests themselves run under nohup: a child inherits
// what is ignored, and not what is caught.
func hearsHangup(t *testing.T) {
	t.Helper()
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(caught) })
}

func TestTheTerminalIsAsItWasHoweverTheListenerEnds(t *testing.T) {
	hearsHangup(t)
	t.Parallel()
	for name, end := range map[string]func(*terminal){
		"^C":      func(p *terminal) { p.press("\x03") },
		"q":       func(p *terminal) { p.press("q") },
		"SIGTERM": func(p *terminal) { _ = p.process.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(p *terminal) { _ = p.process.Signal(syscall.SIGHUP) },
		"SIGQUIT": func(p *terminal) { _ = p.process.Signal(syscall.SIGQUIT) },
		"^\\":     func(p *terminal) { p.press("\x1c") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := onTerminal(t, "exec barb listen --addr 127.0.0.1:0", "NO_COLOR=1")
			p.awaitRaw(true)
			end(p)
			p.awaitRaw(false)
			select {
			case <-p.done:
			case <-time.After(20 * time.Second):
				t.Fatal("it does not end")
			}
			if p.isRaw() || !strings.Contains(p.text(), "\x1b[?2004l") {
				t.Errorf("raw: %v\n%q", p.isRaw(), p.text())
			}
		})
	}
}

// A terminal that closes sends SIGHUP from the kernel, and often from the shell as well.
func TestAListenerEndsCleanlyBySIGHUP(t *testing.T) {
	hearsHangup(t)
	t.Parallel()
	p := onTerminal(t, "exec barb listen --addr 127.0.0.1:0", "NO_COLOR=1")
	p.awaitRaw(true)
	_, _ = p.process.Signal(syscall.SIGHUP), p.process.Signal(syscall.SIGHUP)
	select {
	case err := <-p.done:
		if err != nil {
			t.Errorf("it ends with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

func TestAStoppedListenerGivesTheShellItsTerminal(t *testing.T) {
	t.Parallel()
	p := inShell(t)
	p.press("barb listen --addr 127.0.0.1:0\n")
	p.listening()
	p.awaitRaw(true)
	p.press("\x1a")
	p.until(`Stopped(.*\n)+\$ $`)
	p.awaitRaw(false)
	if now := screen(p.text()); strings.Contains(now, "0 received") {
		t.Errorf("the footer is left:\n%s", now)
	}
	p.press("echo A | tr A B\n")
	p.until(`\nB\r\n`)
	p.press("fg\n")
	p.awaitRaw(true)
	p.until(`Stopped(.*\n)+.*q quit`)
	p.press("q")
	p.until(`0 webhooks received(.*\n)+\$ $`)
	p.awaitRaw(false)
}

func TestNoKeysWhereTheyWouldBeInTheWay(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"quiet":          "exec barb listen --addr 127.0.0.1:0 -q",
		"json":           "exec barb listen --addr 127.0.0.1:0 --json",
		"stdin no tty":   "exec barb listen --addr 127.0.0.1:0 < /dev/null",
		"stdout no tty":  "exec barb listen --addr 127.0.0.1:0 > file",
		"dumb terminal ": "TERM=dumb exec barb listen --addr 127.0.0.1:0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := onTerminal(t, line, "NO_COLOR=1")
			if post(p.url, "x", 10) == 0 {
				t.Fatal("no answer")
			}
			if p.isRaw() || strings.Contains(p.text(), "quit") {
				t.Errorf("it has keys:\n%q", p.text())
			}
			if p.stop(); strings.Contains(p.text(), "\x1b[?2004") {
				t.Errorf("it had keys:\n%q", p.text())
			}
		})
	}
}

// The golden file is the place to look at what a listener looks like. UPDATE=1 writes it anew.
func TestScreensAtWidths(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, columns := range []int{46, 80, 120} {
		p := onTerminal(t, "exec barb listen --addr 127.0.0.1:0 -s github --secret env:GH", "GH="+githubSecret,
			"NO_COLOR=1")
		if err := pty.Setsize(p.pty, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil {
			t.Fatal(err)
		}
		p.receive(`{"n":1}`)
		p.receive(`{"n":12}`)
		if post(p.url+"/a/long/path/that/says/little", "x", 10) == 0 {
			t.Fatal("no answer")
		}
		shown := p.awaitScreen(`\n3 received(.*\n)+.*\? keys.*\n$`)
		fmt.Fprintf(&got, "== %d columns, following\n%s", columns, fixed(shown))
		p.press("k")
		shown = p.awaitScreen(`\n› (.*\n)+not following.*\n.*\? keys.*\n$`)
		fmt.Fprintf(&got, "== %d columns, choosing\n%s", columns, fixed(shown))
		p.press("f?")
		shown = p.awaitScreen(`ctrl-c\n3 received.*\n.*\? keys.*\n$`)
		fmt.Fprintf(&got, "== %d columns, keys\n%s", columns, fixed(shown))
		p.stop()
		for line := range strings.Lines(screen(p.text())) {
			if strings.HasPrefix(line, "barb: ") || strings.HasPrefix(line, "  /") { // a terminal wraps the path
				continue
			}
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > columns {
				t.Errorf("%d columns in %d: %s", n, columns, line)
			}
		}
	}
	isGolden(t, "screens.golden", got.String())
}

// isGolden compares what was printed with a file of testdata, which UPDATE=1 writes anew.
func isGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

// fixed replaces times and durations in a screen, and drops what the listener says at its start.
func fixed(text string) string {
	text = regexp.MustCompile(`(?m)^barb: .*\n(  [^ \d].*\n)*`).ReplaceAllString(text, "") // it goes on indented
	text = regexp.MustCompile(`\d\d:\d\d:\d\d`).ReplaceAllString(text, "14:02:11")
	text = regexp.MustCompile(` +\d+(\.\d+)?(ms|µs|s)\b`).ReplaceAllString(text, " 5ms")
	return regexp.MustCompile(`p50.*`).ReplaceAllString(text, "p50 …") // how much of it there is room for depends on it
}
