package sqlite

import (
	"context"
	"database/sql"

	"github.com/barbhq/barb/store/engine"
)

// Accepted returns, by id, the exchanges from an id on whose delivery is up to the queue: they have entries that are
// open, delivered or dead. Cancelled entries, and those only tried while the sender waited, do not count.
func (s *Engine) Accepted(ctx context.Context, from int64) (all []engine.Acceptance, err error) {
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var a engine.Acceptance
		err := rows.Scan(&a.Thread, &a.Kept)
		all = append(all, a)
		return err
	}, `SELECT thread, max(state) < 3 FROM queue
		WHERE thread >= ? AND (state IN (1, 3) OR state = 2 AND answered IS NULL) GROUP BY thread ORDER BY thread`, from)
	return all, s.told(err)
}
