package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/barbhq/barb/store/engine"
)

// within returns the ids that a filter asks for, of the time that it asks for.
func (s *Engine) within(ctx context.Context, f *engine.Filter) ([]engine.Range, error) {
	all, err := s.during(ctx, f.Since, f.Until)
	if err != nil {
		return nil, err
	}
	return engine.Within(all, f.IDs), nil
}

const (
	boundsQuery = `WITH bounds AS MATERIALIZED (
		SELECT coalesce((SELECT id FROM barb.exchange ORDER BY id LIMIT 1), 1) AS low,
			coalesce((SELECT id FROM barb.exchange ORDER BY id DESC LIMIT 1), 0) AS high, disorder FROM barb.history)
		SELECT low, high`

	// firstLate bisects the ids for the first one whose start is late. Its steps are one query: over a network each step
	// would cost more than all of them do here. An id that is gone meanwhile counts as late.
	firstLate = `, (WITH RECURSIVE step (low, high) AS (
			SELECT b.low, b.high + 1 FROM bounds b
			UNION ALL
			SELECT CASE WHEN found.late THEN s.low ELSE found.id + 1 END,
				CASE WHEN found.late THEN s.low + (s.high - s.low) / 2 ELSE s.high END
			FROM step s CROSS JOIN LATERAL (SELECT max(l.id) AS id, coalesce(bool_or(l.start @late), true) AS late
				FROM (SELECT x.id, x.start FROM barb.exchange x WHERE x.id >= s.low + (s.high - s.low) / 2
					ORDER BY x.id LIMIT 1) l) found
			WHERE s.low < s.high)
		SELECT max(low) FROM step WHERE low >= high)`
)

// during returns the range of ids that holds everything begun in a span of time. It ends at the newest id of now:
// replay records while it lists, and must not list its own records. There is no index on the start: the order of ids is
// nearly that of time, and the history knows by how much it is not.
func (s *Engine) during(ctx context.Context, since, until time.Time) (ids engine.Range, err error) {
	query, args := boundsQuery, []any{}
	if !since.IsZero() {
		query += strings.ReplaceAll(firstLate, "@late", ">= $1::bigint - (SELECT disorder FROM bounds)")
		args = append(args, since.UnixNano())
	}
	if !until.IsZero() {
		place := "$1"
		if !since.IsZero() {
			place = "$2"
		}
		query += strings.ReplaceAll(firstLate, "@late", "> "+place+"::bigint + (SELECT disorder FROM bounds)")
		args = append(args, until.UnixNano())
	}
	row, err := s.one(ctx, query+" FROM bounds", args...)
	if err != nil || row == nil {
		return ids, err
	}
	ids = engine.Range{From: row.Number(), To: row.Number()}
	if !since.IsZero() {
		ids.From = row.Number()
	}
	if !until.IsZero() {
		ids.To = min(ids.To, row.Number())
	}
	return ids, nil
}
