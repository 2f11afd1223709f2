package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Retry makes entries that a filter selects due at once: those that wait, and, as deliveries that begin anew, those
// that are dead or were cancelled. It returns how many. Entries under a lease that has not ended are being tried
// already; what is done stays done.
func (s *Store) Retry(ctx context.Context, f QueueFilter, now time.Time) (n int64, err error) {
	free := fmt.Sprintf("state IN (1, 3, 4) AND (owner IS NULL OR due <= %d)", record.Nanos(now))
	return s.change(ctx, f, free, `UPDATE queue SET due = @now, changed = @now, owner = NULL, straight = 0,
		behind = iif(state = 1, behind,
			EXISTS (SELECT 1 FROM queue o WHERE o.target = queue.target AND o.ord = queue.ord AND o.state = 1)),
		created = iif(state = 1, created, @now), attempts = iif(state = 1, attempts, 0),
		first = iif(state = 1, first, NULL), state = 1`, now)
}

// Cancel ends the open entries that a filter selects and returns how many. An attempt on its way is not stopped.
func (s *Store) Cancel(ctx context.Context, f QueueFilter, now time.Time) (n int64, err error) {
	return s.change(ctx, f, "state = 1", "UPDATE queue SET state = 4, owner = NULL, straight = 0, changed = @now", now)
}

// Finish notes of dead entries that a filter selects that they were delivered in another way. It returns how many.
func (s *Store) Finish(ctx context.Context, f QueueFilter, now time.Time) (n int64, err error) {
	return s.change(ctx, f, "state = 3", "UPDATE queue SET state = 2, changed = @now", now)
}

// Purge forgets entries that a filter selects and that have ended. The exchanges stay. It returns how many.
func (s *Store) Purge(ctx context.Context, f QueueFilter) (n int64, err error) {
	return s.change(ctx, f, "state <> 1", "DELETE FROM queue", time.Time{})
}

// change applies a statement to the entries of a filter in the right state, in the order of their ids, and lets those
// go on that waited for them.
func (s *Store) change(ctx context.Context, f QueueFilter, states, statement string, now time.Time) (
	n int64, err error,
) {
	where, args := f.conditions()
	values := make([]driver.Value, len(args))
	for i, a := range args {
		values[i] = a
	}
	err = s.work(ctx, func(w *writer) error {
		ids, err := w.idsOf("SELECT id FROM queue WHERE "+where+" AND "+states+" ORDER BY id", values...)
		if err != nil {
			return err
		}
		if f.Limit > 0 && len(ids) > f.Limit {
			ids = ids[:f.Limit]
		}
		for _, id := range ids {
			if err := w.changeOne(id, statement, now); err != nil {
				return err
			}
		}
		n = int64(len(ids))
		return nil
	})
	return n, err
}

func (w *writer) changeOne(id int64, statement string, now time.Time) error {
	var target int64
	var order string
	stmt, err := w.inserts.statement(statement + " WHERE id = @id RETURNING target, ord")
	if err != nil {
		return err
	}
	args := []driver.NamedValue{{Name: "id", Value: id}, {Name: "now", Value: record.Nanos(now)}}
	if err := one(stmt, args, &target, &order); err != nil || order == "" {
		return err
	}
	return w.advance(target, order)
}
