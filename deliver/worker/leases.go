package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// LeaseFor is the time that a lease holds without renewal. Then the entries of a killed process are tried again.
const LeaseFor = 30 * time.Second

const (
	renewEvery  = LeaseFor / 6
	leaseMargin = LeaseFor / 6 // an attempt is cut off so long before its lease ends
	awayAgain   = time.Minute  // until it is told again that the history is away
	// backAfter is how long nothing fails until it is told that it is back: a write that waits for a standby fails
	// after 10 s.
	backAfter = 15 * time.Second
	goneEvery = time.Second // how often leases of ended processes are looked for
	freshFor  = time.Second // see isFresh
	lookAgain = 100 * time.Millisecond
)

// Leases are the entries of the queue that this process delivers. An attempt is made only while its entry's lease is
// held: leases are renewed while they are worked on, and an attempt whose lease cannot be renewed in time is cut off
// before another process may begin the next one.
type Leases struct {
	History *store.Store
	Holder  string      // see NewHolder
	Tell    func(Event) // of what went wrong; it may be called from many goroutines

	mu   sync.Mutex
	held map[int64]*lease

	looks  int            // how often leases that nobody knows of are still looked for
	lost   []int64        // those of the last look
	ending map[int64]bool // entries that are being completed

	toldAway, wasAway time.Time // when it was told that the history is away, zero: since it is not; and when it was, last
}

type lease struct {
	until  time.Time
	cancel context.CancelFunc // nil: no attempt has begun
}

// Event says what keeps entries from being delivered.
type Event struct {
	Err error
	// Back says that the history is there again, after an Err that was store.ErrAway.
	Back bool
	// Blocked says that entries of this kind and target are left to another process, since Err keeps this one from it.
	Blocked bool
	Kind    store.QueueKind
	Target  string
}

// Result says what becomes of an entry.
type Result struct {
	State store.QueueState
	Due   time.Time // of an entry that waits
	Why   string    // it was not delivered; may quote the peer
	// Attempt is the attempt that was made, nil for none: limits learn from it how the endpoint is.
	Attempt *deliver.Attempt
	Next    []*store.Queued // entries that are put in with the end of this one, all or none
	Blocked error           // why this process cannot deliver entries of this target and policy for now
}

// ResultOf returns what follows from an attempt.
func ResultOf(a *deliver.Attempt) Result {
	r := Result{State: store.Dead, Why: deliver.Reason(a), Attempt: a}
	switch a.Decision {
	case deliver.Delivered:
		r.State, r.Why = store.Done, ""
	case deliver.Retry:
		r.State, r.Why, r.Due = store.Waiting, a.Why, time.Now().Add(a.Wait)
	case deliver.Interrupted:
		r.State, r.Due = store.Waiting, time.Now()
	}
	return r
}

// LastChance returns the policy for the next attempt of an entry. When its deadline passed while nobody delivered, it
// gets one whole attempt all the same.
func LastChance(p deliver.Policy, q *store.Queued) deliver.Policy {
	if p.Deadline > 0 {
		p.Deadline = max(p.Deadline, time.Since(q.Created)+p.Timeout)
	}
	return p
}

// leaseUntil returns the end of a lease that covers an attempt of at most limit, 0 for none: also when its holder is
// stopped and cannot renew it, the attempt is over by its own timeout before another process may begin the next.
func leaseUntil(now time.Time, limit time.Duration) time.Time {
	return now.Round(0).Add(max(LeaseFor, limit+leaseMargin)) // the wall clock: it goes on while the machine sleeps
}

// Hold notes that an entry whose lease was given to this holder is worked on, and returns the context of its attempt,
// which ends when the lease is lost. release forgets the entry.
func (l *Leases) Hold(ctx context.Context, q *store.Queued) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	l.note(q, cancel)
	return ctx, func() {
		cancel()
		l.Forget(q)
	}
}

// Reserve notes an entry whose attempt begins a little later, so that its lease is renewed. Hold or Forget follows.
func (l *Leases) Reserve(q *store.Queued) { l.note(q, nil) }

func (l *Leases) note(q *store.Queued, cancel context.CancelFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[int64]*lease{}
	}
	l.held[q.ID] = &lease{until: q.Due, cancel: cancel}
}

// Forget notes that an entry is no longer worked on.
func (l *Leases) Forget(q *store.Queued) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, q.ID)
}

// extend notes the new end of a lease and reports whether it is held.
func (l *Leases) extend(q *store.Queued) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.held[q.ID]
	if ok {
		h.until = q.Due
	}
	return ok
}

// Attempt makes the next attempt of an entry: next is the request, with the names it goes by. The attempt is counted
// and in the history before its first byte leaves, and it leaves only while the lease is held. The error is
// store.ErrLease where the lease was lost before; errors come with the attempt where it was made and could not be
// recorded.
func (l *Leases) Attempt(ctx context.Context, q *store.Queued, s deliver.Sender,
	next record.Exchange) (*deliver.Attempt, error) {
	if q.Attempts > 0 {
		next.Attempt, next.Thread, next.Start = q.Attempts, q.First, q.Created
		if err := l.recall(ctx, q, &s.Policy, &next); err != nil {
			return nil, err
		}
	}
	keep := context.WithoutCancel(ctx)
	var begun time.Time
	s.Permit = func() bool { return isFresh(begun) || l.Reclaim(keep, q) }
	j := journal.Journal{History: l.History, Begin: func(ctx context.Context, x *record.Exchange) error {
		begun = time.Now()
		q.Due = leaseUntil(begun, s.Policy.Timeout)
		err := l.History.Begin(ctx, l.Holder, q, x)
		if err == nil {
			l.extend(q)
		}
		return err
	}}
	return j.Once(ctx, s, next)
}

