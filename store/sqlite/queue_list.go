package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// held is the SQL condition for an entry that an owner holds.
func held(f *engine.QueueFilter) (term string, args []any) {
	if f.At.IsZero() {
		return "(owner IS NOT NULL)", nil
	}
	return "(owner IS NOT NULL AND due > ? AND owner NOT IN (SELECT value FROM json_each(?)))",
		[]any{f.At.UnixNano(), jsonOf(append([]string{}, f.Gone...))}
}

// conditions is the filter as SQL.
func conditions(f *engine.QueueFilter) (where string, args []any) {
	terms := []string{"1"}
	add := func(term string, values ...any) { terms, args = append(terms, term), append(args, values...) }
	if len(f.IDs) > 0 {
		parts := make([]string, len(f.IDs))
		for i, r := range f.IDs {
			parts[i] = "id BETWEEN ? AND ?"
			args = append(args, r.From, r.To)
		}
		terms = append(terms, "("+strings.Join(parts, " OR ")+")")
	}
	if len(f.States) > 0 {
		parts := make([]string, len(f.States))
		for i, s := range f.States {
			parts[i] = fmt.Sprintf("state = %d", s.Code())
			held, values := held(f)
			switch s {
			case engine.Waiting:
				parts[i] += " AND NOT " + held
			case engine.Leased:
				parts[i] += " AND " + held
			default:
				continue
			}
			args = append(args, values...)
		}
		terms = append(terms, "("+strings.Join(parts, " OR ")+")")
	}
	if f.Kind != 0 {
		add("kind = ?", int64(f.Kind))
	}
	if f.Target != "" || f.TargetGlob != "" {
		add("target IN (SELECT id FROM name WHERE kind = ? AND (text = ? OR text GLOB ?))", int64(engine.NameTarget),
			f.Target, f.TargetGlob)
	}
	if f.Thread != 0 {
		add("thread = ?", f.Thread)
	}
	if !f.Since.IsZero() {
		add("created >= ?", f.Since.UnixNano())
	}
	if !f.Until.IsZero() {
		add("created <= ?", f.Until.UnixNano())
	}
	return strings.Join(terms, " AND "), args
}

// Queue returns the entries that a filter selects, by id.
func (s *Engine) Queue(ctx context.Context, f engine.QueueFilter) ([]*engine.Queued, error) {
	where, args := conditions(&f)
	query := where + " ORDER BY id"
	if f.NewestFirst {
		query += " DESC"
	}
	if f.Limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	return s.queued(ctx, query, args...)
}

// QueueDepth returns how many entries of some kinds there are in each state that has any; of no kind means of all.
func (s *Engine) QueueDepth(ctx context.Context, kinds ...engine.QueueKind) (map[engine.QueueState]int64, error) {
	depth, where, args := map[engine.QueueState]int64{}, "", []any{}
	for _, kind := range kinds {
		where, args = where+", ?", append(args, int64(kind))
	}
	if where != "" {
		where = "WHERE kind IN (" + where[2:] + ") "
	}
	err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var code, n int64
		var leased bool
		err := rows.Scan(&code, &leased, &n)
		depth[engine.StateOf(code, leased)] += n
		return err
	}, "SELECT state, owner IS NOT NULL, count(*) FROM queue "+where+"GROUP BY 1, 2", args...)
	return depth, s.told(err)
}

// QueueTargets returns the targets for which there are open entries of a kind, in their order.
func (s *Engine) QueueTargets(ctx context.Context, kind engine.QueueKind) ([]string, error) {
	targets, err := columnOf[string](ctx, s.db, `WITH RECURSIVE t(id) AS (
			SELECT min(target) FROM queue WHERE state = 1 AND behind = 0 AND kind = ?1
			UNION SELECT (SELECT min(target) FROM queue WHERE state = 1 AND behind = 0 AND kind = ?1 AND target > t.id)
				FROM t WHERE t.id IS NOT NULL)
		SELECT text FROM name WHERE id IN (SELECT id FROM t) ORDER BY text`, int64(kind))
	return targets, s.told(err)
}

const queuedColumns = `id, kind, thread, (SELECT text FROM name WHERE id = target),
	(SELECT text FROM name WHERE id = policy),
	ord, behind, straight, state, owner, due, created, changed, attempts, first, last, why, answered`

func (s *Engine) queued(ctx context.Context, where string, args ...any) (all []*engine.Queued, err error) {
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		q, err := scanQueued(rows)
		all = append(all, q)
		return err
	}, "SELECT "+queuedColumns+" FROM queue WHERE "+where, args...)
	return all, s.told(err)
}

func scanQueued(rows *sql.Rows) (*engine.Queued, error) {
	var q engine.Queued
	var target, policy, order, owner, why sql.NullString
	var first, last sql.NullInt64
	var answered sql.NullBool
	var code, due, created, changed int64
	err := rows.Scan(&q.ID, &q.Kind, &q.Thread, &target, &policy, &order, &q.Blocked, &q.Inline,
		&code, &owner, &due, &created, &changed, &q.Attempts, &first, &last, &why, &answered)
	q.Target, q.Policy, q.Order, q.Owner, q.Why = target.String, policy.String, order.String, owner.String, why.String
	q.First, q.Last, q.State = first.Int64, last.Int64, engine.StateOf(code, owner.Valid)
	q.Due, q.Created, q.Changed = record.TimeOf(due), record.TimeOf(created), record.TimeOf(changed)
	q.Answered = answered.Bool
	return &q, err
}

// QueuedByID returns some entries, by id.
func (s *Engine) QueuedByID(ctx context.Context, ids []int64) ([]*engine.Queued, error) {
	return s.queued(ctx, "id IN (SELECT value FROM json_each(?)) ORDER BY id", jsonOf(ids))
}

// GetQueued returns one entry; ErrNoEntry when there is none.
func (s *Engine) GetQueued(ctx context.Context, id int64) (*engine.Queued, error) {
	all, err := s.queued(ctx, "id = ?", id)
	if err == nil && len(all) == 0 {
		return nil, fmt.Errorf("%d: %w", id, engine.ErrNoEntry)
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}
