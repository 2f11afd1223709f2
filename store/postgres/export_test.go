package postgres

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/barbhq/barb/store/postgres/bulk"
)

// What the tests from outside need: package store, which they use, imports this one.
var (
	Escape = escape
	SumOf  = bulk.SumOf
)

// Pool is the connections of a history.
func (s *Engine) Pool() *pgxpool.Pool { return s.pool }

// SweepFrom has partitions rewritten in which so many exchanges may go.
func (s *Engine) SweepFrom(rows int64) { s.sweeps = rows }

// ReadBy has lists look at so many ids at first, as if they were a partition.
func (s *Engine) ReadBy(ids int64) { s.near = ids }
