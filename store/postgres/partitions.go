package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// perPartition is how many ids are in a partition of exchange, request and response: NAME_0 has the ids from 0 to
// 131071.
const perPartition = 1 << 17

// partitionOf is the number of the partition that has an id.
func partitionOf(id int64) int64 { return id / perPartition }

// partitioned are the tables that have partitions.
var partitioned = [...]string{"exchange", "request", "response"}

// makePartition makes a partition of each table unless it is there. ATTACH lets others read and write meanwhile, which
// CREATE TABLE … PARTITION OF does not.
func makePartition(ctx context.Context, tx pgx.Tx, number int64) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1, $2)", lockClass, lockMake); err != nil {
		return err
	}
	for _, table := range partitioned {
		name := fmt.Sprintf("%s_%d", table, number)
		var there bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = 'barb' AND c.relname = $1)`, name).Scan(&there); err != nil {
			return err
		}
		if there {
			continue
		}
		_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE barb.%s (LIKE barb.%s INCLUDING ALL);
			ALTER TABLE barb.%s ATTACH PARTITION barb.%s FOR VALUES FROM (%d) TO (%d)`, name, table, table, name,
			number*perPartition, (number+1)*perPartition), pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return err
		}
	}
	return nil
}

// ready sees to it that the partitions of some ids are there, and the next one before half of the last is used.
func (w *writer) ready(ctx context.Context, lowest, highest int64) error {
	for need := partitionOf(highest + perPartition/2); w.partitions <= need; {
		number := max(w.partitions, partitionOf(lowest))
		err := pgx.BeginFunc(ctx, w.engine.pool, func(tx pgx.Tx) error { return makePartition(ctx, tx, number) })
		if err != nil {
			return err
		}
		w.partitions = number + 1
	}
	return nil
}
