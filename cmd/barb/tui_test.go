//go:build unix

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// No command but barb tui asks the terminal anything; bubbletea asks for the colour of the background when the process
// starts.
func TestNoCommandAsksTheTerminalAnything(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"barb --version", "barb schemes", "barb tui --help", "barb history"} {
		p := newTerminal(t, 80, exec.Command("bash", "-c", line), "TERM=xterm-256color", "NO_COLOR=1")
		<-p.done
		if text := p.text(); strings.Contains(text, "\x1b") || text == "" {
			t.Errorf("%s writes %q", line, text)
		}
	}
}

// left is what ends the view on a terminal: the other screen, the mouse, pasted text and the hidden cursor.
var left = []string{"\x1b[?1049l", "\x1b[?1002l", "\x1b[?2004l", "\x1b[?25h"}

func TestTheTerminalIsAsItWasHoweverTheViewEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(p *terminal){
		"q":       func(p *terminal) { p.press("q") },
		"ctrl-c":  func(p *terminal) { p.press("\x03") },
		"SIGTERM": func(p *terminal) { _ = p.process.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(p *terminal) { _ = p.process.Signal(syscall.SIGHUP) },
	} {
		p := newTerminal(t, 80, exec.Command(barbPath(t), "tui"))
		p.until("history is empty")
		p.awaitRaw(true)
		end(p)
		select {
		case <-p.done:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s does not end it\n%q", name, p.text())
		}
		for _, sequence := range left {
			if !strings.Contains(p.text(), sequence) {
				t.Errorf("%s: no %q in\n%q", name, sequence, p.text())
			}
		}
	}
}

// tmux is a real terminal with a shell in it.
type tmux struct {
	t      *testing.T
	socket string
	env    []string
}

func newTmux(t *testing.T, width, height string) *tmux {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	dir := t.TempDir()
	m := &tmux{t: t, socket: filepath.Join(dir, "s")}
	m.env = append(os.Environ(), "PATH="+filepath.Dir(barbPath(t))+":"+os.Getenv("PATH"), "HOME="+dir,
		"BARB_DB="+dir+"/history.db", "XDG_CONFIG_HOME="+dir, "NO_COLOR=", "HISTFILE=")
	m.run("-f", "/dev/null", "new-session", "-d", "-x", width, "-y", height, "bash --norc --noprofile")
	t.Cleanup(func() { m.run("kill-server") })
	m.keys("PS1='rea''dy$ '; cd; clear", "Enter")
	m.shows(`^ready\$`)
	return m
}

func (m *tmux) run(args ...string) string {
	m.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", m.socket}, args...)...)
	cmd.Env = m.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// keys presses keys by their names for tmux.
func (m *tmux) keys(names ...string) { m.t.Helper(); m.run(append([]string{"send-keys"}, names...)...) }

// shows waits for the screen to show something.
func (m *tmux) shows(pattern string) (screen string) {
	m.t.Helper()
	found := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if screen = m.run("capture-pane", "-p"); found.MatchString(screen) {
			return screen
		}
	}
	m.t.Fatalf("no %q on the screen\n%s", pattern, screen)
	return ""
}