// recall puts how the last attempt ended into the next, where the policy has retries tell of it.
func (l *Leases) recall(ctx context.Context, q *store.Queued, p *deliver.Policy, next *record.Exchange) error {
	if len(p.RetryFields) == 0 || q.Last == 0 {
		return nil
	}
	last, err := l.History.Get(ctx, q.Last)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		next.Response, next.Err = last.Response, last.Err
	}
	return err
}

// Begin counts an attempt that is no exchange of its own and takes at most limit, before it begins. The error is
// store.ErrLease where the lease was lost: the attempt must not be made.
func (l *Leases) Begin(ctx context.Context, q *store.Queued, limit time.Duration) error {
	now := time.Now()
	q.Due = leaseUntil(now, limit)
	err := l.History.Try(ctx, l.Holder, q, now)
	if err == nil {
		l.extend(q)
	}
	return err
}

// isFresh reports whether a moment was just now, by the clock of the machine, which others read the lease by, and by
// the monotonic one, which cannot be set. The first byte of an attempt may leave that long after its beginning
// without another look at the lease, since every lease has far more left then.
func isFresh(t time.Time) bool {
	now := time.Now()
	return now.Sub(t) < freshFor && now.Round(0).Sub(t.Round(0)).Abs() < freshFor
}

// Reclaim renews the lease of an entry and reports whether it is still held. It is asked where the process may have
// been stopped for long, since another may have taken the entry over.
func (l *Leases) Reclaim(ctx context.Context, q *store.Queued) bool {
	ids, err := l.renew(ctx, []int64{q.ID})
	return err == nil && len(ids) > 0
}

// renew renews leases, and cuts off the attempts of all that end before they can be renewed again.
func (l *Leases) renew(ctx context.Context, entries []int64) ([]int64, error) {
	until := leaseUntil(time.Now(), 0)
	ids, err := l.History.Renew(ctx, l.Holder, entries, until)
	now := time.Now().Round(0)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if h, ok := l.held[id]; ok && until.After(h.until) {
			h.until = until
		}
	}
	for _, h := range l.held {
		if h.until.Sub(now) < leaseMargin && h.cancel != nil {
			h.cancel()
		}
	}
	return ids, err
}

// Complete writes down what became of an entry, which gives its lease back. While the history is away it tries until
// the lease has ended. Where it fails the attempt is repeated.
func (l *Leases) Complete(ctx context.Context, q *store.Queued, r Result) {
	ends := q.Due // of the lease
	q.State, q.Why = r.State, r.Why
	if !r.Due.IsZero() {
		q.Due = r.Due
	}
	l.setEnding(q.ID, true)
	defer l.setEnding(q.ID, false)
	err := l.History.Complete(ctx, l.Holder, q, time.Now(), r.Next...)
	for errors.Is(err, store.ErrAway) && time.Now().Before(ends) {
		time.Sleep(lookAgain)
		err = l.History.Complete(ctx, l.Holder, q, time.Now(), r.Next...)
	}
	if err != nil && !errors.Is(err, store.ErrLease) {
		l.Suspect(err)
		l.Tell(Event{Err: fmt.Errorf("%d: %w", q.Thread, err)})
	}
}

// takeOver ends the leases of processes of this machine that were killed, and of workers of other machines that were
// not heard of for long. Those that nothing is known of end by themselves.
func (l *Leases) takeOver(ctx context.Context) {
	err := ReleaseGone(ctx, l.History, time.Now())
	if err == nil {
		_, err = l.History.ReleaseSilent(ctx, l.Holder)
	}
	if err == nil {
		err = l.giveBack(ctx, time.Now())
	}
	l.trouble(ctx, "the queue", err)
}

// trouble tells of an error, unless it only follows from the end of ctx; nil says that the history is there. While it
// is away that is told once a minute, since workers ask for it every second.
func (l *Leases) trouble(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	isAway, now := errors.Is(err, store.ErrAway), time.Now()
	again := isAway && now.Sub(l.toldAway) < awayAgain
	back := err == nil && !l.toldAway.IsZero() && now.Sub(l.wasAway) >= backAfter
	switch {
	case back:
		l.toldAway = time.Time{}
	case isAway && !again:
		l.toldAway = now
	}
	if isAway {
		l.wasAway = now
	}
	l.mu.Unlock()
	switch {
	case back:
		l.Tell(Event{Back: true})
	case err != nil && !again:
		l.Tell(Event{Err: fmt.Errorf("%s: %w", what, err)})
	}
}

// keep renews the leases of attempts that take long, and takes over those of processes that are gone, until ctx ends.
func (l *Leases) keep(ctx context.Context) {
	renewal, look := time.NewTicker(renewEvery), time.NewTicker(goneEvery)
	defer renewal.Stop()
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			l.takeOver(ctx)
		case <-renewal.C:
			// The lease of an entry that could not be completed is not renewed: it ends, and the entry is tried again.
			if entries := l.Held(); len(entries) > 0 {
				_, err := l.renew(ctx, entries)
				l.trouble(ctx, "cannot renew leases", err)
			}
		}
	}
}

// Held returns the entries that are worked on or reserved.
func (l *Leases) Held() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.held))
}

// release gives back what is left when all attempts have ended, so that nobody has to wait for the end of a lease.
func (l *Leases) release(ctx context.Context) {
	_, err := l.History.Release(ctx, l.Holder, time.Now())
	l.trouble(ctx, "cannot release leases", err)
}
