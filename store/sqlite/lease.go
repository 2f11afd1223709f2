package sqlite

import (
	"errors"
	"io"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite/raw"
)

func (w *writer) lease(r *engine.Lease) (err error) {
	names := w.inserts.names
	target, policy := names.ID(engine.NameTarget, r.Target), names.ID(engine.NamePolicy, r.Policy)
	if names.err != nil {
		return names.err
	}
	r.IDs, err = w.idsOf(leaseStatement, r.Owner, record.Nanos(r.Until), record.Nanos(r.Now), int64(r.Kind), target,
		int64(r.Want), policy)
	return err
}

// For the pluses see getQuery.
const leaseStatement = `UPDATE queue SET owner = ?1, straight = 0, due = ?2, changed = ?3 WHERE id IN (
		SELECT id FROM queue WHERE kind = +?4 AND target = +?5 AND ifnull(policy, 0) = ifnull(?7, 0)
			AND state = 1 AND behind = 0 AND due <= ?3 ORDER BY due, id LIMIT +?6)
	RETURNING id`

const renewStatement = `UPDATE queue SET due = max(due, ?2)
	WHERE id IN (SELECT value FROM json_each(?3)) AND owner = ?1 AND state = 1 RETURNING id`

func (w *writer) attempt(a *engine.Attempt, first int64) error {
	var exchange any
	if a.Recorded {
		exchange = first
	}
	ids, err := w.idsOf(attemptStatement, a.Owner, a.Entry.ID, exchange, record.Nanos(a.Now), record.Nanos(a.Entry.Due))
	a.Ours = len(ids) > 0
	return err
}

const attemptStatement = `UPDATE queue
	SET attempts = attempts + 1, first = ifnull(first, ?3), last = ?3, changed = ?4, due = max(due, ?5)
	WHERE owner = ?1 AND id = ?2 AND state = 1 RETURNING id`

const completeStatement = `UPDATE queue
	SET owner = NULL, straight = 0, state = ?3, due = ?4, why = ?5, changed = ?6, answered = ?7
	WHERE id = ?2 AND state = 1 AND (owner = ?1 OR ?3 = 2 AND ?7 IS NULL AND kind <> 3) RETURNING target, ord`

func (w *writer) complete(c *engine.Complete) error {
	stmt, err := w.inserts.statement(completeStatement)
	if err != nil {
		return err
	}
	q, code := c.Entry, c.Entry.State.Code()
	var target int64
	var order string
	args := raw.Arguments(c.Owner, q.ID, code, record.Nanos(q.Due), engine.UnlessZero(q.Why), record.Nanos(c.Now),
		engine.UnlessZero(q.Answered))
	err = raw.One(stmt, args, &target, &order)
	if c.Ours = err == nil; errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil && code != engine.Waiting.Code() && order != "" {
		err = w.advance(target, order)
	}
	if err != nil {
		return err
	}
	return w.enqueue(c.Next)
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
func (w *writer) idsOf(text string, values ...any) ([]int64, error) {
	stmt, err := w.inserts.statement(text)
	if err != nil {
		return nil, err
	}
	return raw.IDs(stmt, raw.Arguments(values...))
}
