package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/barbhq/barb/store/engine"
)

// Mirror returns the mirror with an exchange's id; ok is false for any other exchange.
func (s *Engine) Mirror(ctx context.Context, id int64) (m engine.Mirror, ok bool, err error) {
	var same sql.NullBool
	err = s.db.QueryRowContext(ctx, "SELECT of, same FROM mirror WHERE id = ?", id).Scan(&m.Of, &same)
	if errors.Is(err, sql.ErrNoRows) {
		return m, false, nil
	}
	m.Compared, m.Same = same.Valid, same.Bool
	return m, err == nil, s.told(err)
}
