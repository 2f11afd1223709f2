package pgtest

import (
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy lies before a server, and does to connections what a network does. Its methods may be called at any time.
type Proxy struct {
	Address string // of the database, by way of the proxy

	// Budget is asked for each new connection how many bytes of answers are passed on before it is cut, wherever that is.
	// Nil, or a negative number: it is not cut. It is set before the first connection.
	Budget func() int
	// CutAnswer is asked of what a client has sent in one piece whether its answer is cut, and after how many bytes. Many
	// goroutines call it. It is set before the first connection.
	CutAnswer func(sent []byte) (after int, cut bool)

	listener net.Listener
	server   string
	silent   atomic.Bool
	cuts     atomic.Int64
	all      sync.WaitGroup

	mu    sync.Mutex
	pairs map[*pair]bool
}

// pair is a connection of a client, with that to the server.
type pair struct {
	client, server net.Conn
	after          atomic.Int64 // bytes after which the next answer is cut; negative: it is not
}

func (c *pair) close() {
	_ = c.client.Close()
	_ = c.server.Close()
}

// NewProxy starts a proxy before the server of a database. It ends with the test.
func NewProxy(t testing.TB, address string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, server: u.Host, pairs: map[*pair]bool{}}
	u.Host = l.Addr().String()
	p.Address = u.String()
	p.all.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.Cut(1)
		p.all.Wait()
	})
	return p
}

// Cuts is how many connections were cut.
func (p *Proxy) Cuts() int { return int(p.cuts.Load()) }

// Cut cuts a part of the connections, from 0 to 1.
func (p *Proxy) Cut(part float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.pairs {
		if rand.Float64() < part { //nolint:gosec // no secret is made of it
			delete(p.pairs, c)
			p.cuts.Add(1)
			c.close()
		}
	}
}

// Vanish has the server go without a word, as when its machine loses power or packets are dropped: connections stay
// open, and nothing passes any more, in either direction.
func (p *Proxy) Vanish() { p.silent.Store(true) }

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil && !p.silent.Load() {
			_ = client.Close()
			continue
		}
		if server == nil { // the server is down, and nobody is told
			server, _ = net.Pipe()
		}
		c := &pair{client: client, server: server}
		c.after.Store(-1)
		p.mu.Lock()
		p.pairs[c] = true
		p.mu.Unlock()
		p.all.Go(func() { p.requests(c) })
		p.all.Go(func() { p.answers(c) })
	}
}

// requests passes on what a client sends.
func (p *Proxy) requests(c *pair) {
	buf := make([]byte, 256<<10)
	for {
		n, err := c.client.Read(buf)
		if p.silent.Load() {
			if err != nil {
				c.close()
				return
			}
			continue // it is as if it was lost on its way
		}
		if n > 0 && p.CutAnswer != nil {
			if after, cut := p.CutAnswer(buf[:n]); cut {
				c.after.Store(int64(after))
			}
		}
		if _, errWrite := c.server.Write(buf[:n]); err != nil || errWrite != nil {
			c.close()
			return
		}
	}
}

// answers passes on what the server sends, until the connection is to be cut.
func (p *Proxy) answers(c *pair) {
	budget := -1
	if p.Budget != nil {
		budget = p.Budget()
	}
	buf := make([]byte, 256<<10)
	for {
		n, err := c.server.Read(buf)
		if p.silent.Load() {
			return // the client's end closes the connection
		}
		after := int(c.after.Load())
		cut := n > 0 && after >= 0
		if cut { // the server has answered: what was to be done is done
			n = min(n-1, after)
		}
		if budget >= 0 {
			cut, n = cut || n >= budget, min(n, budget)
			budget -= n
		}
		if cut {
			p.cuts.Add(1)
		}
		if _, errWrite := c.client.Write(buf[:n]); cut || err != nil || errWrite != nil {
			p.mu.Lock()
			delete(p.pairs, c)
			p.mu.Unlock()
			c.close()
			return
		}
	}
}
