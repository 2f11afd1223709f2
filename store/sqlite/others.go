package sqlite

import (
	"context"
	"database/sql"

	"github.com/barbhq/barb/store/engine"
)

// Others returns the ids among which other processes have recorded since the last call, maybe with some of ours
// between; false when there are none. The first call returns all ids. It costs a look at the newest id.
func (s *Engine) Others(ctx context.Context) (engine.Range, bool, error) {
	var newest sql.NullInt64
	if err := s.db.QueryRowContext(ctx, "SELECT max(id) FROM exchange").Scan(&newest); err != nil || !newest.Valid {
		return engine.Range{}, false, s.told(err)
	}
	from, to := s.others.Take(newest.Int64)
	return engine.Range{From: from, To: to}, to > 0, nil
}
