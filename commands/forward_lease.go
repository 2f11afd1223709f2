package commands

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/store"
)

// leases are those that this process holds. They are renewed while it works on them; an attempt whose lease cannot be
// renewed in time is cut off, before somebody else may begin the next one.
type leases struct {
	mu   sync.Mutex
	held map[int64]*held
}

type held struct {
	until  time.Time
	cancel context.CancelFunc
}

// Leases are renewed so often, and an attempt is cut off so long before its lease ends.
const (
	renewEvery  = leaseFor / 6
	leaseMargin = leaseFor / 6
)

// leaseUntil is the end of a lease that is to cover an attempt: also where its holder is stopped and cannot renew it, the
// attempt is over by its own timeout before another process may begin the next. A limit of 0 is none.
func leaseUntil(now time.Time, limit time.Duration) time.Time {
	return now.Round(0).Add(max(leaseFor, limit+leaseMargin)) // the wall clock: it goes on while the machine sleeps
}

// hold notes a lease and returns the context of its attempt. release forgets it.
func (l *leases) hold(ctx context.Context, q *store.Queued) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[q.ID] = &held{until: q.Due, cancel: cancel}
	return ctx, func() {
		cancel()
		l.forget(q)
	}
}

// expect notes a lease whose attempt begins a little later; hold follows, or forget.
func (l *leases) expect(q *store.Queued) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[q.ID] = &held{until: q.Due, cancel: func() {}}
}

func (l *leases) forget(q *store.Queued) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, q.ID)
}

// extend notes that a lease ends later.
func (l *leases) extend(q *store.Queued) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h, ok := l.held[q.ID]; ok {
		h.until = q.Due
	}
}

// has reports whether a lease is held, which then has a new end: an attempt of ours is still on its way.
func (l *leases) has(q *store.Queued) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.held[q.ID]
	if ok {
		h.until = q.Due
	}
	return ok
}

// renewed notes which leases were renewed, and cuts off the attempts of those that will end.
func (l *leases) renewed(ids []int64, until, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if h, ok := l.held[id]; ok && until.After(h.until) {
			h.until = until
		}
	}
	for _, h := range l.held {
		if h.until.Sub(now) < leaseMargin {
			h.cancel()
		}
	}
}

// ids are the leases that are worked on. One that was left, since its entry could not be settled, is not among them: it
// ends by itself, and the entry is tried again.
func (l *leases) ids() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.held))
}
