package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"time"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
)

// LeaseRequest asks for entries that are due.
type LeaseRequest struct {
	Kind       QueueKind
	Target     string
	Policy     string // exactly
	Owner      string // the name of the worker that asks, unlike every other
	Want       int    // at most
	Now, Until time.Time
}

// Lease gives an owner the entries of a target and a policy that are due at Now, the longest due first, until Until:
// waiting ones and ones whose lease has ended. Nobody else gets them before. Of an order it gives the first only.
func (s *Store) Lease(ctx context.Context, r LeaseRequest) ([]*Queued, error) {
	given := &lease{LeaseRequest: r}
	if err := s.do(ctx, given); err != nil || len(given.ids) == 0 {
		return nil, err
	}
	return s.queued(ctx, "id IN (SELECT value FROM json_each(?)) ORDER BY id", jsonOf(given.ids))
}

func (w *writer) lease(r *lease) (err error) {
	names := w.inserts.names
	target, policy := names.id(nameTarget, r.Target), names.id(namePolicy, r.Policy)
	if names.err != nil {
		return names.err
	}
	r.ids, err = w.idsOf(leaseStatement, r.Owner, record.Nanos(r.Until), record.Nanos(r.Now), int64(r.Kind), target,
		int64(r.Want), policy)
	return err
}

// For the pluses see getQuery.
const leaseStatement = `UPDATE queue SET owner = ?1, straight = 0, due = ?2, changed = ?3 WHERE id IN (
		SELECT id FROM queue WHERE kind = +?4 AND target = +?5 AND ifnull(policy, 0) = ifnull(?7, 0)
			AND state = 1 AND behind = 0 AND due <= ?3 ORDER BY due, id LIMIT +?6)
	RETURNING id`

// Renew extends an owner's leases to until, unless they end later, and returns the entries it still holds.
func (s *Store) Renew(ctx context.Context, owner string, entries []int64, until time.Time) ([]int64, error) {
	r := &renew{owner: owner, entries: entries, until: until}
	err := s.do(ctx, r)
	return r.held, err
}

const renewStatement = `UPDATE queue SET due = max(due, ?2)
	WHERE id IN (SELECT value FROM json_each(?3)) AND owner = ?1 AND state = 1 RETURNING id`

// Begin records x, the next attempt of an entry, and counts it, before its first byte leaves. The lease is extended to
// q.Due, where that is later than its end: an attempt should be over before another owner can begin the next. When the
// owner's lease is gone nothing is recorded and the error is ErrLease: the attempt must not be made.
func (s *Store) Begin(ctx context.Context, owner string, q *Queued, x *record.Exchange) error {
	b, err := s.beginning(x)
	if err != nil {
		return err
	}
	if err = s.do(ctx, &attempt{owner: owner, entry: q, recorded: true, now: x.Start}, b); err != nil {
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
	err := s.do(ctx, &attempt{owner: owner, entry: q, now: now})
	if err == nil {
		q.Attempts++
	}
	return err
}

func (w *writer) attempt(a *attempt, first int64) error {
	var exchange driver.Value
	if a.recorded {
		exchange = first
	}
	ids, err := w.idsOf(attemptStatement, a.owner, a.entry.ID, exchange, record.Nanos(a.now), record.Nanos(a.entry.Due))
	a.ours = len(ids) > 0
	return err
}

const attemptStatement = `UPDATE queue
	SET attempts = attempts + 1, first = ifnull(first, ?3), last = ?3, changed = ?4, due = max(due, ?5)
	WHERE owner = ?1 AND id = ?2 AND state = 1 RETURNING id`

// Complete ends a lease and stores State, Due and Why of q. An entry that ends unblocks the next entry of its Order.
// The entries of next are added in the same transaction, so that a kill leaves either the entry or its successors. The
// error is ErrLease when the owner has lost the lease: then nothing is changed and nothing is added. Exception: a
// delivery that succeeded (Done, not Answered) completes an open entry under any lease, unless the entry is a command,
// which its new owner runs again.
func (s *Store) Complete(ctx context.Context, owner string, q *Queued, now time.Time, next ...*Queued) error {
	return s.do(ctx, &complete{owner: owner, entry: q, now: now, next: next})
}

const completeStatement = `UPDATE queue
	SET owner = NULL, straight = 0, state = ?3, due = ?4, why = ?5, changed = ?6, answered = ?7
	WHERE id = ?2 AND state = 1 AND (owner = ?1 OR ?3 = 2 AND ?7 IS NULL AND kind <> 3) RETURNING target, ord`

func (w *writer) complete(c *complete) error {
	stmt, err := w.inserts.statement(completeStatement)
	if err != nil {
		return err
	}
	q, code := c.entry, c.entry.State.code()
	var target int64
	var order string
	args := sqlite.Arguments(c.owner, q.ID, code, record.Nanos(q.Due), unlessZero(q.Why), record.Nanos(c.now),
		unlessZero(q.Answered))
	err = sqlite.One(stmt, args, &target, &order)
	if c.ours = err == nil; errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil && code != Waiting.code() && order != "" {
		err = w.advance(target, order)
	}
	if err != nil {
		return err
	}
	return w.enqueue(c.next)
}

// advance unblocks the first waiting entry of an order, unless another entry of it is unblocked already.
func (w *writer) advance(target int64, order string) error {
	_, err := w.idsOf(nextStatement, target, order)
	return err
}

const nextStatement = `UPDATE queue SET behind = 0
	WHERE id = (SELECT min(id) FROM queue WHERE target = ?1 AND ord = ?2 AND state = 1 AND behind = 1)
	AND NOT EXISTS (SELECT 1 FROM queue WHERE target = ?1 AND ord = ?2 AND state = 1 AND behind = 0)
	RETURNING id`

// idsOf runs a statement that returns ids.
func (w *writer) idsOf(text string, values ...driver.Value) ([]int64, error) {
	stmt, err := w.inserts.statement(text)
	if err != nil {
		return nil, err
	}
	return sqlite.IDs(stmt, sqlite.Arguments(values...))
}
