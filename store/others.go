package store

import (
	"context"
	"database/sql"
)

// Others returns the ids among which other processes have recorded since the last call, maybe with some of ours
// between; false when there are none. The first call returns all ids. It costs a look at the newest id.
func (s *Store) Others(ctx context.Context) (Range, bool, error) {
	var newest sql.NullInt64
	if err := s.db.QueryRowContext(ctx, "SELECT max(id) FROM exchange").Scan(&newest); err != nil || !newest.Valid {
		return Range{}, false, s.told(err)
	}
	from, to := s.others.Take(newest.Int64)
	return Range{From: from, To: to}, to > 0, nil
}
