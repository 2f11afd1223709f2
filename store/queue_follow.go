package store

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Follow is Settle, and puts in what follows an entry that has ended, in one transaction: after a kill there is the
// entry or what follows it, never both and never neither. Where the error is ErrLease nothing is put in.
func (s *Store) Follow(ctx context.Context, owner string, q *Queued, now time.Time, next ...*Queued) error {
	return s.leased(ctx, nil, func(w *writer, _ int64) (bool, error) {
		ours, err := w.settle(owner, q, now)
		if err != nil || !ours {
			return ours, err
		}
		return true, w.enqueue(next)
	})
}

// Ran records how a command ended that ran for an exchange, also before that is answered. One that was pruned in the
// meantime stays away.
func (s *Store) Ran(ctx context.Context, id int64, run record.Run) error {
	return s.work(ctx, func(w *writer) error {
		stmt, err := w.inserts.statement("UPDATE exchange SET exec_exit = ?, exec_took = ? WHERE id = ? RETURNING id")
		if err != nil {
			return err
		}
		_, err = some(stmt, arguments(driver.Value(int64(run.Exit)), int64(run.Took), id))
		return err
	})
}

// Promise is what the queue holds of an exchange.
type Promise struct {
	Thread int64
	Kept   bool // it is delivered, or will be; false: at least for one target it was given up
}

// Promises returns what the queue has promised to deliver of the exchanges from an id on, by their ids: what is open or
// was delivered, and what is dead. What was cancelled, or only tried while its sender waited, is no promise.
func (s *Store) Promises(ctx context.Context, from int64) (all []Promise, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT thread, max(state) < 3 FROM queue
		WHERE thread >= ? AND (state IN (1, 3) OR state = 2 AND answered IS NULL) GROUP BY thread ORDER BY thread`, from)
	if err != nil {
		return nil, s.told(err)
	}
	defer rows.Close()
	for rows.Next() {
		var p Promise
		if err := rows.Scan(&p.Thread, &p.Kept); err != nil {
			return nil, s.told(err)
		}
		all = append(all, p)
	}
	return all, s.told(rows.Err())
}
