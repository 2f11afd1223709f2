package gateway

import (
	"sync"
	"time"

	"github.com/barbhq/barb/listen"
)

// Gathering tells of refusals that may come in floods. It tells of the first few of each kind at once, and of the
// others that come within a time only how many there were, with one example. Its methods may be called from several
// goroutines at once.
type Gathering struct {
	Every time.Duration
	Most  int // how many of a kind are told of at once within that time
	Tell  func(example listen.Refusal, count int)

	mu    sync.Mutex
	kinds map[string]*gathered
	ended bool
	// telling is held by the kinds whose time has ended, until they are told of.
	telling sync.WaitGroup
}

// gathered is the refusals of one kind since its time began.
type gathered struct {
	timer   *time.Timer
	told    int
	held    int
	example listen.Refusal // the first of those that are held
}

// See tells of a refusal, or counts it.
func (g *Gathering) See(kind string, r listen.Refusal) {
	if g.passes(kind, r) {
		g.Tell(r, 1)
	}
}

// passes reports whether a refusal is told of at once.
func (g *Gathering) passes(kind string, r listen.Refusal) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.kinds == nil {
		g.kinds = map[string]*gathered{}
	}
	k := g.kinds[kind]
	if k == nil {
		k = &gathered{}
		k.timer = time.AfterFunc(g.Every, func() { g.over(kind) })
		g.kinds[kind] = k
	}
	if k.told < g.Most {
		k.told++
		return true
	}
	if k.held++; k.held == 1 {
		k.example = r
	}
	return false
}

// over ends the time of a kind. The refusal that is told of then counts as the first of the next time.
func (g *Gathering) over(kind string) {
	g.mu.Lock()
	k := g.kinds[kind]
	if g.ended || k == nil {
		g.mu.Unlock()
		return
	}
	held, example := k.held, k.example
	if held == 0 {
		delete(g.kinds, kind)
	} else {
		*k = gathered{timer: k.timer, told: 1}
		k.timer.Reset(g.Every)
		g.telling.Add(1)
		defer g.telling.Done()
	}
	g.mu.Unlock()
	if held > 0 {
		g.Tell(example, held)
	}
}

// End tells of all that is held. See may not be called after it.
func (g *Gathering) End() {
	g.mu.Lock()
	g.ended = true
	left := g.kinds
	g.kinds = nil
	g.mu.Unlock()
	for _, k := range left {
		k.timer.Stop()
		if k.held > 0 {
			g.Tell(k.example, k.held)
		}
	}
	g.telling.Wait()
}
