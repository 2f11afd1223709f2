package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Run is a batch of messages and its progress. The sender begins the messages in the order of their numbers, from 0, so
// that only the few open ones must be listed.
type Run struct {
	ID      int64 // given by StartRun, from 1
	Created time.Time
	Changed time.Time // the last sign of life of its owner
	Options string    // JSON that the store does not look into; "{}" once the run has ended
	Total   int64     // how many messages; 0: not known before the end
	Next    int64     // the first number that was not begun
	Open    []int64   // those below Next that have not come to their end
	Owner   string    // the process that sends it now; "" for none
	Ended   bool      // nothing of it is left
}

// keepRuns is how long a run is remembered after its last change.
const keepRuns = 30 * 24 * time.Hour

const runColumns = "id, created, changed, options, ifnull(total, 0), next, open, ifnull(owner, ''), ended"

// StartRun makes a new run durable and sets its ID. It deletes runs without a change for a month.
func (s *Store) StartRun(ctx context.Context, r *Run) error {
	return s.do(ctx, &startRun{run: r})
}

func (w *writer) startRun(r *Run) error {
	if _, err := w.idsOf("DELETE FROM run WHERE changed < ?1 RETURNING id",
		record.Nanos(r.Created.Add(-keepRuns))); err != nil {
		return err
	}
	ids, err := w.idsOf("INSERT INTO run (created, changed, options, total, next, open, owner, ended) "+
		"VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, 0) RETURNING id",
		record.Nanos(r.Created), r.Options, unlessZero(r.Total), r.Next, openText(r.Open), unlessZero(r.Owner))
	if err == nil {
		r.ID, r.Changed = ids[0], r.Created
	}
	return err
}

// NoteRun records how far a run is: Changed, Next, Open, Owner, Ended and Total. It removes the Options of a
// run that has ended, since they may hold values that the history masks elsewhere. Like Add it returns at once, and is
// never durable before an earlier Add or Answer: a message that it calls done is in the history.
func (s *Store) NoteRun(ctx context.Context, r Run) error {
	w, err := s.writing()
	if err != nil {
		return err
	}
	r.Open = slices.Clone(r.Open) // it is the caller's
	return translate(s.path, w.group.Submit(ctx, &write{work: &noteRun{run: r}}))
}

func (w *writer) noteRun(r *Run) error {
	_, err := w.idsOf("UPDATE run SET changed = ?2, next = ?3, open = ?4, owner = ?5, ended = ?6, total = ?7, "+
		"options = iif(?6, '{}', options) WHERE id = ?1 RETURNING id",
		r.ID, record.Nanos(r.Changed), r.Next, openText(r.Open), unlessZero(r.Owner), r.Ended, unlessZero(r.Total))
	return err
}

// TakeRun makes r.Owner the owner of a run, if before is, and reports whether it was: of two that want to resume it,
// one does.
func (s *Store) TakeRun(ctx context.Context, r Run, before string) (taken bool, err error) {
	t := &takeRun{run: r, before: before}
	err = s.do(ctx, t)
	return t.taken, err
}

func (w *writer) takeRun(t *takeRun) error {
	ids, err := w.idsOf("UPDATE run SET owner = ?2, changed = ?3 "+
		"WHERE id = ?1 AND ifnull(owner, '') = ?4 AND ended = 0 RETURNING id",
		t.run.ID, unlessZero(t.run.Owner), record.Nanos(t.run.Changed), t.before)
	t.taken = len(ids) > 0
	return err
}

// GetRun returns a run; ErrNotFound when there is none of this id. The id 0 is the newest that has not ended, or the
// newest where all have.
func (s *Store) GetRun(ctx context.Context, id int64) (Run, error) {
	query, args := "SELECT "+runColumns+" FROM run WHERE id = ?", []any{id}
	if id == 0 {
		query, args = "SELECT "+runColumns+" FROM run ORDER BY ended, id DESC LIMIT 1", nil
	}
	var r Run
	var created, changed int64
	var open string
	err := s.db.QueryRowContext(ctx, query, args...).Scan(&r.ID, &created, &changed, &r.Options, &r.Total, &r.Next, &open,
		&r.Owner, &r.Ended)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("run %d: %w", id, ErrNotFound)
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
