package postgres

import (
	"context"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/store/engine"
)

// ends are the lowest and the highest id when they were looked for last, 0 before. They may have changed since: where
// nothing is found by them, it is looked for without.
type ends struct{ low, high atomic.Int64 }

const (
	// The planner leaves out the partitions above $1 for the lowest id, and those below $2 for the highest.
	boundsQuery = `WITH bounds AS MATERIALIZED (
		SELECT coalesce((SELECT id FROM barb.exchange WHERE id <= $1::bigint ORDER BY id LIMIT 1), 0) AS low,
			coalesce((SELECT id FROM barb.exchange WHERE id >= $2::bigint ORDER BY id DESC LIMIT 1), 0) AS high, disorder
		FROM barb.history)
		SELECT low, high`

	// firstLate bisects the ids from $3 for the first one whose start is late. Its steps are one query: over a network
	// each step would cost more than all of them do here. An id that is gone meanwhile counts as late.
	firstLate = `, (WITH RECURSIVE step (low, high) AS (
			SELECT greatest(b.low, $3::bigint), b.high + 1 FROM bounds b
			UNION ALL
			SELECT CASE WHEN found.late THEN s.low ELSE found.id + 1 END,
				CASE WHEN found.late THEN s.low + (s.high - s.low) / 2 ELSE s.high END
			FROM step s CROSS JOIN LATERAL (SELECT max(l.id) AS id, coalesce(bool_or(l.start @late), true) AS late
				FROM (SELECT x.id, x.start FROM barb.exchange x
					WHERE x.id >= s.low + (s.high - s.low) / 2 AND x.id >= $3::bigint ORDER BY x.id LIMIT 1) l) found
			WHERE s.low < s.high)
		SELECT max(low) FROM step WHERE low >= high)`
)

// nearBy is the end of some ids that is looked at first: the newest or the oldest, which have most of what is asked
// for. The server plans for its one or two partitions alone; for all of a long history that takes longer than the rest.
func (s *Engine) nearBy(ids engine.Range, oldestFirst bool) engine.Range {
	if oldestFirst {
		return engine.Range{From: ids.From, To: min(ids.To, s.floor(ids.From, s.near)+2*s.near-1)}
	}
	return engine.Range{From: max(ids.From, s.floor(ids.To, s.near)), To: ids.To}
}

// floor is the first id of the partition that is half of some ids before an id.
func (s *Engine) floor(id, ids int64) int64 { return max(0, id-ids/2) / s.near * s.near }

// bounds finds the ids that hold everything begun in a span of time, and asks more in the same go. They end at the
// newest id of now: replay records while it lists, and must not list its own records. There is no index on the start:
// the order of ids is nearly that of time, and the history knows by how much it is not.
func (s *Engine) bounds(ctx context.Context, l *lookup, since, until time.Time, more []asked) error {
	low, high, floor := int64(math.MaxInt64), int64(0), int64(0)
	if known := s.ends.high.Load(); known > 0 {
		low, high, floor = s.floor(s.ends.low.Load(), s.near)+2*s.near-1, known/s.near*s.near, s.floor(known, s.near)
	}
	found, err := s.boundsFrom(ctx, low, high, floor, since, until, more)
	if err == nil && floor > 0 && found.missed(floor) {
		found, err = s.boundsFrom(ctx, math.MaxInt64, 0, 0, since, until, nil)
	}
	if err != nil || found == nil {
		return err
	}
	s.ends.low.Store(found.low)
	s.ends.high.Store(found.high)
	l.all = engine.Range{From: max(1, found.low), To: found.high}
	l.during = l.all
	if !since.IsZero() {
		l.during.From = found.late[0]
	}
	if !until.IsZero() {
		l.during.To = min(l.during.To, found.late[len(found.late)-1])
	}
	return nil
}

// bounds are the lowest and the highest id, 0 for none, and the first ones late for each time.
type bounds struct {
	low, high int64
	late      []int64
}

// missed reports whether there may be more below or above the ids that were looked at.
func (b *bounds) missed(floor int64) bool {
	if b == nil || b.low == 0 || b.high == 0 {
		return true
	}
	for _, late := range b.late {
		if late <= floor && b.low < floor {
			return true
		}
	}
	return false
}

// boundsFrom returns the ends of all ids, the lowest not above low and the highest not below high, and finds times from
// floor on; nil when the history has lost its row.
func (s *Engine) boundsFrom(ctx context.Context, low, high, floor int64, since, until time.Time, more []asked) (
	found *bounds, err error,
) {
	query, args := boundsQuery, []any{low, high}
	times := []string{">= $4::bigint - (SELECT disorder FROM bounds)", "> $4::bigint + (SELECT disorder FROM bounds)"}
	for i, at := range []time.Time{since, until} {
		if at.IsZero() {
			continue
		}
		late := times[i]
		if len(args) == 2 {
			args = append(args, floor)
		} else {
			late = strings.Replace(late, "$4", "$5", 1)
		}
		query += strings.ReplaceAll(firstLate, "@late", late)
		args = append(args, at.UnixNano())
	}
	err = s.together(ctx, append([]asked{{query + " FROM bounds", args, func(row engine.Row) error {
		found = &bounds{low: row.Number(), high: row.Number()}
		for range len(args) - 3 {
			found.late = append(found.late, row.Number())
		}
		return nil
	}}}, more...)...)
	return found, err
}
