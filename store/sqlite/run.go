package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

const runColumns = "id, created, changed, options, ifnull(total, 0), next, open, ifnull(owner, ''), ended"

func (w *writer) startRun(t *engine.StartRun) error {
	r := t.Run
	if _, err := w.idsOf("DELETE FROM run WHERE changed < ?1 RETURNING id",
		record.Nanos(t.Forget)); err != nil {
		return err
	}
	ids, err := w.idsOf("INSERT INTO run (created, changed, options, total, next, open, owner, ended) "+
		"VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, 0) RETURNING id",
		record.Nanos(r.Created), r.Options, engine.UnlessZero(r.Total), r.Next, openText(r.Open), engine.UnlessZero(r.Owner))
	if err == nil {
		r.ID, r.Changed = ids[0], r.Created
	}
	return err
}

func (w *writer) noteRun(r *engine.Run) error {
	_, err := w.idsOf("UPDATE run SET changed = ?2, next = ?3, open = ?4, owner = ?5, ended = ?6, total = ?7, "+
		"options = iif(?6, '{}', options) WHERE id = ?1 RETURNING id",
		r.ID, record.Nanos(r.Changed), r.Next, openText(r.Open), engine.UnlessZero(r.Owner), r.Ended,
		engine.UnlessZero(r.Total))
	return err
}

func (w *writer) takeRun(t *engine.TakeRun) error {
	ids, err := w.idsOf("UPDATE run SET owner = ?2, changed = ?3 "+
		"WHERE id = ?1 AND ifnull(owner, '') = ?4 AND ended = 0 RETURNING id",
		t.Run.ID, engine.UnlessZero(t.Run.Owner), record.Nanos(t.Run.Changed), t.Before)
	t.Taken = len(ids) > 0
	return err
}

// GetRun returns a run; ErrNotFound when there is none of this id. The id 0 is the newest that has not ended, or the
// newest where all have.
func (s *Engine) GetRun(ctx context.Context, id int64) (engine.Run, error) {
	query, args := "SELECT "+runColumns+" FROM run WHERE id = ?", []any{id}
	if id == 0 {
		query, args = "SELECT "+runColumns+" FROM run ORDER BY ended, id DESC LIMIT 1", nil
	}
	var r engine.Run
	var created, changed int64
	var open string
	err := s.db.QueryRowContext(ctx, query, args...).Scan(&r.ID, &created, &changed, &r.Options, &r.Total, &r.Next, &open,
		&r.Owner, &r.Ended)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("run %d: %w", id, engine.ErrNotFound)
	}
	if err != nil {
		return r, s.told(err)
	}
	r.Created, r.Changed = record.TimeOf(created), record.TimeOf(changed)
	if err = json.Unmarshal([]byte("["+open+"]"), &r.Open); err != nil {
		return r, fmt.Errorf("open messages %q: %w", open, err)
	}
	return r, nil
}

func openText(numbers []int64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]")
}
