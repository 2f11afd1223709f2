package store

import (
	"context"

	"github.com/barbhq/barb/store/record"
)

// Ran records how an exchange's command ended, answered or not; an exchange pruned meanwhile stays away.
func (s *Store) Ran(ctx context.Context, id int64, run record.Run) error {
	_, err := s.idsOf(ctx, "UPDATE exchange SET exec_exit = ?, exec_took = ? WHERE id = ? RETURNING id",
		int64(run.Exit), int64(run.Took), id)
	return err
}

// Acceptance is what the queue holds of an exchange.
type Acceptance struct {
	Thread int64
	Kept   bool // it is delivered, or will be; false: at least for one target it was given up
}

// Accepted returns what the queue has promised to deliver of the exchanges from an id on, by their ids: what is open or
// was delivered, and what is dead. What was cancelled, or only tried while its sender waited, is no promise.
func (s *Store) Accepted(ctx context.Context, from int64) (all []Acceptance, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT thread, max(state) < 3 FROM queue
		WHERE thread >= ? AND (state IN (1, 3) OR state = 2 AND answered IS NULL) GROUP BY thread ORDER BY thread`, from)
	if err != nil {
		return nil, s.told(err)
	}
	defer rows.Close()
	for rows.Next() {
		var p Acceptance
		if err := rows.Scan(&p.Thread, &p.Kept); err != nil {
			return nil, s.told(err)
		}
		all = append(all, p)
	}
	return all, s.told(rows.Err())
}
