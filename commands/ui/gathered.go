package ui

import (
	"cmp"
	"io"
	"runtime"
	"sync"
)

// Gather has p write in one go the lines that many goroutines print at about the same time, until the function that it
// returns is called, which writes what is left. A line that comes alone is written at once. What beside prints comes
// after what was printed with p before.
func (p *Printer) Gather(beside *Printer) (end func()) {
	g := &gathered{w: p.W}
	g.written.L = &g.mu
	own := p.swap(g)
	other := beside.swap(&afterward{g, beside.W})
	return func() {
		err := g.flush()
		beside.swap(other)
		p.swap(own)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.err = cmp.Or(p.err, err)
	}
}

// swap has p write to w from now on, and returns what it wrote to before.
func (p *Printer) swap(w io.Writer) (before io.Writer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, p.W = p.W, w
	return before
}

// mostGathered is from how many bytes on a line waits until others are written.
const mostGathered = 64 << 10

// gathered hands on what is written to it, all that is there in one write. Once a write has failed, all later ones
// return its error.
type gathered struct {
	w       io.Writer
	mu      sync.Mutex
	written sync.Cond // something was, or all
	buf     []byte    // to be written
	spare   []byte
	running bool // a goroutine writes
	err     error
}

func (g *gathered) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.buf) >= mostGathered && g.err == nil {
		g.written.Wait()
	}
	if g.err != nil {
		return 0, g.err
	}
	g.buf = append(g.buf, p...)
	if !g.running {
		g.running = true
		go g.run()
	}
	return len(p), nil
}

// run writes until nothing is left.
func (g *gathered) run() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.buf) > 0 && g.err == nil {
		g.settle()
		out := g.buf
		g.buf, g.spare = g.spare[:0], nil
		g.mu.Unlock()
		_, err := g.w.Write(out)
		g.mu.Lock()
		g.spare, g.err = out, err
		g.written.Broadcast()
	}
	g.running = false
	g.written.Broadcast()
}

// settle lets others run as long as they add lines: those whose webhooks one fsync made durable are about to.
func (g *gathered) settle() {
	for before := 0; before < len(g.buf) && len(g.buf) < mostGathered; {
		before = len(g.buf)
		g.mu.Unlock()
		runtime.Gosched()
		g.mu.Lock()
	}
}

// flush waits until all is written, and returns the first error.
func (g *gathered) flush() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.running {
		g.written.Wait()
	}
	return g.err
}

// afterward writes once all that was gathered is written.
type afterward struct {
	first *gathered
	w     io.Writer
}

func (a *afterward) Write(p []byte) (int, error) {
	_ = a.first.flush() // the printer whose lines these are tells the error
	return a.w.Write(p)
}
