package sqlite

import (
	"context"
	"time"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/record"
)

// Unsettled returns the newest id, and how many of the thousand newest exchanges up to an id (0: all) lack an answer
// that was announced for a time from since to until. A writer that lives has it in the history some milliseconds after
// it went out.
func (s *Engine) Unsettled(ctx context.Context, upTo int64, since, until time.Time) (newest, open int64, err error) {
	err = s.db.QueryRowContext(ctx, `WITH newest (id) AS (SELECT ifnull(max(id), 0) FROM exchange)
		SELECT (SELECT id FROM newest), count(*) FROM exchange e
		WHERE id > (SELECT id FROM newest) - 1000 AND id <= iif(?1, ?1, (SELECT id FROM newest))
			AND kind = 2 AND (ended = 0 OR NOT `+ahead.WasAnswered+`) AND start + took BETWEEN ?2 AND ?3`,
		upTo, record.Nanos(since), record.Nanos(until)).Scan(&newest, &open)
	return newest, open, s.told(err)
}
