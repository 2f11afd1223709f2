package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// perPartition is how many ids are in a partition of exchange, request and response: NAME_0 has the ids from 0 to
// 131071.
const perPartition = 1 << 17

// partitionOf is the number of the partition that has an id.
func partitionOf(id int64) int64 { return id / perPartition }

// partitioned are the tables that have partitions.
var partitioned = [...]string{"exchange", "request", "response"}

// makePartition makes a partition of each table unless it is there.
func makePartition(ctx context.Context, tx pgx.Tx, number int64) error {
	_, err := tx.Exec(ctx, "SELECT barb.make_partition($1)", number)
	return err
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
