package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/bulk"
)

// Dump gives a sink all rows, as of one moment: others may write meanwhile. The server holds old rows back from
// autovacuum until it ends.
func (s *Engine) Dump(ctx context.Context, rule engine.CopyRule, to engine.Sink) error {
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return s.told(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // there is nothing to be kept
	if _, err := tx.Exec(ctx, bulk.Unhurried); err != nil {
		return s.told(err)
	}
	d := &bulk.Dumper{Tx: tx, Rule: rule, To: to, Offset: s.clock.offset.Load(), Told: s.told}
	return d.Run(ctx, s.clock.in(rule.Now))
}
