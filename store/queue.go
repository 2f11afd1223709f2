package store

import (
	"context"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// RecordQueued makes an exchange and entries of the queue that deliver it durable, in one transaction: after a kill
// there are all of them or none. It sets their ids, and what Enqueue sets. Errors are those of Record.
func (s *Store) RecordQueued(ctx context.Context, x *record.Exchange, entries ...*Queued) error {
	return s.doWith(ctx, &engine.Enqueue{Entries: entries, OfFirst: true}, x)
}

// Enqueue makes entries durable that deliver exchanges which are recorded already. It sets ID, State and Blocked.
func (s *Store) Enqueue(ctx context.Context, entries ...*Queued) error {
	return s.do(ctx, &engine.Enqueue{Entries: entries})
}

// Lease gives an owner the entries of a target and a policy that are due at Now, the longest due first, until Until:
// waiting ones and ones whose lease has ended. Nobody else gets them before. Of an order it gives the first only.
func (s *Store) Lease(ctx context.Context, r LeaseRequest) ([]*Queued, error) {
	given := &engine.Lease{LeaseRequest: r}
	if err := s.do(ctx, given); err != nil || len(given.IDs) == len(given.Entries) {
		return given.Entries, err
	}
	all, err := s.engine.QueuedByID(ctx, given.IDs)
	return all, s.told(err)
}

// Renew extends an owner's leases to until, unless they end later, and returns the entries it still holds.
func (s *Store) Renew(ctx context.Context, owner string, entries []int64, until time.Time) ([]int64, error) {
	r := &engine.Renew{Owner: owner, Entries: entries, Until: until}
	err := s.do(ctx, r)
	return r.Held, err
}

// Begin records x, the next attempt of an entry, and counts it, before its first byte leaves. The lease is extended to
// q.Due, where that is later than its end: an attempt should be over before another owner can begin the next. When the
// owner's lease is gone nothing is recorded and the error is ErrLease: the attempt must not be made.
func (s *Store) Begin(ctx context.Context, owner string, q *Queued, x *record.Exchange) error {
	err := s.doWith(ctx, &engine.Attempt{Owner: owner, Entry: q, Recorded: true, Now: x.Start}, x)
	if err != nil {
		return err
	}
	q.Attempts++
	q.Last = x.ID
	if q.First == 0 {
		q.First = x.ID
	}
	return nil
}

// Try counts an attempt of an entry that is not an exchange of its own, before it begins, and extends its lease as
// Begin does. ErrLease: the owner's lease is gone, and the attempt must not be made.
func (s *Store) Try(ctx context.Context, owner string, q *Queued, now time.Time) error {
	err := s.do(ctx, &engine.Attempt{Owner: owner, Entry: q, Now: now})
	if err == nil {
		q.Attempts++
	}
	return err
}

// Complete ends a lease and stores State, Due and Why of q. An entry that ends unblocks the next entry of its Order.
// The entries of next are added in the same transaction, so that a kill leaves either the entry or its successors. The
// error is ErrLease when the owner has lost the lease: then nothing is changed and nothing is added. Exception: a
// delivery that succeeded (Done, not Answered) completes an open entry under any lease, unless the entry is a command,
// which its new owner runs again.
func (s *Store) Complete(ctx context.Context, owner string, q *Queued, now time.Time, next ...*Queued) error {
	return s.do(ctx, &engine.Complete{Owner: owner, Entry: q, Now: now, Next: next})
}

// Release ends all leases of an owner that exits or is dead, forgets it as a worker, and returns how many leases. Their
// entries are due at now.
func (s *Store) Release(ctx context.Context, owner string, now time.Time) (n int64, err error) {
	r := &engine.Release{Owner: owner, Now: now}
	err = s.do(ctx, r)
	return r.Ended, err
}

// GiveBack ends an owner's leases of some entries, which it does not work on. They are due at now.
func (s *Store) GiveBack(ctx context.Context, owner string, entries []int64, now time.Time) error {
	if len(entries) == 0 {
		return nil
	}
	return s.do(ctx, &engine.Release{Owner: owner, Entries: entries, Now: now})
}

// Retry makes entries that a filter selects due at once: those that wait, and, as deliveries that begin anew, those
// that are dead or were cancelled. It returns how many. Entries under a lease that has not ended are being tried
// already; what is done stays done.
func (s *Store) Retry(ctx context.Context, f QueueFilter, now time.Time) (int64, error) {
	return s.change(ctx, &engine.Change{Filter: f, To: engine.RetryEntries, Now: now})
}

// Cancel ends the open entries that a filter selects and returns how many. An attempt on its way is not stopped.
func (s *Store) Cancel(ctx context.Context, f QueueFilter, now time.Time) (int64, error) {
	return s.change(ctx, &engine.Change{Filter: f, To: engine.CancelEntries, Now: now})
}

// Finish notes of dead entries that a filter selects that they were delivered in another way. It returns how many.
func (s *Store) Finish(ctx context.Context, f QueueFilter, now time.Time) (int64, error) {
	return s.change(ctx, &engine.Change{Filter: f, To: engine.FinishEntries, Now: now})
}

// Purge forgets entries that a filter selects and that have ended. The exchanges stay. It returns how many.
func (s *Store) Purge(ctx context.Context, f QueueFilter) (int64, error) {
	return s.change(ctx, &engine.Change{Filter: f, To: engine.PurgeEntries})
}

func (s *Store) change(ctx context.Context, c *engine.Change) (int64, error) {
	err := s.do(ctx, c)
	return c.Changed, err
}

// Ran records how an exchange's command ended, answered or not; an exchange pruned meanwhile stays away.
func (s *Store) Ran(ctx context.Context, id int64, run record.Run) error {
	return s.do(ctx, &engine.Ran{ID: id, Run: run})
}

// Announce makes durable that the answer to a received exchange is about to go out, so long after its Start. Record
// does so for an exchange that has a Took and has not Ended. Readers see no such Took.
func (s *Store) Announce(ctx context.Context, id int64, took time.Duration) error {
	return s.do(ctx, &engine.Announce{ID: id, Took: took})
}
