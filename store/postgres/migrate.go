package postgres

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/reason"
)

//go:embed schema.sql
var schema string

// scripts migrate the tables from each version to the next. A released script is never changed.
var scripts = []string{schema}

// latest is the version that this program knows.
func latest() int64 { return int64(len(scripts)) }

// Locks that several processes of a history take against each other. The second numbers are of such locks; lanes of the
// queue are locked by one number of 64 bits, which PostgreSQL keeps apart from pairs.
const (
	lockClass = 0x62617262 // "barb" in ASCII
	lockMake  = 1          // who makes or updates the tables, or makes a partition
	lockNames = 2          // shared: who writes rows with names; alone: who removes names
	lockFleet = 3          // who beats: see fleet.go
)

// found is what a database has of a history.
type found struct {
	version int64 // of its tables; 0: there are none
	foreign bool  // the schema is another program's
}

// asker is a pool, a connection or a transaction.
type asker interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// look asks the catalogue, because to_regclass may answer from what a connection remembers.
func look(ctx context.Context, in asker) (f found, err error) {
	var tables, marks int64
	err = in.QueryRow(ctx, `SELECT count(DISTINCT c.oid),
		count(DISTINCT a.attname) FILTER (WHERE c.relname = 'history' AND a.attname IN ('version', 'pin_key', 'disorder'))
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE n.nspname = 'barb'`).Scan(&tables, &marks)
	if err != nil || tables == 0 {
		return found{}, err
	}
	if marks < 3 {
		return found{foreign: true}, nil
	}
	err = in.QueryRow(ctx, "SELECT version FROM barb.history").Scan(&f.version)
	return f, err
}

// migrate brings the tables to the latest version in one transaction. Of several processes one does it, and the others
// wait and find it done.
func (s *Engine) migrate(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1, $2)", lockClass, lockMake); err != nil {
			return err
		}
		found, err := look(ctx, tx)
		switch {
		case err != nil:
			return err
		case found.foreign:
			return engine.Fault(s.name, engine.ErrForeign)
		case found.version > latest():
			return s.newer(found.version)
		}
		for _, script := range scripts[found.version:] {
			if err := s.apply(ctx, tx, script); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "UPDATE barb.history SET version = $1 WHERE version <> $1", latest())
		return err
	})
}

// apply runs a script, the first one in a schema that it makes where an administrator has not.
func (s *Engine) apply(ctx context.Context, tx pgx.Tx, script string) error {
	first := script == scripts[0]
	if first {
		var there bool
		err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'barb')").Scan(&there)
		if err == nil && !there {
			_, err = tx.Exec(ctx, "CREATE SCHEMA barb")
		}
		if err != nil {
			return s.forbidden(err)
		}
	}
	if _, err := tx.Exec(ctx, script, pgx.QueryExecModeSimpleProtocol); err != nil {
		return s.forbidden(err)
	}
	if !first {
		return nil
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	if _, err := tx.Exec(ctx, "INSERT INTO barb.history (version, pin_key) VALUES (0, $1)", key); err != nil {
		return err
	}
	return makePartition(ctx, tx, 0)
}

// forbidden tells a user who may not make tables what is to be done.
func (s *Engine) forbidden(err error) error {
	if reason.Code(err) != reason.NotAllowed {
		return err
	}
	return engine.Fault(s.name, fmt.Errorf("%w (%w)", engine.ErrNotOwner, reason.Plain(err)))
}

func (s *Engine) newer(version int64) error {
	return engine.Fault(s.name, fmt.Errorf("%w (schema %d; this barb knows up to %d)", engine.ErrNewer, version,
		latest()))
}
