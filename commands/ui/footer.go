package ui

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// footerPace is the shortest time between two draws of a footer, but for those of Redraw.
const footerPace = 250 * time.Millisecond

// mostHeld is how much output a footer holds back, in bytes, before it lets all of it go.
const mostHeld = 256 << 10

// Footer is text that stays at the bottom of a terminal while lines are written above it. All other output to the
// terminal must go through Wrap or Beside.
type Footer struct {
	W       io.Writer     // the terminal
	Text    func() string // returns the current lines, plain; a line that begins with Chosen is drawn as chosen
	Columns func() int    // current width of the terminal
	Color   bool

	// Foreground reports whether the terminal is this process's to draw on; nil: always. In the background the footer is
	// neither drawn nor erased, because the shell has written in its place.
	Foreground func() bool

	mu      sync.Mutex
	shown   string    // "" when the footer is not on the screen
	hidden  bool      // by Hide
	drawn   time.Time // the last time
	midLine bool      // the last output did not end its line
	stopped bool
	holding bool
	lent    bool
	held    []byte // output of Wrap since Hold
	below   io.Writer
	done    chan struct{}
	group   sync.WaitGroup
}

// Chosen begins the line of a footer that is the chosen one of several.
const Chosen = "›"

// Start shows the footer and updates it until Stop.
func (f *Footer) Start() {
	f.done = make(chan struct{})
	f.group.Go(func() {
		tick := time.NewTicker(footerPace)
		defer tick.Stop()
		for {
			f.tick()
			select {
			case <-tick.C:
			case <-f.done:
				return
			}
		}
	})
}

// Stop removes the footer and lets go what it held. Later output passes through. It may be called twice.
func (f *Footer) Stop() {
	f.mu.Lock()
	first := !f.stopped
	f.stopped = true
	f.erase()
	f.release()
	f.mu.Unlock()
	if first && f.done != nil {
		close(f.done)
	}
	f.group.Wait()
}

// Hide removes the footer until Show, as before the process stops.
func (f *Footer) Hide() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.erase()
	f.hidden = true
}

// Show shows the footer again after Hide, below what others have written since.
func (f *Footer) Show() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hidden, f.shown = false, ""
	f.draw()
}

// Lend removes the footer and keeps back all output until back is called, while something else draws on the terminal.
// Of more than is held the beginning is dropped.
func (f *Footer) Lend() (back func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.erase()
	holding := f.holding
	f.hidden, f.lent = true, true
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.hidden, f.lent, f.shown = false, false, ""
		if !holding {
			f.release()
		}
		f.draw()
	}
}

// keep keeps output back while the terminal is lent.
func (f *Footer) keep(data []byte) {
	f.held = append(f.held, data...)
	if over := len(f.held) - mostHeld; over > 0 {
		rest := f.held[over:]
		f.held = append([]byte(nil), rest[bytes.IndexByte(rest, '\n')+1:]...)
	}
}

// Redraw shows what Text returns now.
func (f *Footer) Redraw() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.draw()
}

// Hold keeps back what is written through Wrap, or lets all of it go.
func (f *Footer) Hold(hold bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.holding = hold; hold {
		return
	}
	f.erase()
	f.release()
	f.draw()
}

// release writes what was held.
func (f *Footer) release() {
	f.holding = false
	if len(f.held) > 0 && f.below != nil {
		_, _ = f.below.Write(f.held) // the error comes again with the next write
	}
	f.held = nil
}

// Wrap returns a writer to w on the footer's terminal: the footer makes room for each write. Hold keeps back what is
// written; it is for one writer only.
func (f *Footer) Wrap(w io.Writer) io.Writer {
	f.below = w
	return &aboveFooter{footer: f, w: w, holds: true}
}

// Beside is Wrap for a writer that Hold does not keep back.
func (f *Footer) Beside(w io.Writer) io.Writer { return &aboveFooter{footer: f, w: w} }

type aboveFooter struct {
	footer *Footer
	w      io.Writer
	holds  bool
}

// Write writes data in place of the footer and shows the footer below, unless it was drawn a moment ago.
func (a *aboveFooter) Write(data []byte) (int, error) {
	f := a.footer
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lent && !f.stopped {
		f.keep(data)
		return len(data), nil
	}
	if a.holds && f.holding && !f.stopped {
		if f.held = append(f.held, data...); len(f.held) <= mostHeld {
			return len(data), nil
		}
		f.erase()
		f.release()
		f.holding = true
		f.draw()
		return len(data), nil
	}
	f.erase()
	n, err := a.w.Write(data)
	f.midLine = len(data) > 0 && !bytes.HasSuffix(data, []byte("\n"))
	if time.Since(f.drawn) >= footerPace {
		f.draw()
	}
	return n, err
}

func (f *Footer) tick() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.drawn) >= footerPace/2 { // a write may have drawn it just now
		f.draw()
	}
}

// draw leaves the cursor at the beginning of the first line. If a narrower terminal breaks a line, all of it is then
// below the cursor, and the next output of a ^C or a program overwrites it.
func (f *Footer) draw() {
	if f.stopped || f.midLine || f.hidden {
		return
	}
	if !f.isOurs() {
		f.shown = ""
		return
	}
	lines := strings.Split(f.Text(), "\n")
	for i, line := range lines {
		lines[i] = cutText(line, max(f.Columns()-1, 0))
	}
	text := strings.Join(lines, "\n")
	if text == f.shown {
		return
	}
	f.drawn = time.Now()
	f.shown = text
	if f.Color {
		for i, line := range lines {
			lines[i] = style(line) + line + "\x1b[0m"
		}
	}
	up := ""
	if n := len(lines) - 1; n > 0 {
		up = fmt.Sprintf("\x1b[%dA", n)
	}
	f.print("\r\x1b[J" + strings.Join(lines, "\r\n") + "\r" + up)
}

// style returns the escape sequence for a line of a footer: reverse where it is chosen, else faint.
func style(line string) string {
	if strings.HasPrefix(line, Chosen) {
		return "\x1b[7m"
	}
	return "\x1b[2m"
}

func (f *Footer) erase() {
	if f.shown != "" && f.isOurs() {
		f.print("\r\x1b[J")
	}
	f.shown = ""
}

func (f *Footer) isOurs() bool { return f.Foreground == nil || f.Foreground() }

// print writes to the terminal. It ignores errors: the writers of important output notice them.
func (f *Footer) print(s string) { _, _ = io.WriteString(f.W, s) }
