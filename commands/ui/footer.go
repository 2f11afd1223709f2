package ui

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// footerPace is the shortest time between two draws of a footer.
const footerPace = 250 * time.Millisecond

// Footer is a line that stays at the bottom of a terminal while others are written above it. All other output to the
// terminal must go through Wrap.
type Footer struct {
	W       io.Writer     // the terminal
	Text    func() string // returns the current line, plain
	Columns func() int    // current width of the terminal
	Color   bool

	mu      sync.Mutex
	shown   string    // "" when the footer is hidden
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

// draw leaves the cursor at the beginning of the line. If a narrower terminal breaks the line, all of it is then below
// the cursor, and the next output of a ^C or a program overwrites it.
func (f *Footer) draw() {
	if f.stopped || f.midLine {
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
	if f.shown != "" {
		f.print("\r\x1b[J")
		f.shown = ""
	}
}

// print writes to the terminal. It ignores errors: the writers of important output notice them.
func (f *Footer) print(s string) { _, _ = io.WriteString(f.W, s) }
