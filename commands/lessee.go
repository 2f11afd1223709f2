package commands

import (
	"context"
	"errors"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// lessee is whoever delivers from the queue: it makes an attempt only while it has the lease of an entry, keeps the leases
// of attempts that take long, and takes over those of processes that are gone.
type lessee struct {
	*leases
	sh    *shell
	owner string // unlike every other
}

func (sh *shell) newLessee(what string) *lessee {
	return &lessee{leases: &leases{held: map[int64]*held{}}, sh: sh, owner: worker.NewHolder(what)}
}

// attempt makes the next attempt of an entry, of which next is the request with the names it goes by. It is counted and in
// the history before its first byte leaves, which only happens while the lease is ours.
func (l *lessee) attempt(ctx context.Context, q *store.Queued, sender deliver.Sender, next record.Exchange) (*deliver.Attempt, error) {
	if q.Attempts > 0 {
		next.Attempt, next.Thread, next.Start = q.Attempts, q.First, q.Created
		if err := l.recall(ctx, q, &sender.Policy, &next); err != nil {
			return nil, err
		}
	}
	keep := context.WithoutCancel(ctx)
	var begun time.Time
	sender.Permit = func() bool { return isFresh(begun) || l.reclaim(keep, q) }
	j := journal.Journal{History: l.sh.history, Begin: func(ctx context.Context, x *record.Exchange) error {
		begun = time.Now()
		return l.begin(q, begun, sender.Policy.Timeout, func() error { return l.sh.history.Begin(ctx, l.owner, q, x) })
	}}
	return j.Once(ctx, sender, next)
}

// begin extends the lease of an entry so that it covers an attempt of at most limit, and begins it.
func (l *lessee) begin(q *store.Queued, now time.Time, limit time.Duration, record func() error) error {
	q.Due = leaseUntil(now, limit)
	if err := record(); err != nil {
		return err
	}
	l.extend(q)
	return nil
}

// freshFor is how long after its beginning the first byte of an attempt may leave without another look at the lease. It is
// far less than the shortest lease has left then.
const freshFor = time.Second

// isFresh reports whether a moment was just now, by the clock of the machine, which others read the lease by, and by the
// monotonic one, which cannot be set.
func isFresh(t time.Time) bool {
	now := time.Now()
	return now.Sub(t) < freshFor && now.Round(0).Sub(t.Round(0)).Abs() < freshFor
}

// reclaim reports whether the lease of an entry is still ours, and renews it. It is asked where the process may have been
// stopped: another may have taken the entry over since.
func (l *lessee) reclaim(ctx context.Context, q *store.Queued) bool {
	until := leaseUntil(time.Now(), 0)
	ids, err := l.sh.history.Renew(ctx, l.owner, []int64{q.ID}, until)
	l.renewed(ids, until, time.Now().Round(0))
	return err == nil && len(ids) > 0
}

// tellAttempt says how an attempt to deliver x from the queue went. The first error of printing goes to broken, to be said at
// the end: a worker does not stop for a wrong --jq.
func (sh *shell) tellAttempt(x *record.Exchange, a *deliver.Attempt, with export.With, broken *error) {
	sh.printing.Lock()
	defer sh.printing.Unlock()
	kept := sh.history.Redacted(a.Exchange)
	if sh.json {
		if err := sh.emitExchange(kept, with); err != nil && *broken == nil {
			*broken = err
		}
		return
	}
	sh.out.Forwarded(x, a)
	if sh.verbose {
		sh.err.Messages(kept)
	}
}

// recall puts how the last attempt ended into the one that follows, where the policy has retries say so.
func (l *lessee) recall(ctx context.Context, q *store.Queued, p *deliver.Policy, next *record.Exchange) error {
	if len(p.RetryFields) == 0 || q.Last == 0 {
		return nil
	}
	last, err := l.sh.history.Get(ctx, q.Last)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		next.Response, next.Err = last.Response, last.Err
	}
	return err
}

// settle gives a lease back. Where that fails, the lease ends by itself and the attempt is repeated.
func (l *lessee) settle(ctx context.Context, q *store.Queued) {
	if err := l.sh.history.Settle(ctx, l.owner, q, time.Now()); err != nil && !errors.Is(err, store.ErrLease) {
		l.sh.note("warning: %d: %v", q.Thread, err)
	}
}

// release gives back what is left when all attempts have ended, so that nobody has to wait for the end of a lease.
func (l *lessee) release(ctx context.Context) {
	if _, err := l.sh.history.Release(ctx, l.owner, time.Now()); err != nil {
		l.sh.note("warning: leases could not be given back: %v", err)
	}
}

// takeOver ends the leases of processes of this machine that were killed. Those of other machines end by themselves.
func (l *lessee) takeOver(ctx context.Context) {
	owners, err := l.sh.history.Owners(ctx)
	for _, owner := range owners {
		if err == nil && owner != l.owner && worker.IsGone(owner) {
			_, err = l.sh.history.Release(ctx, owner, time.Now())
		}
	}
	if err != nil && ctx.Err() == nil {
		l.sh.note("warning: the queue: %v", err)
	}
}

// goneEvery is how often a lessee looks for owners that are gone.
const goneEvery = time.Second

// keep renews the leases of attempts that take long, and takes over those of others that are gone, until ctx ends.
func (l *lessee) keep(ctx context.Context) {
	renewal, look := time.NewTicker(renewEvery), time.NewTicker(goneEvery)
	defer renewal.Stop()
	defer look.Stop()
	l.takeOver(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			l.takeOver(ctx)
		case <-renewal.C:
			l.renew(ctx)
		}
	}
}

func (l *lessee) renew(ctx context.Context) {
	entries := l.ids()
	if len(entries) == 0 {
		return
	}
	until := leaseUntil(time.Now(), 0)
	ids, err := l.sh.history.Renew(ctx, l.owner, entries, until)
	if err != nil && ctx.Err() == nil {
		l.sh.note("warning: leases could not be renewed: %v", err)
	}
	l.renewed(ids, until, time.Now().Round(0))
}
