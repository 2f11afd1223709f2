package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/glob"
	"github.com/barbhq/barb/store/postgres/scope"
	"github.com/barbhq/barb/store/record"
)

// Unsettled returns the newest id, and how many of the thousand newest exchanges up to an id (0: all) lack an answer
// that was announced for a time from since to until. A writer that lives has it in the history some milliseconds after
// it went out.
func (s *Engine) Unsettled(ctx context.Context, upTo int64, since, until time.Time) (newest, open int64, err error) {
	row, err := s.one(ctx, `WITH newest AS MATERIALIZED (
			SELECT coalesce((SELECT id FROM barb.exchange ORDER BY id DESC LIMIT 1), 0) AS id)
		SELECT (SELECT id FROM newest), count(*) FROM barb.exchange e
		WHERE id > (SELECT id FROM newest) - 1000
			AND id <= CASE $1::bigint WHEN 0 THEN (SELECT id FROM newest) ELSE $1::bigint END
			AND kind = 2 AND (ended = 0 OR NOT `+scope.WasAnswered+`) AND start + took BETWEEN $2 AND $3`,
		upTo, record.Nanos(since), record.Nanos(until))
	if err != nil {
		return 0, 0, err
	}
	return row.Number(), row.Number(), nil
}

// Mirror returns the mirror with an exchange's id; ok is false for any other exchange.
func (s *Engine) Mirror(ctx context.Context, id int64) (m engine.Mirror, ok bool, err error) {
	row, err := s.one(ctx, "SELECT of, same IS NOT NULL, same FROM barb.mirror WHERE id = $1", id)
	if err != nil || row == nil {
		return m, false, err
	}
	return engine.Mirror{Of: row.Number(), Compared: row.Yes(), Same: row.Yes()}, true, nil
}

// Remarks returns the remarks of webhooks, by what SetRemark calls first. Most webhooks have none.
func (s *Engine) Remarks(ctx context.Context, firsts []int64) (map[int64]engine.Remark, error) {
	all := map[int64]engine.Remark{}
	return all, s.together(ctx, remarksOf(firsts, all))
}

func remarksOf(firsts []int64, into map[int64]engine.Remark) asked {
	return asked{"SELECT webhook, pinned, note FROM barb.remark WHERE webhook = ANY($1)", []any{firsts},
		func(row engine.Row) error {
			into[row.Number()] = engine.Remark{Pinned: row.Yes(), Note: row.Text()}
			return nil
		}}
}

// PinKey returns the random key of the history, under which secrets have fingerprints.
func (s *Engine) PinKey(ctx context.Context) ([]byte, error) {
	row, err := s.one(ctx, "SELECT pin_key FROM barb.history")
	if err != nil || row == nil {
		return nil, err
	}
	return row.Bytes(), nil
}

// Pinned returns the schemes that secrets are pinned to on a route, by their fingerprints.
func (s *Engine) Pinned(ctx context.Context, route string) (schemes map[string]string, err error) {
	schemes = map[string]string{}
	err = s.each(ctx, "SELECT secret, scheme FROM barb.pin WHERE route = $1", []any{escape(route)},
		func(row engine.Row) error {
			schemes[row.Text()] = row.Text()
			return nil
		})
	return schemes, err
}

// CountPins returns how many pins Unpin would forget.
func (s *Engine) CountPins(ctx context.Context, scheme string) (int64, error) {
	row, err := s.one(ctx, "SELECT count(*) FROM barb.pin WHERE scheme LIKE $1", glob.Like(scheme))
	if err != nil {
		return 0, err
	}
	return row.Number(), nil
}

// GetRun returns a run; ErrNotFound when there is none of this id. The id 0 is the newest that has not ended, or the
// newest where all have.
func (s *Engine) GetRun(ctx context.Context, id int64) (r engine.Run, err error) {
	row, err := s.one(ctx, "SELECT id, created, changed, options, total, next, open, owner, ended FROM barb.run "+
		"WHERE id = $1 OR $1 = 0 ORDER BY ended, id DESC LIMIT 1", id)
	if err == nil && row == nil {
		return r, fmt.Errorf("run %d: %w", id, engine.ErrNotFound)
	}
	if err != nil {
		return r, err
	}
	r.ID, r.Created, r.Changed = row.Number(), record.TimeOf(row.Number()), record.TimeOf(row.Number())
	r.Options, r.Total, r.Next = row.Text(), row.Number(), row.Number()
	open := row.Text()
	r.Owner, r.Ended = row.Text(), row.Yes()
	if err = json.Unmarshal([]byte("["+open+"]"), &r.Open); err != nil {
		return r, fmt.Errorf("open messages %q: %w", open, err)
	}
	return r, nil
}

// Pieces returns the pieces of the masks of an exchange, in their order; nil when the queue keeps none.
func (s *Engine) Pieces(ctx context.Context, exchange int64) (pieces [][]byte, err error) {
	row, err := s.one(ctx, "SELECT pieces FROM barb.kept WHERE id = $1", exchange)
	if err == nil && row != nil {
		err = json.Unmarshal(row.Bytes(), &pieces)
	}
	return pieces, s.told(err)
}
