package ui

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// footerPace is the shortest time between two draws of a footer.
const footerPace = 250 * time.Millisecond

// Footer is text that stays at the bottom of a terminal while lines are written above it. All other output to the
// terminal must go through Wrap.
type Footer struct {
	W       io.Writer     // the terminal
	Text    func() string // returns the current lines, plain
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
	done    chan struct{}
	group   sync.WaitGroup
}

// Start shows the footer and updates it until Stop.
func (f *Footer) Start() {
	f.done = make(chan struct{})
	f.group.Go(func() {
		tick := time.NewTicker(footerPace)
		defer tick.Stop()
		for {
			f.redraw()
			select {
			case <-tick.C:
			case <-f.done:
				return
			}
		}
	})
}

// Stop removes the footer. Later output passes through. It may be called twice.
func (f *Footer) Stop() {
	f.mu.Lock()
	first := !f.stopped
	f.stopped = true
	f.erase()
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
	f.hidden = true
	f.erase()
}

// Show shows the footer again after Hide, below what others have written since.
func (f *Footer) Show() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hidden, f.shown = false, ""
	f.draw()
}

// Wrap returns a writer to w on the footer's terminal: the footer makes room for each write.
func (f *Footer) Wrap(w io.Writer) io.Writer { return &aboveFooter{footer: f, w: w} }

type aboveFooter struct {
	footer *Footer
	w      io.Writer
}

// Write writes data in place of the footer and shows the footer below, unless it was drawn a moment ago.
func (a *aboveFooter) Write(data []byte) (int, error) {
	f := a.footer
	f.mu.Lock()
	defer f.mu.Unlock()
	f.erase()
	n, err := a.w.Write(data)
	f.midLine = len(data) > 0 && !bytes.HasSuffix(data, []byte("\n"))
	if time.Since(f.drawn) >= footerPace {
		f.draw()
	}
	return n, err
}

func (f *Footer) redraw() {
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
	text := cutText(f.Text(), max(f.Columns()-1, 0))
	if text == f.shown {
		return
	}
	f.drawn = time.Now()
	line := text
	if f.Color {
		line = "\x1b[2m" + text + "\x1b[0m"
	}
	f.print("\r\x1b[J" + line + "\r")
	f.shown = text
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
