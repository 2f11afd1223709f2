package deliver

import (
	"sync"
	"time"
)

const (
	maxIdle = 256              // connections that wait for their next request
	idleFor = 60 * time.Second // how long one waits; servers commonly close theirs after 5 to 75 s
)

// pool keeps connections between requests, the most recently used on top.
type pool struct {
	max   int
	mu    sync.Mutex
	conns map[string][]*conn
	count int
	done  bool
}

// get returns the most recently used connection to an endpoint, or nil. It may have died since: probe it.
func (p *pool) get(key string) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.conns[key]
	if len(conns) == 0 {
		return nil
	}
	c := conns[len(conns)-1]
	conns[len(conns)-1] = nil
	p.conns[key] = conns[:len(conns)-1]
	p.count--
	return c
}

// put keeps a connection, or closes it when there are enough.
func (p *pool) put(c *conn) {
	c.since = time.Now()
	p.mu.Lock()
	keep := !p.done && p.count < p.max
	if keep {
		if p.conns == nil {
			p.conns = make(map[string][]*conn)
		}
		p.conns[c.key] = append(p.conns[c.key], c)
		p.count++
	}
	p.mu.Unlock()
	if !keep {
		_ = c.Close()
	}
}

// close closes the idle connections. Connections returned later are closed at once.
func (p *pool) close() {
	p.mu.Lock()
	all := p.conns
	p.conns, p.count, p.done = nil, 0, true
	p.mu.Unlock()
	for _, conns := range all {
		for _, c := range conns {
			_ = c.Close()
		}
	}
}
