package gateway

import (
	"sync"
	"time"

	"github.com/barbhq/barb/listen"
)

// gathering tells of refusals that may come in floods. It tells of the first few of each kind at once, and of the
// others that come within a time only how many there were, with one example. Its methods may be called from several
// goroutines at once.
type gathering struct {
	every time.Duration
	most  int // how many of a kind are told of at once within that time
	tell  func(example listen.Refusal, count int)

	mu    sync.Mutex
	kinds map[string]*flood
	// telling is held by the kinds whose time has ended, until they are told of.
	telling sync.WaitGroup
}

// flood is the refusals of one kind since its time began.
type flood struct {
	timer   *time.Timer
	told    int
	held    int
	example listen.Refusal // the first of those that are held
}

// see tells of a refusal, or counts it.
func (g *gathering) see(kind string, r listen.Refusal) {
	g.mu.Lock()
	if g.kinds == nil {
		g.kinds = map[string]*flood{}
	}
	k := g.kinds[kind]
	if k == nil {
		k = &flood{}
		k.timer = time.AfterFunc(g.every, func() { g.over(kind) })
		g.kinds[kind] = k
	}
	atOnce := k.told < g.most
	if atOnce {
		k.told++
	} else if k.held++; k.held == 1 {
		k.example = r
	}
	g.mu.Unlock()
	if atOnce {
		g.tell(r, 1)
	}
}

// over ends the time of a kind. The refusal that is told of then counts as the first of the next time.
func (g *gathering) over(kind string) {
	g.mu.Lock()
	k := g.kinds[kind]
	if k == nil {
		g.mu.Unlock()
		return
	}
	held, example := k.held, k.example
	if held == 0 {
		delete(g.kinds, kind)
	} else {
		*k = flood{timer: k.timer, told: 1}
		k.timer.Reset(g.every)
		g.telling.Add(1)
		defer g.telling.Done()
	}
	g.mu.Unlock()
	if held > 0 {
		g.tell(example, held)
	}
}

// end tells of all that is held. see may not be called after it.
func (g *gathering) end() {
	g.mu.Lock()
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
