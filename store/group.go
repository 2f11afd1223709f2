package store

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/store/ahead"
)

// A group closes at so many rows, or so long after its first answer or its first exchange of Add, unless a caller waits
// for it. Readers wait for answers (see Announce), and nobody waits for what Add was given.
const (
	groupRows = 512
	groupTime = 5 * time.Millisecond
	addedTime = 20 * time.Millisecond
)

// Above these limits callers wait for the writer, so memory stays bounded however slow the disk is.
const (
	waitingRows  = 2048
	waitingAdded = 1024 // for the callers of Add: two groups, one of which is being written
	waitingBytes = 32 << 20
)

// write is one call to be committed: exchanges, an answer, work on the queue, or none of them for a flush.
type write struct {
	begin []*beginning
	end   *ending
	went  ahead.Answer // that went out as it was recorded; ID 0: none
	// work runs in the transaction of the group, before its exchanges are inserted; first is the id of the first of them.
	// It may run again when the transaction was rolled back. When it returns false, the exchanges are left out.
	work func(w *writer, first int64) (bool, error)
	left bool       // work returned false
	done chan error // capacity 1; nil when no caller waits
}

// bytes is about how much memory the write takes.
func (e *write) bytes() (n int) {
	for _, b := range e.begin {
		n += len(b.x.Request.Head) + len(b.x.Request.Body) + b.ending.bytes()
	}
	if e.end != nil {
		n += e.end.bytes()
	}
	return n
}

// group is the writes that the next transaction will commit.
type group struct {
	mu     sync.Mutex
	writes []*write
	bytes  int
	urgent int           // writes with a waiting caller
	due    time.Time     // when the group closes; of an empty one: when the last one did
	answer bool          // due is that of an answer
	held   int           // answers the writer keeps from groups that failed
	broken error         // why the last group failed; nil when it did not
	closed bool          // nothing more comes
	wake   chan struct{} // capacity 1
	room   chan struct{} // closed when the writer has taken the writes
}

func newGroup() *group {
	return &group{wake: make(chan struct{}, 1), room: make(chan struct{})}
}

// submit adds a write. An answer waits while the group is full, unless the last group failed: then it is refused, since
// the wait might never end.
func (g *group) submit(ctx context.Context, e *write) error {
	g.mu.Lock()
	for e.done == nil && g.full(e) && !g.closed {
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

func (g *group) full(e *write) bool {
	limit := waitingRows
	if len(e.begin) > 0 {
		limit = waitingAdded
	}
	return len(g.writes)+g.held >= limit || g.bytes >= waitingBytes
}

func (g *group) add(e *write) {
	sooner := g.setDue(e)
	g.writes = append(g.writes, e)
	if e.done == nil {
		g.bytes += e.bytes()
	} else {
		g.urgent++
	}
	// What closes the group sooner wakes the writer, which starts its clock, and so does what completes a group.
	if e.done != nil || sooner || len(g.writes) == groupRows {
		ring(g.wake)
	}
}

// setDue sets when the group closes and reports whether that is sooner than before e came.
func (g *group) setDue(e *write) (sooner bool) {
	wait, answer := groupTime, len(e.begin) == 0
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

// withdraw takes a write back, or returns false when the writer has taken it.
func (g *group) withdraw(e *write) bool {
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

// close refuses all further writes.
func (g *group) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	ring(g.wake)
}

// state returns the number of writes, whether they are due, and if not, how long the writer may wait for more.
func (g *group) state() (n int, due, closed bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n = len(g.writes)
	if n > 0 {
		wait = time.Until(g.due)
	}
	return n, g.urgent > 0 || n >= groupRows || n > 0 && wait <= 0, g.closed, wait
}

// next waits for the next group. It returns an empty one at the end, and after retry when that is not 0.
func (g *group) next(retry time.Duration) (writes []*write, closed bool) {
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
func (g *group) pause(d time.Duration) bool {
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
func (g *group) fill(n int) []*write {
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

func (g *group) take() []*write {
	g.mu.Lock()
	defer g.mu.Unlock()
	writes := g.writes
	g.writes, g.bytes, g.urgent = nil, 0, 0
	close(g.room)
	g.room = make(chan struct{})
	return writes
}

// report sets how the last group went and how many of its answers wait for the next.
func (g *group) report(err error, held int) {
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
