package worker

import (
	"context"
	"sync"
	"time"
)

// Plans keeps what is needed to carry plans out: P is made once for each text of a Plan. To make it may take as long as
// the command of a secret, so a caller waits for its own plan only.
type Plans[P any] struct {
	// Make makes what the text of a plan asks for. After an error it is asked again when Recheck has passed.
	Make    func(ctx context.Context, text, target string) (P, error)
	Recheck time.Duration

	mu  sync.Mutex
	all map[string]*made[P]
}

type made[P any] struct {
	done  chan struct{} // closed when the others are set
	plan  P
	err   error
	until time.Time // when one that failed is made again
}

// Of returns what the text of a plan asks for, or why it could not be made. target is for whom.
func (p *Plans[P]) Of(ctx context.Context, text, target string) (P, error) {
	p.mu.Lock()
	known := p.all[text]
	if known != nil && !known.hasFailed() {
		p.mu.Unlock()
		<-known.done
		return known.plan, known.err
	}
	known = &made[P]{done: make(chan struct{})}
	if p.all == nil {
		p.all = map[string]*made[P]{}
	}
	p.all[text] = known
	p.mu.Unlock()
	known.plan, known.err = p.Make(ctx, text, target)
	known.until = time.Now().Add(p.Recheck)
	close(known.done)
	return known.plan, known.err
}

// hasFailed reports whether a plan could not be made and is to be tried again.
func (m *made[P]) hasFailed() bool {
	select {
	case <-m.done:
		return m.err != nil && time.Now().After(m.until)
	default:
		return false
	}
}

// Each calls do for every plan that was made.
func (p *Plans[P]) Each(do func(P)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.all {
		<-known.done
		if known.err == nil {
			do(known.plan)
		}
	}
}
