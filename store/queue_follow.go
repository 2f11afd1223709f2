package store

import (
	"context"
	"database/sql"

	"github.com/barbhq/barb/store/record"
)

// Ran records how an exchange's command ended, answered or not; an exchange pruned meanwhile stays away.
func (s *Store) Ran(ctx context.Context, id int64, run record.Run) error {
	return s.do(ctx, &ran{id: id, run: run})
}

// Acceptance is what the queue holds of an exchange.
type Acceptance struct {
	Thread int64
	Kept   bool // it is delivered, or will be; false: at least for one target it was given up
}

// Accepted returns, by id, the exchanges from an id on whose delivery is up to the queue: they have entries that are
// open, delivered or dead. Cancelled entries, and those only tried while the sender waited, do not count.
func (s *Store) Accepted(ctx context.Context, from int64) (all []Acceptance, err error) {
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var a Acceptance
		err := rows.Scan(&a.Thread, &a.Kept)
		all = append(all, a)
		return err
	}, `SELECT thread, max(state) < 3 FROM queue
		WHERE thread >= ? AND (state IN (1, 3) OR state = 2 AND answered IS NULL) GROUP BY thread ORDER BY thread`, from)
	return all, s.told(err)
}
