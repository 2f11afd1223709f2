package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"time"

	"github.com/barbhq/barb/store/record"
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
	var ids []int64
	err := s.work(ctx, func(w *writer) (err error) {
		names := w.inserts.names
		target, policy := names.id(nameTarget, r.Target), names.id(namePolicy, r.Policy)
		if names.err != nil {
			return names.err
		}
		ids, err = w.idsOf(leaseStatement, r.Owner, record.Nanos(r.Until), record.Nanos(r.Now), int64(r.Kind), target,
			int64(r.Want), policy)
		return err
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return s.queued(ctx, "id IN (SELECT value FROM json_each(?)) ORDER BY id", jsonOf(ids))
}

// For the pluses see getQuery.
const leaseStatement = `UPDATE queue SET owner = ?1, straight = 0, due = ?2, changed = ?3 WHERE id IN (
		SELECT id FROM queue WHERE kind = +?4 AND target = +?5 AND ifnull(policy, 0) = ifnull(?7, 0)
			AND state = 1 AND behind = 0 AND due <= ?3 ORDER BY due, id LIMIT +?6)
	RETURNING id`

// Renew extends an owner's leases to until, unless they end later, and returns the entries it still holds.
func (s *Store) Renew(ctx context.Context, owner string, entries []int64, until time.Time) ([]int64, error) {
	return s.idsOf(ctx, renewStatement, owner, record.Nanos(until), jsonOf(entries))
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
	err = s.leased(ctx, []*beginning{b}, func(w *writer, first int64) (bool, error) {
		return w.attempt(owner, q, first, x.Start)
	})
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
	err := s.leased(ctx, nil, func(w *writer, _ int64) (bool, error) { return w.attempt(owner, q, nil, now) })
	if err == nil {
		q.Attempts++
	}
	return err
}

// leased lets the writer work on an entry. When do says that the owner has no lease, the error is ErrLease and the
// attempts in begin are not recorded.
func (s *Store) leased(ctx context.Context, begin []*beginning, do func(w *writer, first int64) (bool, error)) error {
	ours := false
	work := func(w *writer, first int64) (_ bool, err error) {
		ours, err = do(w, first)
		return ours, err
	}
	err := s.await(ctx, &write{begin: begin, work: work})
	if err == nil && !ours {
		err = fault(s.path, ErrLease)
	}
	return err
}

// attempt counts an attempt; exchange is its id, nil when it has none.
func (w *writer) attempt(owner string, q *Queued, exchange driver.Value, now time.Time) (ours bool, err error) {
	ids, err := w.idsOf(attemptStatement, owner, q.ID, exchange, record.Nanos(now), record.Nanos(q.Due))
	return len(ids) > 0, err
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
	return s.leased(ctx, nil, func(w *writer, _ int64) (bool, error) {
		ours, err := w.complete(owner, q, now)
		if err != nil || !ours {
			return ours, err
		}
		return true, w.enqueue(next)
	})
}

const completeStatement = `UPDATE queue
	SET owner = NULL, straight = 0, state = ?3, due = ?4, why = ?5, changed = ?6, answered = ?7
	WHERE id = ?2 AND state = 1 AND (owner = ?1 OR ?3 = 2 AND ?7 IS NULL AND kind <> 3) RETURNING target, ord`

func (w *writer) complete(owner string, q *Queued, now time.Time) (bool, error) {
	code := q.State.code()
	stmt, err := w.inserts.statement(completeStatement)
	if err != nil {
		return false, err
	}
	var target int64
	var order string
	err = one(stmt, arguments(owner, q.ID, code, record.Nanos(q.Due), unlessZero(q.Why), record.Nanos(now),
		unlessZero(q.Answered)), &target, &order)
	switch {
	case errors.Is(err, io.EOF):
		return false, nil
	case err != nil || code == Waiting.code() || order == "":
		return err == nil, err
	}
	return true, w.advance(target, order)
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
	return idsOf(stmt, arguments(values...))
}
