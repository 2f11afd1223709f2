package postgres

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/bulk"
	"github.com/barbhq/barb/store/postgres/reason"
)

// withoutCompiling holds for the transaction of a batch. The server compiles a query that seems to take long, which for
// those here takes 100 times as long as they do.
const withoutCompiling = "SELECT set_config('jit', 'off', true)"

// each hands the rows of a query to do, until that returns io.EOF or another error. A row may be kept. While the server
// restarts, or has no connection free, the query is tried again, unless a row was handed out.
func (s *Engine) each(ctx context.Context, query string, args []any, do func(engine.Row) error) error {
	var doing error
	handed := false
	err := patiently(ctx, func() error {
		err := s.query(ctx, query, args, func(row engine.Row) error {
			handed = true
			doing = do(row)
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

// query hands the rows of a query to do, until that returns an error.
func (s *Engine) query(ctx context.Context, query string, args []any, do func(engine.Row) error) (err error) {
	b := &pgx.Batch{}
	b.Queue(withoutCompiling)
	b.Queue(query, args...)
	results := s.pool.SendBatch(ctx, b)
	defer func() {
		if closed := results.Close(); err == nil {
			err = closed
		}
	}()
	if _, err := results.Exec(); err != nil {
		return err
	}
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
