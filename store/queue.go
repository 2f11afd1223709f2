package store

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// A group of answers that nobody waits for closes at so many rows or after so long.
const (
	groupRows = 512
	groupTime = 5 * time.Millisecond
)

// Above these limits callers wait for the writer, so memory stays bounded however slow the disk is.
const (
	queueRows  = 2048
	queueBytes = 32 << 20
)

// entry is one call that waits to be written: exchanges, an answer, work on the queue, or none of them for a flush.
type entry struct {
	begin []*beginning
	end   *ending
	// work runs in the transaction of the group, before its exchanges are inserted; first is the id of the first of them.
	// It may run again when the transaction was rolled back. When it returns false, the exchanges are left out.
	work func(w *writer, first int64) (bool, error)
	left bool       // work returned false
	done chan error // capacity 1; nil when nobody waits for it
}

// bytes is about how much memory an entry holds that nobody waits for.
func (e *entry) bytes() (n int) {
	for _, b := range e.begin {
		n += len(b.x.Request.Head) + len(b.x.Request.Body) + b.ending.bytes()
	}
	if e.end != nil {
		n += e.end.bytes()
	}
	return n
}

// queue is where callers leave entries for the writer.
type queue struct {
	mu      sync.Mutex
	entries []*entry
	bytes   int
	urgent  int           // entries somebody waits for
	since   time.Time     // when the first of entries came
	held    int           // answers the writer keeps from groups that failed
	broken  error         // why the last group failed; nil when it did not
	closed  bool          // nothing more comes
	wake    chan struct{} // capacity 1
	room    chan struct{} // closed when the writer has taken the entries
}

func newQueue() *queue {
	return &queue{wake: make(chan struct{}, 1), room: make(chan struct{})}
}

// put leaves an entry for the writer. An answer waits for room while the queue is full, unless the disk is the reason:
// then it is refused, since the wait could last for ever.
func (q *queue) put(ctx context.Context, e *entry) error {
	q.mu.Lock()
	for e.done == nil && q.full() && !q.closed {
		room, broken := q.room, q.broken
		q.mu.Unlock()
		if broken != nil {
			return broken
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
		q.mu.Lock()
	}
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.add(e)
	return nil
}

func (q *queue) full() bool { return len(q.entries)+q.held >= queueRows || q.bytes >= queueBytes }

func (q *queue) add(e *entry) {
	if len(q.entries) == 0 {
		q.since = time.Now()
	}
	q.entries = append(q.entries, e)
	if e.done == nil {
		q.bytes += e.bytes()
	} else {
		q.urgent++
	}
	// An answer wakes the writer when it is the first, which starts the clock, and when the group is complete.
	if n := len(q.entries); e.done != nil || n == 1 || n == groupRows {
		q.ring()
	}
}

func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// withdraw takes an entry back and reports whether it was still there: if not, the writer is at it.
func (q *queue) withdraw(e *entry) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.entries {
		if other == e {
			q.entries = append(q.entries[:i], q.entries[i+1:]...)
			q.urgent--
			return true
		}
	}
	return false
}

// close lets nothing more in.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.ring()
}

// state is what the writer decides on: whether a group is due, and if not, for how long it may wait for more.
func (q *queue) state() (n int, due, closed bool, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n = len(q.entries)
	if n > 0 {
		wait = groupTime - time.Since(q.since)
	}
	return n, q.urgent > 0 || n >= groupRows || n > 0 && wait <= 0, q.closed, wait
}

// gather waits for the next group; an empty one is returned after retry, when that is not 0, and at the end.
func (q *queue) gather(retry time.Duration) (group []*entry, closed bool) {
	for {
		n, due, closed, wait := q.state()
		switch {
		case due:
			return q.settle(n), closed
		case closed:
			return q.take(), true
		case n > 0:
			q.pause(wait)
		case retry == 0:
			<-q.wake
		case !q.pause(retry):
			return nil, false
		}
	}
}

// pause waits to be woken, for at most d, and reports whether it was.
func (q *queue) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-q.wake:
		return true
	case <-timer.C:
		return false
	}
}

// settle yields the processor until the queue stops growing, then takes it. Callers that were answered together come
// back together a moment later; committing at the first of them would make groups of one.
func (q *queue) settle(n int) []*entry {
	for n < groupRows {
		runtime.Gosched()
		more, _, _, _ := q.state()
		if more == n {
			break
		}
		n = more
	}
	return q.take()
}

func (q *queue) take() []*entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	group := q.entries
	q.entries, q.bytes, q.urgent = nil, 0, 0
	close(q.room)
	q.room = make(chan struct{})
	return group
}

// report tells the callers how the last group went and how many of its answers are kept for the next.
func (q *queue) report(err error, held int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.broken, q.held = err, held
}
