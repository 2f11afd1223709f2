// Package gather collects writes until they are worth a transaction.
package gather

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// ErrClosed means that nothing more is taken.
var ErrClosed = errors.New("is closed")

// A group closes at so many writes, or so long after its first answer or its first exchange, unless a caller waits for
// one of them.
const (
	groupRows = 512
	groupTime = 5 * time.Millisecond
	addedTime = 20 * time.Millisecond
)

// Above these limits callers wait for the writer, so memory stays bounded however slow the disk is.
const (
	waitingRows  = 2048
	waitingAdded = groupRows // for exchanges that nobody awaits: a group, beside the one that is being written
	waitingBytes = 32 << 20
)

// Write is what one caller wants to have committed.
type Write interface {
	comparable
	Awaited() bool // a caller waits until it is durable
	Added() bool   // has exchanges, which may wait longer than answers unless they are awaited
	Bytes() int    // is about how much memory it takes
}

// Group is the writes that the next transaction will commit. Many goroutines submit, and one takes with Next.
type Group[W Write] struct {
	mu     sync.Mutex
	writes []W
	bytes  int
	urgent int           // writes with a waiting caller
	due    time.Time     // when the group closes; of an empty one: when the last one did
	answer bool          // due is that of an answer
	held   int           // writes of failed groups that wait for the next
	broken error         // why the last group failed; nil when it did not
	closed bool          // nothing more comes
	wake   chan struct{} // capacity 1
	room   chan struct{} // closed when the writer has taken the writes
}

// New returns an empty group.
func New[W Write]() *Group[W] {
	return &Group[W]{wake: make(chan struct{}, 1), room: make(chan struct{})}
}

// Submit adds a write. One that nobody awaits waits while the group is full, unless the last group failed: then it is
// refused, since the wait might never end.
func (g *Group[W]) Submit(ctx context.Context, e W) error {
	g.mu.Lock()
	for !e.Awaited() && g.full(e) && !g.closed {
		room, broken := g.room, g.broken
		g.mu.Unlock()
		if broken != nil {
			return broken
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
		g.mu.Lock()
	}
	defer g.mu.Unlock()
	if g.closed {
		return ErrClosed
	}
	g.add(e)
	return nil
}

func (g *Group[W]) full(e W) bool {
	limit := waitingRows
	if e.Added() {
		limit = waitingAdded
	}
	return len(g.writes)+g.held >= limit || g.bytes >= waitingBytes
}

func (g *Group[W]) add(e W) {
	sooner := g.setDue(e)
	g.writes = append(g.writes, e)
	if !e.Awaited() {
		g.bytes += e.Bytes()
	} else {
		g.urgent++
	}
	// What closes the group sooner wakes the writer, which starts its clock, and so does what completes a group.
	if e.Awaited() || sooner || len(g.writes) == groupRows {
		ring(g.wake)
	}
}

// setDue sets when the group closes and reports whether that is sooner than before e came.
func (g *Group[W]) setDue(e W) (sooner bool) {
	wait, answer := groupTime, !e.Added()
	if !answer {
		wait = addedTime
	}
	first := len(g.writes) == 0
	if !first && (g.answer || !answer) {
		return false
	}
	due := time.Now().Add(wait)
	if sooner = first || due.Before(g.due); sooner {
		g.due = due
	}
	g.answer = answer
	return sooner
}

// Withdraw takes a write back, or returns false when the writer has taken it.
func (g *Group[W]) Withdraw(e W) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.writes, e)
	if i < 0 {
		return false
	}
	g.writes = slices.Delete(g.writes, i, i+1)
	g.urgent--
	return true
}

// Close refuses all further writes.
func (g *Group[W]) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	ring(g.wake)
}

// state returns the number of writes, whether they are due, and if not, how long the writer may wait for more.
func (g *Group[W]) state() (n int, due, closed bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n = len(g.writes)
	if n > 0 {
		wait = time.Until(g.due)
	}
	return n, g.urgent > 0 || n >= groupRows || n > 0 && wait <= 0, g.closed, wait
}

// Next waits for the next group. It returns an empty one at the end, and after retry when that is not 0.
func (g *Group[W]) Next(retry time.Duration) (writes []W, closed bool) {
	for {
		n, due, closed, wait := g.state()
		switch {
		case due:
			return g.fill(n), closed
		case closed:
			return g.take(), true
		case n > 0:
			g.pause(wait)
		case retry == 0:
			<-g.wake
		case !g.pause(retry):
			return nil, false
		}
	}
}

// pause waits for a submit, for at most d, and reports whether there was one.
func (g *Group[W]) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-g.wake:
		return true
	case <-timer.C:
		return false
	}
}

// fill yields the processor until no more writes come, then takes them. Callers that were answered together come back
// together a moment later; committing at the first of them would make groups of one.
func (g *Group[W]) fill(n int) []W {
	for n < groupRows {
		runtime.Gosched()
		more, _, _, _ := g.state()
		if more == n {
			break
		}
		n = more
	}
	return g.take()
}

func (g *Group[W]) take() []W {
	g.mu.Lock()
	defer g.mu.Unlock()
	writes := g.writes
	g.writes, g.bytes, g.urgent = nil, 0, 0
	close(g.room)
	g.room = make(chan struct{})
	return writes
}

// Report sets how the last group went and how many of its writes wait for the next.
func (g *Group[W]) Report(err error, held int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken, g.held = err, held
}

// ring leaves a token in a channel of capacity 1.
func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
