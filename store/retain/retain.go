// Package retain decides when a history prunes itself. It removes nothing: it calls what does.
package retain

import (
	"context"
	"sync/atomic"
	"time"
)

// Limits bound a history that prunes itself. A zero limit is none.
type Limits struct {
	MaxAge time.Duration // older exchanges are removed
	// MaxBytes is what the history may take after a round. Between rounds file and log together may take a fifth of it
	// more, at least 8 MiB, and some times the bytes that are written in one transaction.
	MaxBytes int64
	Now      func() time.Time
	Tell     func(error) // is called with the error of a round that failed, one call at a time
}

const (
	retainEvery = 10 * time.Second
	retainLast  = 2 * time.Second // how long the end of a short command waits for the first round

	// A round is early when the history has grown by a tenth of MaxBytes and by more than the log holds.
	leastPart = 4 << 20
	// roomPatience is how long the writer waits at most for the pruner to remove something.
	roomPatience = 500 * time.Millisecond
)

// Retention is the goroutine that prunes a history. The methods of a nil Retention do nothing.
type Retention struct {
	Limits
	size          func() int64 // of the history, in bytes
	prune         Prune
	cancel        func()
	stopped, done chan struct{}
	due           chan struct{} // capacity 1: the next round is not to wait
	moved         chan struct{} // capacity 1: the pruner has finished a transaction

	base        atomic.Int64 // bytes from which growth is measured: what waits in the queue may take more than MaxBytes
	rows, bytes atomic.Int64 // that the writer has written since the pruner's last transaction
}

// Prune removes what began before olderThan, the zero time: nothing; and the oldest until maxBytes are left, 0: no
// limit.
type Prune func(ctx context.Context, olderThan time.Time, maxBytes int64) error

// New returns a Retention of a history, with its size in bytes, whose rounds begin with Start.
func New(limits Limits, size func() int64, prune Prune) *Retention {
	r := &Retention{Limits: limits, size: size, prune: prune, due: make(chan struct{}, 1), moved: make(chan struct{}, 1),
		stopped: make(chan struct{}), done: make(chan struct{})}
	r.RestAt(size())
	return r
}

// Start begins the rounds: at once, every 10 s, and whenever the history has grown by a tenth of MaxBytes.
func (r *Retention) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go r.run(ctx)
}

func (r *Retention) run(ctx context.Context) {
	defer close(r.done)
	for {
		var oldest time.Time
		if r.MaxAge > 0 {
			oldest = r.Now().Add(-r.MaxAge)
		}
		if err := r.prune(ctx, oldest, r.MaxBytes); err != nil && ctx.Err() == nil {
			r.RestAt(r.size()) // it is not tried again before the next part
			r.Tell(err)
		}
		select {
		case <-r.stopped:
			return
		case <-r.due:
		case <-time.After(retainEvery):
		}
	}
}

// RestAt has growth measured from a size on, which is not below MaxBytes.
func (r *Retention) RestAt(size int64) {
	if r != nil {
		r.base.Store(max(r.MaxBytes, size))
	}
}

// Grown is how many times the history has grown by the part of MaxBytes that makes a round due.
func (r *Retention) Grown() int64 {
	if r == nil || r.MaxBytes <= 0 {
		return 0
	}
	return (r.size() - r.base.Load()) / max(r.MaxBytes/10, leastPart)
}

// Count adds the rows and bytes of the group that the writer is about to write.
func (r *Retention) Count(rows, bytes int64) {
	if r != nil {
		r.rows.Add(rows)
		r.bytes.Add(bytes)
	}
}

// MakeRoom is called by the writer after the callers of its last group have their results. When the pruner does not
// keep up, the writer waits for its next transaction: each removes more than was written since the one before.
func (r *Retention) MakeRoom() {
	grown := r.Grown()
	if grown < 1 {
		return
	}
	ring(r.due)
	if grown < 2 {
		return
	}
	select {
	case <-r.moved:
	case <-r.done:
	case <-time.After(roomPatience):
	}
}

// Pace is how much the pruner's next transaction should remove at least.
func (r *Retention) Pace() (rows, bytes int64) {
	if r == nil {
		return 0, 0
	}
	return r.rows.Swap(0) * 5 / 4, r.bytes.Swap(0) * 5 / 4
}

// Move notes a transaction of the pruner.
func (r *Retention) Move() {
	if r != nil {
		ring(r.moved)
	}
}

// ring leaves a token in a channel of capacity 1.
func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Stop ends the rounds. The current one has 2 s to finish; its removals so far remain.
func (r *Retention) Stop() {
	if r == nil {
		return
	}
	close(r.stopped)
	select {
	case <-r.done:
	case <-time.After(retainLast):
	}
	r.cancel()
	<-r.done
}
