package postgres

import "github.com/jackc/pgx/v5/pgxpool"

// What the tests from outside need: package store, which they use, imports this one.
var (
	Escape = escape
	SumOf  = sumOf
)

// Pool is the connections of a history.
func (s *Engine) Pool() *pgxpool.Pool { return s.pool }

// SweepFrom has partitions rewritten in which so many exchanges may go.
func (s *Engine) SweepFrom(rows int64) { s.sweeps = rows }
