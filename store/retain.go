package store

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

// Retain prunes the history by limits until it is closed: at once, every 10 s, and whenever it has grown by a tenth of
// MaxBytes. It never removes open entries of the queue. It is called once, before the history is used by several
// goroutines.
func (s *Store) Retain(limits Limits) {
	r := &retention{Limits: limits, store: s, due: make(chan struct{}, 1), moved: make(chan struct{}, 1),
		stopped: make(chan struct{}), done: make(chan struct{})}
	r.restAt(s.Size())
	s.retention = r
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go r.run(ctx)
}

// retention is the goroutine that prunes a history. The methods of a nil retention do nothing.
type retention struct {
	Limits
	store         *Store
	cancel        func()
	stopped, done chan struct{}
	due           chan struct{} // capacity 1: the next round is not to wait
	moved         chan struct{} // capacity 1: the pruner has finished a transaction

	base        atomic.Int64 // bytes from which growth is measured: what waits in the queue may take more than MaxBytes
	rows, bytes atomic.Int64 // that the writer has written since the pruner's last transaction
}

func (r *retention) run(ctx context.Context) {
	defer close(r.done)
	for {
		rule := PruneRule{MaxBytes: r.MaxBytes}
		if r.MaxAge > 0 {
			rule.OlderThan = r.Now().Add(-r.MaxAge)
		}
		if _, err := r.store.Prune(ctx, rule); err != nil && ctx.Err() == nil {
			r.restAt(r.store.Size()) // it is not tried again before the next part
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

// restAt has growth measured from a size on, which is not below MaxBytes.
func (r *retention) restAt(size int64) {
	if r != nil {
		r.base.Store(max(r.MaxBytes, size))
	}
}

// grown is how many times the history has grown by the part of MaxBytes that makes a round due.
func (r *retention) grown() int64 {
	if r == nil || r.MaxBytes <= 0 {
		return 0
	}
	return (r.store.Size() - r.base.Load()) / max(r.MaxBytes/10, leastPart)
}

// count adds the size of the group that the writer is about to write.
func (r *retention) count(writes []*write) {
	if r == nil {
		return
	}
	for _, e := range writes {
		r.rows.Add(int64(len(e.begin)))
		r.bytes.Add(int64(e.bytes()))
	}
}

// makeRoom is called by the writer after the callers of its last group have their results. When the pruner does not
// keep up, the writer waits for its next transaction: each removes more than was written since the one before.
func (r *retention) makeRoom() {
	grown := r.grown()
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

// pace is how much the pruner's next transaction should remove at least.
func (r *retention) pace() (rows, bytes int64) {
	if r == nil {
		return 0, 0
	}
	return r.rows.Swap(0) * 5 / 4, r.bytes.Swap(0) * 5 / 4
}

// move notes a transaction of the pruner.
func (r *retention) move() {
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

// stop ends the rounds. The current one has 2 s to finish; its removals so far remain.
func (r *retention) stop() {
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
