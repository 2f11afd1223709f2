package commands

import (
	"sync"
	"time"

	"github.com/barbhq/barb/listen"
)

// gathering tells of refusals that may come in floods: of each kind the first few at once, and of what else comes
// within a time only how many there were, with one example.
type gathering struct {
	every time.Duration
	most  int // that are told of at once within that time
	tell  func(example listen.Refusal, count int)

	mu    sync.Mutex
	kinds map[string]*gathered
	ended bool
	// telling is held by those whose time has ended, until they have told.
	telling sync.WaitGroup
}

// gathered is what came of one kind since its time began.
type gathered struct {
	timer   *time.Timer
	told    int
	held    int
	example listen.Refusal // the first of those that are held
}

// see tells of a refusal, or counts it.
func (g *gathering) see(kind string, r listen.Refusal) {
	if g.passes(kind, r) {
		g.tell(r, 1)
	}
}

func (g *gathering) passes(kind string, r listen.Refusal) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.kinds == nil {
		g.kinds = map[string]*gathered{}
	}
	k := g.kinds[kind]
	if k == nil {
		k = &gathered{}
		k.timer = time.AfterFunc(g.every, func() { g.over(kind) })
		g.kinds[kind] = k
	}
	if k.told < g.most {
		k.told++
		return true
	}
	if k.held++; k.held == 1 {
		k.example = r
	}
	return false
}

// over ends the time of a kind. What is told of then is the first of the next.
func (g *gathering) over(kind string) {
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
		k.timer.Reset(g.every)
		g.telling.Add(1)
		defer g.telling.Done()
	}
	g.mu.Unlock()
	if held > 0 {
		g.tell(example, held)
	}
}

// end tells of all that is held. Nothing may be seen after it.
func (g *gathering) end() {
	g.mu.Lock()
	g.ended = true
	left := g.kinds
	g.kinds = nil
	g.mu.Unlock()
	for _, k := range left {
		k.timer.Stop()
		if k.held > 0 {
			g.tell(k.example, k.held)
		}
	}
	g.telling.Wait()
}
