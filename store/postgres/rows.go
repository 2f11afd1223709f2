package postgres

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/bulk"
	"github.com/barbhq/barb/store/postgres/reason"
	"github.com/barbhq/barb/store/postgres/scope"
)

// Settings hold for the transaction of a batch.
const (
	// The server compiles a query that seems to take long, which for those here takes 100 times as long as they do.
	withoutCompiling = "SELECT set_config('jit', 'off', true)"
	withoutSorting   = withoutCompiling + ", set_config('enable_sort', 'off', true)" // see scope.InOrder
)

// settingsOf returns the statement that goes before some queries.
func settingsOf(queries ...asked) string {
	if slices.ContainsFunc(queries, func(q asked) bool { return scope.InOrder(q.query) }) {
		return withoutSorting
	}
	return withoutCompiling
}

// asked is a query and what is done with its rows, until that returns io.EOF or another error. A row may be kept.
type asked struct {
	query string
	args  []any
	do    func(engine.Row) error
}

// each is together with one query.
func (s *Engine) each(ctx context.Context, query string, args []any, do func(engine.Row) error) error {
	return s.together(ctx, asked{query, args, do})
}

// together makes queries in one go. While the server restarts, or has no connection free, they are tried again, unless
// a row was handed out.
func (s *Engine) together(ctx context.Context, queries ...asked) error {
	var doing error
	handed := false
	err := patiently(ctx, func() error {
		err := s.query(ctx, queries, func(q *asked, row engine.Row) error {
			handed = true
			doing = q.do(row)
			return doing
		})
		if handed { // it cannot be tried again
			doing, err = cmp.Or(doing, reason.OfContext(ctx, err)), nil
		}
		return err
	})
	if errors.Is(doing, io.EOF) {
		return nil
	}
	return s.told(cmp.Or(doing, err))
}

// query hands the rows of queries to do, until that returns an error.
func (s *Engine) query(ctx context.Context, queries []asked, do func(*asked, engine.Row) error) (err error) {
	b := &pgx.Batch{}
	b.Queue(settingsOf(queries...))
	for _, q := range queries {
		b.Queue(q.query, q.args...)
	}
	results := s.pool.SendBatch(ctx, b)
	defer func() {
		if closed := results.Close(); err == nil {
			err = closed
		}
	}()
	if _, err := results.Exec(); err != nil {
		return err
	}
	for i := range queries {
		if err := rowsOf(results, func(row engine.Row) error { return do(&queries[i], row) }); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf hands the rows of the next query to do, until that returns an error.
func rowsOf(results pgx.BatchResults, do func(engine.Row) error) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row, err := bulk.RowOf(rows)
		if err == nil {
			err = do(row)
		}
		if err != nil {
			return err
		}
	}
	return rows.Err()
}

// all returns the rows of a query.
func (s *Engine) all(ctx context.Context, query string, args ...any) (rows []engine.Row, err error) {
	err = s.each(ctx, query, args, func(row engine.Row) error {
		rows = append(rows, row)
		return nil
	})
	return rows, err
}

// one returns the first row of a query, nil without any.
func (s *Engine) one(ctx context.Context, query string, args ...any) (engine.Row, error) {
	rows, err := s.all(ctx, query, args...)
	if len(rows) == 0 {
		return nil, err
	}
	return rows[0], err
}

// numbers returns the only column of a query, of numbers.
func (s *Engine) numbers(ctx context.Context, query string, args ...any) (all []int64, err error) {
	err = s.each(ctx, query, args, func(row engine.Row) error {
		all = append(all, row.Number())
		return nil
	})
	return all, err
}

// texts returns the only column of a query, of texts.
func (s *Engine) texts(ctx context.Context, query string, args ...any) (all []string, err error) {
	err = s.each(ctx, query, args, func(row engine.Row) error {
		all = append(all, row.Text())
		return nil
	})
	return all, err
}
