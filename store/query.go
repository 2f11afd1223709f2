package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// pageRows is how many exchanges one query reads: a list that is read slowly must not hold back the checkpoints of
// writers. With bodies, which may be large, it is fewer.
const (
	pageRows   = 256
	pageBodies = 16
)

// Get returns one exchange whole; ErrNotFound when there is none of this id.
func (s *Store) Get(ctx context.Context, id int64) (*record.Exchange, error) {
	xs, err := s.scanAll(ctx, true, "SELECT "+lightColumns+bodyColumns+" FROM exchange e"+bodyJoins+" WHERE e.id = ?", id)
	switch {
	case err != nil:
		return nil, err
	case len(xs) == 0:
		return nil, fmt.Errorf("%d: %w", id, ErrNotFound)
	}
	return xs[0], nil
}

// List yields the exchanges that a filter selects, newest first unless it says otherwise. Without Filter.Bodies they have
// neither header fields nor bodies, and of a response only status, size and whether it was cut. An error ends the list.
// It is read in pages: what is recorded in between may show or not.
func (s *Store) List(ctx context.Context, f Filter) iter.Seq2[*record.Exchange, error] {
	return func(yield func(*record.Exchange, error) bool) {
		sc, err := s.scope(ctx, &f)
		if err != nil {
			yield(nil, s.told(err))
			return
		}
		left := f.Limit
		for _, span := range sc.order(&f) {
			for more := true; more; {
				want := wanted(&f, left)
				query, args := sc.page(&f, span, want)
				xs, err := s.scanAll(ctx, f.Bodies, query, args...)
				if err != nil {
					yield(nil, err)
					return
				}
				for _, x := range xs {
					if !yield(x, nil) {
						return
					}
				}
				if left -= len(xs); f.Limit > 0 && left <= 0 {
					return
				}
				if more = len(xs) == want; more {
					span = beyond(span, xs[want-1].ID, f.OldestFirst)
				}
			}
		}
	}
}

// order is the spans in the order of the list.
func (sc *scope) order(f *Filter) []Range {
	if !f.OldestFirst {
		slices.Reverse(sc.spans)
	}
	return sc.spans
}

func wanted(f *Filter, left int) int {
	want := pageRows
	if f.Bodies {
		want = pageBodies
	}
	if f.Limit > 0 {
		want = min(want, left)
	}
	return want
}

// beyond is what is left of a span when the list has come to id.
func beyond(span Range, id int64, oldestFirst bool) Range {
	if oldestFirst {
		return Range{id + 1, span.To}
	}
	return Range{span.From, id - 1}
}

// page is the query for the next exchanges of a span.
func (sc *scope) page(f *Filter, span Range, want int) (query string, args []any) {
	order := " ORDER BY e.id DESC"
	if f.OldestFirst {
		order = " ORDER BY e.id"
	}
	columns, joins := lightColumns, ""
	if f.Bodies {
		columns, joins = lightColumns+bodyColumns, bodyJoins
	}
	ids, args := sc.ids(span, order, want)
	return "SELECT " + columns + " FROM exchange e" + joins + " WHERE e.id IN (" + ids + ")" + order, args
}

// ids is the query for the next ids of a span, merged from the arms. It comes before the rows are read, so that no body
// is touched for a row that the limit cuts off.
func (sc *scope) ids(span Range, order string, want int) (query string, args []any) {
	arms := sc.arms
	if len(arms) == 0 {
		arms = []arm{{}}
	}
	parts := make([]string, len(arms))
	for i, a := range arms {
		terms := append([]string{"e.id BETWEEN ? AND ?"}, sc.terms...)
		args = append(append(args, span.From, span.To), sc.args...)
		if a.term != "" {
			terms, args = append(terms, a.term), append(args, a.args...)
		}
		parts[i] = "SELECT e.id FROM exchange e " + sc.index + " WHERE " + strings.Join(terms, " AND ") + order + " LIMIT ?"
		args = append(args, want)
	}
	if len(parts) == 1 {
		return parts[0], args
	}
	merged := "SELECT * FROM (" + strings.Join(parts, ") UNION ALL SELECT * FROM (") + ")"
	// The plus makes SQLite sort the few it gets at once; without it, it sorts within each arm again to merge them.
	return "SELECT id FROM (" + merged + ")" + strings.Replace(order, "e.id", "+id", 1) + " LIMIT ?", append(args, want)
}

// Newest returns the id of the newest exchange (n = 0) or of the one n before it; ErrNotFound when there are not so many.
func (s *Store) Newest(ctx context.Context, n int) (id int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT id FROM exchange ORDER BY id DESC LIMIT 1 OFFSET ?", n).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("@-%d: %w", n, ErrNotFound)
	}
	return id, s.told(err)
}

// The root of a tree may be pruned: what repeated it still belongs together.
const threadQuery = `WITH RECURSIVE
	up(id, thread) AS (SELECT id, thread FROM exchange WHERE id = ?
		UNION SELECT x.id, x.thread FROM up JOIN exchange x ON x.id = up.thread),
	tree(id) AS (SELECT coalesce(thread, id) FROM up WHERE thread IS NULL OR thread NOT IN (SELECT id FROM up)
		UNION SELECT x.id FROM tree JOIN exchange x INDEXED BY exchange_thread ON x.thread = tree.id)
	SELECT ` + lightColumns + ` FROM tree JOIN exchange e ON e.id = tree.id ORDER BY e.id`

// Thread returns all that belongs together with an exchange, by id and as light as List has it: what it repeats, what
// that repeats, and everything that repeats one of them. ErrNotFound when there is no exchange of this id.
func (s *Store) Thread(ctx context.Context, id int64) ([]*record.Exchange, error) {
	xs, err := s.scanAll(ctx, false, threadQuery, id)
	if err == nil && len(xs) == 0 {
		err = fmt.Errorf("%d: %w", id, ErrNotFound)
	}
	return xs, err
}

// EventTypes returns the event types that begin with prefix among the newest few thousand exchanges, sorted, at most limit
// of them.
func (s *Store) EventTypes(ctx context.Context, prefix string, limit int) ([]string, error) {
	types, err := columnOf[string](ctx, s.db, `SELECT text FROM name WHERE id IN (SELECT event FROM exchange ORDER BY id DESC LIMIT 5000)
		AND substr(text, 1, length(?1)) = ?1 ORDER BY text LIMIT ?2`, prefix, limit)
	return types, s.told(err)
}

// told is an error of a query as callers get it.
func (s *Store) told(err error) error {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if err != nil && closed {
		return fault(s.path, ErrClosed)
	}
	return translate(s.path, err)
}

func (s *Store) scanAll(ctx context.Context, whole bool, query string, args ...any) (xs []*record.Exchange, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.told(err)
	}
	defer rows.Close()
	for rows.Next() {
		x, err := scan(rows, whole)
		if err != nil {
			return nil, s.told(err)
		}
		xs = append(xs, x)
	}
	return xs, s.told(rows.Err())
}
