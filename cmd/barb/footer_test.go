//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
)

// terminal is a barb on a pseudo-terminal, and everything it has written there.
type terminal struct {
	t       *testing.T
	pty     *os.File
	process *os.Process
	url     string
	mu      sync.Mutex
	raw     bytes.Buffer
	done    chan error
}

func onTerminal(t *testing.T, line string, extra ...string) *terminal {
	t.Helper()
	p := newTerminal(t, 80, exec.Command("bash", "-c", line), extra...)
	p.listening()
	return p
}

// listening waits for a listener to say where it listens.
func (p *terminal) listening() {
	p.t.Helper()
	p.until(`listening on http://\S+`)
	p.url = regexp.MustCompile(`http://127[.0-9]+:\d+`).FindString(p.text())
}

// newTerminal runs a command on a pseudo-terminal, with barb in its PATH and a home of its own.
func newTerminal(t *testing.T, columns int, cmd *exec.Cmd, extra ...string) *terminal {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "barb")); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir, "BARB_DB="+dir+"/history.db",
		"XDG_CONFIG_HOME="+dir, "TERM=xterm", "NO_COLOR=")
	cmd.Env, cmd.Dir = append(cmd.Env, extra...), dir
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: uint16(columns)})
	if err != nil {
		t.Fatal(err)
	}
	p := &terminal{t: t, pty: f, process: cmd.Process, done: make(chan error, 1)}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = f.Close() })
	go func() {
		_, _ = io.Copy(p, f) // ends with an error of its own when the process does
		p.done <- cmd.Wait()
	}()
	return p
}

// press types keys.
func (p *terminal) press(keys string) {
	p.t.Helper()
	if _, err := p.pty.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

func (p *terminal) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.raw.Write(data)
}

func (p *terminal) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.raw.String()
}

// until waits for something to be written.
func (p *terminal) until(pattern string) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if regexp.MustCompile(pattern).MatchString(p.text()) {
			return
		}
	}
	p.t.Fatalf("no %q in\n%q", pattern, p.text())
}

// stop presses ^C and returns the screen that is left.
func (p *terminal) stop() string {
	p.t.Helper()
	p.press("\x03")
	select {
	case <-p.done: // how it ended is the shell's to say: ^C reaches whatever reads its output as well
	case <-time.After(20 * time.Second):
		p.t.Fatalf("did not end\n%q", p.text())
	}
	return screen(p.text())
}

// sequence matches an escape sequence that moves, clears or colours, and one for the clipboard.
var sequence = regexp.MustCompile(`^\x1b(\[[?0-9;]*[A-Za-z]|\][^\a]*\a)`)

// screen is what a terminal shows after all that: it knows line breaks, the carriage return, moving up and clearing
// what is below.
func screen(text string) string {
	lines, row, column := [][]rune{{}}, 0, 0
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		if code := sequence.FindString(text); code != "" {
			switch {
			case code == "\x1b[J":
				lines = append(lines[:row], lines[row][:min(column, len(lines[row]))])
			case strings.HasSuffix(code, "A"):
				up, _ := strconv.Atoi(code[2 : len(code)-1])
				row = max(row-up, 0)
			}
			text = text[len(code):]
			continue
		}
		switch text = text[size:]; r {
		case '\r':
			column = 0
		case '\n':
			if row++; row == len(lines) {
				lines = append(lines, nil)
			}
		default:
			for len(lines[row]) <= column {
				lines[row] = append(lines[row], ' ')
			}
			lines[row][column] = r
			column++
		}
	}
	var out strings.Builder
	for _, line := range lines {
		out.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return out.String()
}

func TestTheFooterStaysBelowAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	p := onTerminal(t, "exec barb listen --addr 127.0.0.1:0 --respond 200,200,503")
	// the cursor is back at the beginning
	// the cursor is back at the beginning
	p.until(`0 received  0 invalid  0 failed(\x1b\[0m)?\r+\n.*q quit(\x1b\[0m)?\r\x1b\[1A`)
	for _, id := range []string{"a", "b", "c"} {
		if post(p.url, id, 10) == 0 {
			t.Fatal("no answer")
		}
	}
	p.awaitScreen(`(?s)\n\d\d:\d\d:\d\d     3  POST / .*→ 503 .*\n3 received  0 invalid  1 failed  p50 \S+  p99 \S+\n` +
		`[^\n]*q quit\n$`)

	if err := pty.Setsize(p.pty, &pty.Winsize{Rows: 24, Cols: 30}); err != nil {
		t.Fatal(err)
	}
	if post(p.url, "d", 10) == 0 {
		t.Fatal("no answer")
	}
	p.until(`4 received  0 invalid  2 fai…`)
	left := p.stop()
	for _, gone := range []string{"invalid", "failed", "quit", "^C"} {
		if strings.Contains(left, gone) {
			t.Errorf("%q is left on the screen:\n%s", gone, left)
		}
	}
	want := regexp.MustCompile(
		`(?s)^barb: listening on .*\n\S+     1  POST / .*\n\S+     2  POST / .*\n\S+     3  POST / .*\n` +
			`   4  POST.*→ 503.*\nbarb: 4 webhooks received\n+$`)
	if !want.MatchString(left) {
		t.Errorf("the screen is\n%s", left)
	}
	for line := range strings.Lines(left) {
		if strings.HasPrefix(line, "   4 ") && utf8.RuneCountInString(strings.TrimSpace(line)) > 30 {
			t.Errorf("it wraps: %s", line)
		}
	}
}

func TestAFooterIsDrawnFourTimesASecondAtMost(t *testing.T) {
	t.Parallel()
	p := onTerminal(t, "exec barb listen --addr 127.0.0.1:0")
	begun := time.Now()
	for range 200 {
		if post(p.url, "x", 10) == 0 {
			t.Fatal("no answer")
		}
	}
	p.until(`200 received`)
	drawn := strings.Count(p.text(), " failed")
	if most := int(4*time.Since(begun).Seconds()) + 3; drawn > most {
		t.Errorf("drawn %d times for 200 webhooks in %v", drawn, time.Since(begun))
	}
	if lines := strings.Count(p.stop(), "POST /"); lines != 200 {
		t.Errorf("%d lines of 200 are left", lines)
	}
}

func TestNoFooterWhereItWouldBeInTheWay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ line, env string }{
		"dumb terminal": {"exec barb listen --addr 127.0.0.1:0", "TERM=dumb"},
		"json":          {"exec barb listen --addr 127.0.0.1:0 --json", ""},
		"stdout a pipe": {"barb listen --addr 127.0.0.1:0 | cat", ""},
		"stderr no tty": {"exec barb listen --addr 127.0.0.1:0 2> >(cat)", ""},
		"quiet":         {"exec barb listen --addr 127.0.0.1:0 -q", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := onTerminal(t, c.line, c.env)
			if post(p.url, "x", 10) == 0 {
				t.Fatal("no answer")
			}
			p.until(`POST /|"method":"POST"`)
			if strings.Contains(p.stop(), "failed") || strings.Contains(p.text(), "\x1b[J") {
				t.Errorf("there is one:\n%q", p.text())
			}
		})
	}
}