func TestTheViewInARealTerminal(t *testing.T) {
	t.Parallel()
	m := newTmux(t, "80", "24")
	m.keys("barb listen --addr 127.0.0.1:0 -q > out 2> err < /dev/null & barb tui", "Enter")
	m.shows("history is empty")
	url := ""
	until(t, "barb listens", time.Minute, func() bool {
		data, _ := os.ReadFile(filepath.Join(filepath.Dir(m.socket), "err"))
		url = regexp.MustCompile(`http://[0-9.:]+`).FindString(string(data))
		return url != ""
	})
	for _, event := range []string{"order.created", "order.paid"} {
		cmd := exec.Command("barb", "send", url+"/hooks", "-d", `{"type":"`+event+`","n":1}`, "-q", "--db",
			filepath.Join(t.TempDir(), "s.db"))
		cmd.Path, cmd.Env = barbPath(t), m.env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	m.shows(`1/2  ● following\n› .*order.paid`)
	m.keys("p")
	m.shows(`pinned 2\b`)
	m.keys("y")
	m.shows(`c curl .* a barb(.*\n)+.*esc leave`)
	m.keys("a")
	m.shows(`copied 2 as barb, \d+B`)
	m.keys("2", "j")
	m.shows(`2/2  ○ not following(.*\n)+.*order.created`)
	m.keys("/", "nothing-has-this", "Enter")
	m.shows("nothing in the history matches nothing-has-this")
	m.keys("Escape")
	m.shows(`1/2  ● following`)
	m.run("resize-window", "-x", "46", "-y", "24")
	m.shows(`enter show  r replay  / filter  \? keys  q quit\s*$`)
	m.keys("C-z")
	m.shows(`Stopped .*barb tui`)
	m.keys("stty -a | grep -wo -e -echo -e -icanon; echo s''een; fg", "Enter")
	m.shows(`● following`)
	m.keys("q")
	screen := m.shows(`seen(.*\n)+.*ready\$ $|seen(.*\n)+.*ready\$\s*$`)
	if strings.Contains(screen, "-echo\n") || strings.Contains(screen, "-icanon\n") {
		t.Errorf("the stopped view left the terminal raw:\n%s", screen)
	}
	m.keys("kill %1; wait; stty -a | grep -wo -e -echo -e -icanon; echo d''one", "Enter")
	if screen := m.shows("done"); strings.Contains(screen, "-echo\n") || strings.Contains(screen, "-icanon\n") {
		t.Errorf("the view left the terminal raw:\n%s", screen)
	}
}

// An editor has the terminal itself, and what it draws is not taken for the output of barb replay.
func TestAnEditorHasTheTerminal(t *testing.T) {
	t.Parallel()
	m := newTmux(t, "80", "24")
	script := "#!/bin/sh\n" + `[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && printf '{"n":7}' > "$1"` + "\n" +
		`printf '\033[2J\033[Hdrawn by the editor'` + "\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(m.socket), "editor"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	came := make(chan string, 10)
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		came <- string(body)
	}))
	defer app.Close()
	m.keys("barb send -q "+app.URL+" -d '{}'; EDITOR=$HOME/editor barb tui", "Enter")
	m.shows(`1/1  ● following`)
	m.keys("e")
	screen := m.shows(`\$ barb replay 1 --edit (.*\n)+#1  200 `)
	if !strings.HasPrefix(screen, "barb  history.db") || strings.Contains(screen, "drawn by the editor") {
		t.Errorf("the editor is still on the screen:\n%s", screen)
	}
	if before, edited := <-came, <-came; before != "{}" || edited != `{"n":7}` {
		t.Errorf("%q and %q came", before, edited)
	}
	m.keys("q", "q")
	m.shows(`(?m)^ready\$`)
}

// The key t of a listener opens the view, and leaving it goes back to the listener.
func TestAListenerOpensTheView(t *testing.T) {
	t.Parallel()
	p := onTerminal(t, "exec barb listen --addr 127.0.0.1:0 -s github --secret "+githubSecret+" < /dev/tty")
	p.awaitRaw(true)
	p.receive(`{"n":1}`)
	p.until("1 received")
	p.press("t")
	p.until(`\x1b\[\?1049h(.|\n)*following`)
	p.receive(`{"n":22}`)
	p.until(`1/2`)
	p.press("q")
	p.until(`\x1b\[\?1049l`)
	p.awaitRaw(true)
	p.press("v")
	p.until(`barb verify \d+ --explain`)
	p.stop()
	if lines := strings.Count(p.text()[strings.LastIndex(p.text(), "\x1b[?1049l"):], " github push "); lines < 1 {
		t.Errorf("what came meanwhile is not told:\n%q", p.text())
	}
}
