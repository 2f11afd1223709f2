package sqlite

import (
	"fmt"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite/raw"
)

const enqueueStatement = `INSERT INTO queue (id, kind, thread, target, policy, ord, behind, straight, state, owner,
		due, created, changed, attempts)
	SELECT 1 + max((SELECT ifnull(max(id), 0) FROM queue), (SELECT last_queued FROM history)),
		?1, ?2, ?3, ?4, ?5, behind, straight, 1, iif(straight, ?7, NULL), iif(straight, ?8, ?10), ?9, ?9, 0 FROM (SELECT
		EXISTS (SELECT 1 FROM queue WHERE target = ?3 AND ord = ?5 AND state = 1) AS behind,
		?6 AND NOT EXISTS (SELECT 1 FROM queue WHERE target = ?3 AND ord = ?5 AND state = 1 AND straight = 0) AS straight)
	RETURNING id, behind, straight`

func (w *writer) enqueue(entries []*engine.Queued) error {
	for _, q := range entries {
		if err := w.enqueueOne(q); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) enqueueOne(q *engine.Queued) error {
	if q.Target == "" || q.Kind < engine.Forward || q.Kind > engine.Command {
		return fmt.Errorf("queue entry of kind %d for %q: one of them is missing", q.Kind, q.Target)
	}
	names := w.inserts.names
	target, policy := names.ID(engine.NameTarget, q.Target), names.ID(engine.NamePolicy, q.Policy)
	if names.err != nil {
		return names.err
	}
	stmt, err := w.inserts.statement(enqueueStatement)
	if err != nil {
		return err
	}
	straight, waits := int64(0), q.Due
	if q.Inline {
		straight, waits = 1, q.Created // its Due is the end of the lease that it may not get
	}
	var behind int64
	args := raw.Arguments(int64(q.Kind), q.Thread, target, policy, engine.UnlessZero(q.Order), straight,
		engine.UnlessZero(q.Owner), record.Nanos(q.Due), record.Nanos(q.Created), record.Nanos(waits))
	err = raw.One(stmt, args, &q.ID, &behind, &straight)
	if err == nil {
		err = w.keepPieces(q.Thread, q.Masks)
	}
	q.Blocked, q.State = behind != 0, engine.Leased
	if straight == 0 {
		q.Inline, q.State, q.Owner, q.Due = false, engine.Waiting, "", waits
	}
	return err
}
