package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// A query reads so many exchanges at most: a list that is read slowly must not hold back the checkpoints of writers.
// With bodies, which may be large, it ends with the exchange that makes so many bytes full.
const (
	pageRows  = 256
	pageBytes = 2 << 20
)

// The plus keeps SQLite from looking at the value for a better plan: the driver clears the values before each run, and
// then a statement whose plan depends on one is compiled again. That takes longer than the run.
const getQuery = "SELECT " + lightColumns + bodyColumns + " FROM exchange e" + bodyJoins + " WHERE e.id = +?"

// Get returns one exchange whole; ErrNotFound when there is none of this id.
func (s *Engine) Get(ctx context.Context, id int64) (*record.Exchange, error) {
	xs, err := s.scanAll(ctx, true, getQuery, id)
	switch {
	case err != nil:
		return nil, err
	case len(xs) == 0:
		return nil, fmt.Errorf("%d: %w", id, engine.ErrNotFound)
	}
	return xs[0], nil
}

// List yields the exchanges that a filter selects, newest first unless it says otherwise. Without Filter.Bodies they
// have neither header fields nor bodies, and of a response only status, size and whether it was cut. An error ends the
// list. It is read in pages: what is recorded in between may show or not.
func (s *Engine) List(ctx context.Context, f engine.Filter) iter.Seq2[*record.Exchange, error] {
	return func(yield func(*record.Exchange, error) bool) {
		sc, err := s.scope(ctx, &f)
		if err != nil {
			yield(nil, s.told(err))
			return
		}
		if !f.OldestFirst {
			slices.Reverse(sc.spans)
		}
		left := f.Limit
		if left <= 0 {
			left = math.MaxInt
		}
		for _, span := range sc.spans {
			for more := true; more && left > 0; {
				xs, last, err := s.page(ctx, sc, &f, span, min(pageRows, left))
				if err != nil {
					yield(nil, err)
					return
				}
				for _, x := range xs {
					if !yield(x, nil) {
						return
					}
				}
				left, more = left-len(xs), last != 0
				if f.OldestFirst {
					span.From = last + 1
				} else {
					span.To = last - 1
				}
			}
		}
	}
}

// page reads the next exchanges of a span, at most want. last is the id behind which more may follow, 0 when none do.
func (s *Engine) page(ctx context.Context, sc *scope, f *engine.Filter, span engine.Range, want int) (
	xs []*record.Exchange, last int64, err error,
) {
	query, args := sc.list(f, span, want)
	size := 0
	err = s.eachCells(ctx, query, args, func(c *raw.Conn, row engine.Row) error {
		x, err := s.scan(c, row, f.Bodies)
		if err != nil {
			return err
		}
		xs, size = append(xs, x), size+len(x.Request.Body)
		if x.Response != nil {
			size += len(x.Response.Body)
		}
		if size >= pageBytes {
			return io.EOF
		}
		return nil
	})
	if len(xs) == want || size >= pageBytes {
		last = xs[len(xs)-1].ID
	}
	return xs, last, err
}

// Requests returns copies of exchanges of a list, by id, that have their requests whole, as Get returns them: of those
// that are there the first, until they have 2 MiB of bodies together.
func (s *Engine) Requests(ctx context.Context, light []*record.Exchange) (whole []*record.Exchange, err error) {
	byID, ids, size := map[int64]*record.Exchange{}, make([]int64, len(light)), 0
	for i, x := range light {
		byID[x.ID], ids[i] = x, x.ID
	}
	err = s.eachCells(ctx, requestsQuery+" ORDER BY id", []any{jsonOf(ids)}, func(_ *raw.Conn, row engine.Row) error {
		x := *byID[row.Number()]
		if err := engine.Request(&row, &x); err != nil {
			return err
		}
		whole = append(whole, &x)
		if size += len(x.Request.Body); size >= pageBytes {
			return io.EOF
		}
		return nil
	})
	return whole, err
}

// jsonOf returns the JSON of numbers or bytes.
func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // numbers and bytes encode
	}
	return string(text)
}

const requestsQuery = "SELECT id, " + requestColumns + " FROM request q WHERE id IN (SELECT value FROM json_each(?))"

// list is the query for the next exchanges of a span.
func (sc *scope) list(f *engine.Filter, span engine.Range, want int) (query string, args []any) {
	query = "SELECT " + lightColumns + " FROM exchange e"
	if f.Bodies {
		query = "SELECT " + lightColumns + bodyColumns + " FROM exchange e" + bodyJoins
	}
	ids, args := sc.ids(span, order(f), want)
	return query + " WHERE e.id IN (" + ids + ")" + order(f), args
}

func order(f *engine.Filter) string {
	if f.OldestFirst {
		return " ORDER BY e.id"
	}
	return " ORDER BY e.id DESC"
}

// ids is the query for the next ids of a span, before the rows: no body is read of a row that the limit cuts off.
func (sc *scope) ids(span engine.Range, order string, want int) (query string, args []any) {
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

// Newest returns the id of the newest exchange (n = 0) or of the one n before it, or ErrNotFound.
func (s *Engine) Newest(ctx context.Context, n int) (id int64, err error) {
	if !s.file.Same() { // nothing comes to a file that nobody can open any more
		return 0, engine.Fault(s.path, engine.ErrReplaced)
	}
	err = s.db.QueryRowContext(ctx, "SELECT id FROM exchange ORDER BY id DESC LIMIT 1 OFFSET ?", n).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("@-%d: %w", n, engine.ErrNotFound)
	}
	return id, s.told(err)
}

// The first exchange may be pruned: the others still are one webhook.
const threadQuery = `WITH first(id) AS (SELECT ifnull(webhook, id) FROM exchange WHERE id = ?)
	SELECT ` + lightColumns + ` FROM exchange e
	WHERE e.id IN (SELECT id FROM first UNION ALL SELECT x.id FROM first JOIN exchange x INDEXED BY exchange_webhook
		ON x.webhook = first.id) ORDER BY e.id`

// Thread returns all exchanges of the webhook that an exchange belongs to, by id and as light as List has them.
// ErrNotFound when there is no exchange of this id.
func (s *Engine) Thread(ctx context.Context, id int64) ([]*record.Exchange, error) {
	xs, err := s.scanAll(ctx, false, threadQuery, id)
	if err == nil && len(xs) == 0 {
		err = fmt.Errorf("%d: %w", id, engine.ErrNotFound)
	}
	return xs, err
}

// EventTypes returns up to limit types that begin with prefix among the newest few thousand exchanges, sorted.
func (s *Engine) EventTypes(ctx context.Context, prefix string, limit int) ([]string, error) {
	types, err := columnOf[string](ctx, s.db,
		`WITH newest AS (SELECT event, handshake FROM exchange ORDER BY id DESC LIMIT 5000),
		types AS (SELECT text FROM name WHERE id IN (SELECT event FROM newest)
			UNION SELECT 'handshake:' || handshake FROM newest)
		SELECT text FROM types WHERE substr(text, 1, length(?1)) = ?1 ORDER BY text LIMIT ?2`, prefix, limit)
	return types, s.told(err)
}

// told returns the error of the file for callers. SQLite says "unable to open" of a file that was removed.
func (s *Engine) told(err error) error {
	if _, ofSQLite := errors.AsType[sqlite3.Error](err); ofSQLite && !isBusy(err) && !s.file.Same() {
		return engine.Fault(s.path, engine.ErrReplaced)
	}
	return translate(s.path, err)
}
