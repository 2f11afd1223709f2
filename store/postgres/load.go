package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/address"
	"github.com/barbhq/barb/store/postgres/bulk"
	"github.com/barbhq/barb/store/postgres/column"
	"github.com/barbhq/barb/store/postgres/reason"
)

// Load fills the history at an address, whose tables it makes where there are none. All is in one transaction: after
// an error or a kill the history is as it was, empty. Others can read it meanwhile; what they write waits. It returns
// the name of the history. Errors: ErrNotEmpty, and those of opening.
func Load(ctx context.Context, where string, fill func(engine.Sink) error) (name string, err error) {
	s, err := Open(ctx, where, true)
	if err != nil {
		name, _ = address.Name(where) // the error is that of opening
		return name, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if s.refused != nil {
		return s.name, s.refused
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return s.name, s.told(err)
	}
	l := &loader{s: s, ctx: ctx}
	var failed error // in the words of whoever it is of
	err = l.load(conn.Conn(), func(to engine.Sink) error {
		failed = fill(to)
		return failed
	})
	conn.Release()
	if failed != nil {
		return s.name, failed
	}
	if reason.IsAway(err) || errors.Is(err, reason.ErrUnconfirmed) {
		err = l.settle(err)
	}
	if err == nil { // lists are planned with it; autovacuum would do it too
		_, _ = s.pool.Exec(ctx, "ANALYZE barb.exchange, barb.request, barb.response, barb.queue, barb.name")
	}
	return s.name, s.told(err)
}

// loader fills a history in a transaction.
type loader struct {
	s    *Engine
	ctx  context.Context
	sent bool // the commit was
}

// lockTables has others wait that write. A history that is filled by another process is waited for.
const lockTables = `LOCK TABLE barb.history, barb.exchange, barb.queue, barb.name, barb.run, barb.pin, barb.remark
	IN SHARE ROW EXCLUSIVE MODE`

func (l *loader) load(conn *pgx.Conn, fill func(engine.Sink) error) (err error) {
	tx, err := conn.Begin(l.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(l.ctx)) }() // does nothing after the commit
	for _, query := range []string{bulk.Unhurried, lockTables} {
		if _, err := tx.Exec(l.ctx, query); err != nil {
			return err
		}
	}
	to := &bulk.Loader{Ctx: l.ctx, Tx: tx, Name: l.s.name, Self: l.s.self, Offset: l.s.clock.offset.Load(),
		PerPartition: perPartition, MakePartition: makePartition, LaneOf: laneOf, Told: l.s.told,
		KindOf: column.KindOf}
	if err := fill(to); err != nil {
		return err
	}
	if err := to.Finish(); err != nil {
		return err
	}
	l.s.writer.number++
	if _, err := tx.Exec(l.ctx, noteWritten, l.s.self, l.s.writer.number); err != nil {
		return err
	}
	notes := conn.PgConn().CustomData()
	delete(notes, address.Warned)
	l.sent = true
	err = tx.Commit(l.ctx)
	if _, ok := notes[address.Warned]; ok && err == nil {
		return reason.ErrUnconfirmed
	}
	return err
}

// settle finds out whether the history is there when the answer to the commit was lost.
func (l *loader) settle(cause error) error {
	if !l.sent {
		return cause
	}
	var there bool
	err := patiently(l.ctx, func() (err error) {
		there, err = l.s.writer.written(l.ctx)
		return err
	})
	if err == nil && !there {
		return cause
	}
	return err
}
