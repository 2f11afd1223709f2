package sqlite

import (
	"context"
	"database/sql"

	"github.com/barbhq/barb/store/engine"
)

// Beat returns no workers: a history in a file keeps no signs of life.
func (*Engine) Beat(context.Context, *engine.Worker) ([]engine.Worker, error) { return nil, nil }

// ReleaseSilent releases nobody.
func (*Engine) ReleaseSilent(context.Context, string) ([]string, error) { return nil, nil }

// Workers returns the holders of leases.
func (s *Engine) Workers(ctx context.Context) (all []engine.Worker, err error) {
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var w engine.Worker
		err := rows.Scan(&w.Holder, &w.Leases)
		all = append(all, w)
		return err
	}, "SELECT owner, count(*) FROM queue WHERE owner IS NOT NULL AND state = 1 GROUP BY owner ORDER BY owner")
	return all, s.told(err)
}
