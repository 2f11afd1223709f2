package listen

import (
	"context"
	"errors"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// lastCall is how long an idle connection may still begin a request when the server ends.
const lastCall = 50 * time.Millisecond

// run is one call of Serve with its connections.
type run struct {
	Server
	group sync.WaitGroup
	http2 *http2 // nil: not spoken

	mu    sync.Mutex
	conns map[*conn]struct{}

	slots    chan struct{} // one taken for each connection
	ended    chan struct{} // closed by stop
	stopping atomic.Bool   // as ended, cheaper to ask
	crowded  atomic.Bool   // a connection waits for a slot
	cutting  atomic.Bool   // Drain has run out

	// one taken for each large body that is checked: what a check makes of it may be many times as large
	checking chan struct{}

	usual atomic.Pointer[usual] // the last one; nil: none yet

	full     chan struct{} // closed when Limit exchanges are answered
	taken    atomic.Int64  // exchanges that are recorded or about to be
	answered atomic.Int64
}

func newRun(s Server) *run {
	return &run{
		Server:   s,
		conns:    make(map[*conn]struct{}),
		checking: make(chan struct{}, runtime.GOMAXPROCS(0)),
		slots:    make(chan struct{}, s.MaxConns),
		ended:    make(chan struct{}),
		full:     make(chan struct{}),
	}
}

// accept serves each connection of ln in a goroutine of its own, until the server ends or ln is broken.
func (r *run) accept(ctx context.Context, ln net.Listener) error {
	pause := time.Duration(0)
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil && !r.allowed(nc):
			pause = 0
			continue
		case err == nil && r.takeSlot():
			pause = 0
			r.start(ctx, nc)
			continue
		case err == nil:
			return nc.Close()
		case r.stopping.Load():
			return nil
		case !passing(err):
			return err
		}
		r.tell(Refusal{Err: err})
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-r.ended:
		}
	}
}

// passing reports whether an error of Accept goes away by itself: too few file descriptors or memory, or a peer that
// left.
func passing(err error) bool {
	errnos := []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED}
	return slices.ContainsFunc(errnos, func(e syscall.Errno) bool { return errors.Is(err, e) })
}

// takeSlot waits until there is room for the accepted connection. Meanwhile idle connections that had an answer are
// closed. It returns false when the server ends.
func (r *run) takeSlot() bool {
	select {
	case r.slots <- struct{}{}:
		return true
	default:
	}
	r.crowded.Store(true)
	defer r.crowded.Store(false)
	r.expire(func(c *conn) bool { return c.served.Load() })
	select {
	case r.slots <- struct{}{}:
		return true
	case <-r.ended:
		return false
	}
}

func (r *run) start(ctx context.Context, nc net.Conn) {
	c := newConn(r, nc)
	r.mu.Lock()
	r.conns[c] = struct{}{}
	r.mu.Unlock()
	r.group.Go(func() {
		c.serve(ctx)
		r.mu.Lock()
		delete(r.conns, c)
		r.mu.Unlock()
		<-r.slots
	})
}

// stop accepts no more connections and ends the idle ones.
func (r *run) stop(ln net.Listener) {
	r.stopping.Store(true)
	close(r.ended)
	_ = ln.Close() // all that can be wrong is that it was closed before
	r.expire(func(*conn) bool { return true })
}

func (r *run) expire(which func(*conn) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		if which(c) {
			c.expire()
		}
	}
}

// finish waits for the exchanges in flight and cuts them when Drain ends.
func (r *run) finish(cut context.CancelFunc) {
	done := make(chan struct{})
	go func() {
		r.group.Wait()
		close(done)
	}()
	timer := time.NewTimer(r.Drain)
	defer timer.Stop()
	select {
	case <-done:
		return
	case <-timer.C:
	}
	r.cutting.Store(true)
	r.mu.Lock()
	for c := range r.conns {
		_ = c.net.Close()
	}
	r.mu.Unlock()
	cut() // after the connections: what Reply makes of being interrupted is no answer, and nobody gets it
	<-done
}

// reserve takes one of Limit places before an exchange is recorded, so that never more are.
func (r *run) reserve() bool {
	if r.Limit == 0 {
		return true
	}
	for {
		n := r.taken.Load()
		if n >= int64(r.Limit) {
			return false
		}
		if r.taken.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release gives back the place of an exchange that was not recorded.
func (r *run) release() { r.taken.Add(-1) }

// count counts a recorded exchange that has ended, and ends the server with the last one.
func (r *run) count() {
	if r.answered.Add(1) == int64(r.Limit) {
		close(r.full)
	}
}

// closing reports whether the connection ends with the answer that is being made.
func (r *run) closing() bool {
	return r.stopping.Load() || r.crowded.Load() || r.Limit > 0 && r.taken.Load() >= int64(r.Limit)
}

func (r *run) tell(refusal Refusal) {
	if r.Refused != nil {
		r.Refused(refusal)
	}
}
