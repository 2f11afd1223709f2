package sqlite

import (
	"cmp"
	"context"
	"errors"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/backfill"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/lookup"
	"github.com/barbhq/barb/store/sqlite/raw"
	"github.com/barbhq/barb/store/turn"
)

// writer is the connection that Commit writes through.
type writer struct {
	engine *Engine

	conn    *raw.Conn // nil until the first group and after a failure
	inserts *inserts
	turn    *turn.Turn // on the write-ahead log; nil without one
	clock   timeline
	lookup  lookup.Builder
	fill    backfill.Worker
	ended   []*engine.Ending // of the group at hand
	went    []ahead.Answer
}

// Commit writes a group in one transaction. When it returns nil the group is durable. It waits for other processes,
// whatever the context.
func (s *Engine) Commit(_ context.Context, g *engine.Group) error {
	err := s.writer.commit(g)
	_, bytes := g.Rows()
	s.writer.fill.Wrote(bytes)
	if err = s.told(err); isOfRow(err) {
		err = &engine.RowError{Err: err}
	}
	return err
}

// commit writes a group in one transaction and sets the ids.
func (w *writer) commit(g *engine.Group) error {
	if !w.engine.file.Same() || !w.turn.Same() {
		return engine.Fault(w.engine.path, engine.ErrReplaced)
	}
	if err := w.connect(); err != nil {
		return err
	}
	w.engine.transacting.Lock()
	defer w.engine.transacting.Unlock()
	var err error
	w.turn.Await(patience, func() bool {
		err = raw.Run(w.inserts.open, nil)
		return isBusy(err)
	})
	if err != nil {
		return w.fail(err)
	}
	ids, err := w.insert(g)
	if err == nil {
		err = raw.Run(w.inserts.commit, nil)
	}
	if err != nil {
		return w.fail(err)
	}
	// A commit into a deleted or replaced file is not acknowledged: nobody could open it.
	if !w.engine.file.Same() || !w.turn.Same() {
		return engine.Fault(w.engine.path, engine.ErrReplaced)
	}
	for _, e := range g.Writes {
		for _, b := range e.Begin {
			b.ID = ids
			ids++
		}
	}
	return nil
}

// insert writes the rows of a group and returns the id of its first exchange; the others follow without a gap.
func (w *writer) insert(g *engine.Group) (first int64, err error) {
	if err = w.inserts.names.begin(); err != nil {
		return 0, err
	}
	if first, err = w.clock.next(w.inserts, g.Writes); err != nil {
		return 0, err
	}
	if err = w.lookup.Step(w.conn.SQLiteConn, first); err != nil {
		return 0, err
	}
	id := first
	ended, went := w.ended[:0], w.went[:0]
	for _, e := range g.Writes {
		if err := w.work(e, id); err != nil {
			return 0, err
		}
		for _, b := range e.Begin {
			if !e.Left {
				if err := w.inserts.begin(id, b); err != nil {
					return 0, err
				}
			}
			id++
		}
		if e.End != nil {
			ended = append(ended, e.End)
		}
		if e.Went.ID != 0 {
			went = append(went, e.Went)
		}
	}
	err = w.inserts.end(ended)
	for _, r := range ahead.Runs(went) {
		if g.Again {
			err = cmp.Or(err, w.conn.Exec(ahead.Clear, r.Covered()...))
		}
		err = cmp.Or(err, raw.Run(w.inserts.went, raw.Arguments(r.Row()...)))
	}
	clear(ended)
	w.ended, w.went = ended, went
	if err != nil {
		return 0, err
	}
	return first, w.inserts.finish()
}

// connect opens the writer's connection unless there is one.
func (w *writer) connect() error {
	if w.conn != nil {
		return nil
	}
	mode := "_journal_mode=WAL"
	if w.engine.network {
		mode = "_journal_mode=DELETE"
	}
	c, err := raw.Dial(disk.SQLiteAddress(w.engine.path, patience, "mode=rw", mode, "_synchronous=FULL", erasing,
		"_txlock=immediate", "_foreign_keys=on"))
	if err != nil {
		return err
	}
	// The pages that a statement changes, which SQLite keeps until it ends, stay in memory: there are few of them.
	if err := c.Exec("PRAGMA temp_store = MEMORY"); err != nil {
		return errors.Join(err, c.Close())
	}
	if w.inserts = newInserts(c); c.Failed != nil {
		return errors.Join(c.Failed, c.Close())
	}
	w.conn, w.clock = c, timeline{others: &w.engine.others}
	if w.engine.network {
		return nil
	}
	w.fill.Address = disk.SQLiteAddress(w.engine.path, 0, "mode=rw", "_synchronous=FULL")
	if err = c.QueryRow("SELECT last_id FROM history", nil); err == nil { // the first look makes the log
		w.turn, err = turn.Open(w.engine.path + "-wal")
	}
	err = cmp.Or(err, c.Drain("PRAGMA busy_timeout = 0")) // from now on commit waits, and looks more often
	if err != nil {                                       // a log that is not known could be replaced unnoticed
		_ = w.hangUp()
	}
	return err
}

// fail rolls back. It keeps the connection only when another process was in the way; after an error of the disk a new
// one starts from what is in the file.
func (w *writer) fail(err error) error {
	_ = w.conn.Exec("ROLLBACK") // the first error is the one to tell
	w.inserts.forget()
	if !isBusy(err) && !isOfRow(err) {
		_ = w.hangUp()
	}
	return err
}

// hangUp closes the connection.
func (w *writer) hangUp() error {
	w.fill.Stop()
	if w.conn == nil {
		return nil
	}
	c := w.conn
	w.turn.Close()
	w.conn, w.turn = nil, nil
	if !w.engine.file.Same() {
		c.KeepLog()
	}
	return w.engine.told(c.Close())
}
