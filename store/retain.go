package store

import (
	"context"
	"time"
)

// Limits bound a history that prunes itself. A zero limit is none.
type Limits struct {
	MaxAge   time.Duration // what began earlier is removed
	MaxBytes int64         // the oldest is removed until the history takes no more
	Now      func() time.Time
	Tell     func(error) // is told why a round did not remove what it should; one call at a time
}

const (
	retainEvery = 10 * time.Second
	retainLast  = 2 * time.Second // how long the end of a short command waits for the first round
)

// Retain prunes the history by limits until it is closed: at once and every 10 s, the oldest first, never what waits in the
// queue. It is called once, before the history is used by several goroutines.
func (s *Store) Retain(limits Limits) {
	r := &retention{Limits: limits, stopped: make(chan struct{}), done: make(chan struct{})}
	s.retention = r
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go r.run(ctx, s)
}

// retention is the goroutine that prunes a history.
type retention struct {
	Limits
	cancel        func()
	stopped, done chan struct{}
}

func (r *retention) run(ctx context.Context, s *Store) {
	defer close(r.done)
	for {
		rule := PruneRule{MaxBytes: r.MaxBytes}
		if r.MaxAge > 0 {
			rule.OlderThan = r.Now().Add(-r.MaxAge)
		}
		if _, err := s.Prune(ctx, rule); err != nil && ctx.Err() == nil {
			r.Tell(err)
		}
		select {
		case <-r.stopped:
			return
		case <-time.After(retainEvery):
		}
	}
}

// stop ends the rounds. One that is under way has 2 s to finish: what it removed before stays removed.
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
