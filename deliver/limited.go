package deliver

import (
	"context"
	"sync"
	"time"
)

// limited is the context of one attempt. It ends with its parent or at a time of its own. A timer is made only for
// those who ask for Done: a connection of a Client has the time as its deadline, which costs less.
type limited struct {
	parent context.Context
	until  time.Time // zero: with its parent only
	permit func() bool

	mu     sync.Mutex
	timed  context.Context // made by Done
	cancel context.CancelFunc
}

// Deadline returns the earlier of both ends, as context.Context says.
func (l *limited) Deadline() (time.Time, bool) {
	if at, ok := l.parent.Deadline(); ok && (l.until.IsZero() || at.Before(l.until)) {
		return at, true
	}
	return l.until, !l.until.IsZero()
}

// Done returns a channel that is closed at the end, as context.Context says.
func (l *limited) Done() <-chan struct{} { return l.waiting().Done() }

// waiting returns the same context with a timer.
func (l *limited) waiting() context.Context {
	if l.until.IsZero() {
		return l.parent
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timed == nil {
		l.timed, l.cancel = context.WithDeadline(l.parent, l.until)
	}
	return l.timed
}

// Err says why the context has ended, nil while it has not.
func (l *limited) Err() error {
	if err := l.parent.Err(); err != nil {
		return err
	}
	if !l.until.IsZero() && !time.Now().Before(l.until) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value returns a value of the parent, or the permit of the attempt.
func (l *limited) Value(key any) any {
	if key == (permitKey{}) && l.permit != nil {
		return l.permit
	}
	l.mu.Lock()
	timed := l.timed
	l.mu.Unlock()
	if timed != nil { // package context finds out here that contexts made from l end with its timer
		return timed.Value(key)
	}
	return l.parent.Value(key)
}

// end releases the timer.
func (l *limited) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cancel != nil {
		l.cancel()
	}
}
