package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/backfill"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/gather"
	"github.com/barbhq/barb/store/lookup"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
	"github.com/barbhq/barb/store/turn"
)

// writer is the one goroutine that writes for this process. A transaction with an fsync costs the same for one row and
// for hundreds, so it commits all writes together that came during the last commit.
type writer struct {
	store   *Store
	group   *gather.Group[*write]
	stopped chan struct{}

	// Used by the goroutine alone, and after it has stopped.
	conn    *sqlite.Conn // nil until the first group and after a failure
	inserts *inserts
	turn    *turn.Turn // on the write-ahead log; nil without one
	clock   timeline
	lookup  lookup.Builder
	fill    backfill.Worker
	held    []*write  // answers of groups that failed
	again   bool      // the group at hand has such answers
	ended   []*ending // of the group at hand
	went    []ahead.Answer
	why     error // why the last of held was not written
	lost    ahead.Lost
}

// write is one call to be committed: exchanges, an answer, work on the queue, or none of them for a flush.
type write struct {
	begin []*beginning
	end   *ending
	went  ahead.Answer // that went out as it was recorded; ID 0: none
	work  task         // nil: none
	left  bool         // work needs a lease that is gone, so the exchanges are left out
	done  chan error   // capacity 1; nil when no caller waits
}

func (e *write) Awaited() bool { return e.done != nil }
func (e *write) Added() bool   { return len(e.begin) > 0 }

func (e *write) Bytes() (n int) {
	for _, b := range e.begin {
		n += len(b.x.Request.Head) + len(b.x.Request.Body) + b.ending.bytes()
	}
	if e.end != nil {
		n += e.end.bytes()
	}
	return n
}

// heldRetry is how long the answers of a failed group wait for another group before they are tried alone.
const heldRetry = time.Second

// Record inserts exchanges in one group and in the order given, and sets their ids. It returns when they are durable,
// or with the error of the group, which kept none of them: ErrLocked after at most 10 s, ErrFull, ErrReadOnly,
// ErrReplaced. The next call tries anew. When the context ends, waiting exchanges are taken back; once the writer has
// them, Record waits for the result. An exchange that has Ended is recorded with its ending.
func (s *Store) Record(ctx context.Context, xs ...*record.Exchange) error {
	if len(xs) == 0 {
		return nil
	}
	e := &write{begin: make([]*beginning, len(xs))}
	for i, x := range xs {
		var err error
		if e.begin[i], err = s.beginning(x); err != nil {
			return err
		}
	}
	return s.await(ctx, e)
}

// Answer records how an exchange ended: Took, Phases, Response, Err, NextIn, Verdict, Marks, Run and Ended. It copies
// them from x and returns at once, unless thousands wait already; Flush says when it is durable. An answer whose group
// failed is tried again with the next. An answer to an exchange that was removed is dropped.
// Of a Foreseen exchange only the time is written: the answer went out as it was recorded.
func (s *Store) Answer(ctx context.Context, x *record.Exchange) error {
	if x.ID <= 0 {
		return fault(s.path, fmt.Errorf("answer to an exchange that was not recorded: %w", ErrNotFound))
	}
	e := &write{went: ahead.Answer{ID: x.ID, At: record.Nanos(x.Start) + int64(x.Took)}}
	if x.Foreseen {
		e.went.Head = x.Response.Head
	} else {
		end, err := s.newEnding(s.Redacted(x))
		if err != nil {
			return fault(s.path, err)
		}
		e = &write{end: &end}
	}
	w, err := s.writing()
	if err != nil {
		return err
	}
	return translate(s.path, w.group.Submit(ctx, e))
}

// Add records an exchange without waiting for the commit; its id is not set. Nothing of x is copied, so nothing of it
// may change afterwards.
func (s *Store) Add(ctx context.Context, x *record.Exchange) error {
	b, err := s.beginning(x)
	if err != nil {
		return err
	}
	b.added = true
	w, err := s.writing()
	if err != nil {
		return err
	}
	return translate(s.path, w.group.Submit(ctx, &write{begin: []*beginning{b}}))
}

// Flush returns when everything that was given to Answer and Add is durable, or with the error that befell it.
func (s *Store) Flush(ctx context.Context) error {
	s.mu.Lock()
	idle := s.writer == nil
	s.mu.Unlock()
	if idle {
		return nil
	}
	return s.await(ctx, &write{})
}

// await submits a write and waits until it is durable.
func (s *Store) await(ctx context.Context, e *write) error {
	e.done = make(chan error, 1)
	w, err := s.writing()
	if err != nil {
		return err
	}
	if err := w.group.Submit(ctx, e); err != nil {
		return translate(s.path, err)
	}
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
	}
	if w.group.Withdraw(e) {
		return ctx.Err()
	}
	return <-e.done
}

// writing returns the writer, which starts with the first write: a process that only reads has none.
func (s *Store) writing() (*writer, error) {
	if s.refused != nil {
		return nil, s.refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fault(s.path, ErrClosed)
	}
	if s.writer == nil {
		s.writer = &writer{store: s, group: gather.New[*write](), stopped: make(chan struct{})}
		go s.writer.run()
	}
	return s.writer, nil
}

func (w *writer) run() {
	defer close(w.stopped)
	for closed := false; !closed; {
		retry := time.Duration(0)
		if len(w.held) > 0 {
			retry = heldRetry
		}
		var writes []*write
		writes, closed = w.group.Next(retry)
		w.write(writes)
	}
}

// stop refuses further writes, waits for the last group and returns an error that counts the answers that were lost.
func (w *writer) stop() error {
	w.group.Close()
	<-w.stopped
	for range w.held {
		w.lost.Add(w.why)
	}
	return w.lost.Take()
}

// write commits a group and tells the callers.
func (w *writer) write(writes []*write) {
	w.again = len(w.held) > 0
	writes = append(w.held, writes...)
	w.held = nil
	if len(writes) == 0 {
		return
	}
	rows, bytes := 0, 0
	for _, e := range writes {
		rows, bytes = rows+len(e.begin), bytes+e.Bytes()
	}
	w.store.retention.Count(int64(rows), int64(bytes))
	err := w.try(writes)
	w.group.Report(translate(w.store.path, err), len(w.held))
	w.fill.Wrote(bytes)
	w.store.retention.MakeRoom()
}

// try commits writes and tells how it went. Where a row is to blame, it alone shall fail. On a full disk answers go
// first: they take less room than webhooks.
func (w *writer) try(writes []*write) error {
	err := w.observed(writes)
	if isOfRow(err) && len(writes) > 1 {
		for _, e := range writes {
			w.finish(e, w.observed([]*write{e}))
		}
		return nil
	}
	if err != nil && !isBusy(err) {
		answers, rest := ahead.Apart(writes, func(e *write) bool { return e.end != nil || e.went.ID != 0 })
		if len(answers) > 0 && len(rest) > 0 {
			w.again, writes = true, rest
			_ = w.try(answers) // kept for the next group
		}
	}
	for _, e := range writes {
		w.finish(e, err)
	}
	return err
}

// finish tells a caller how it went. A write without a caller is kept for the next group, if that can take it.
func (w *writer) finish(e *write, err error) {
	told := translate(w.store.path, err)
	switch {
	case e.done == nil && isOfRow(err):
		w.lost.Add(told)
	case e.done == nil && err != nil:
		w.held, w.why = append(w.held, e), told
	case e.done == nil:
	case len(e.begin) == 0 && e.work == nil && told == nil: // a flush
		e.done <- w.lost.Take()
	default:
		e.done <- told
	}
}

// commit writes a group in one transaction and sets the ids. When it returns nil the group is durable.
func (w *writer) commit(writes []*write) error {
	if !w.store.file.Same() || !w.turn.Same() {
		return fault(w.store.path, ErrReplaced)
	}
	if err := w.connect(); err != nil {
		return err
	}
	w.store.transacting.Lock()
	defer w.store.transacting.Unlock()
	var err error
	w.turn.Await(patience, func() bool {
		err = sqlite.Run(w.inserts.open, nil)
		return isBusy(err)
	})
	if err != nil {
		return w.fail(err)
	}
	ids, err := w.insert(writes)
	if err == nil {
		err = sqlite.Run(w.inserts.commit, nil)
	}
	if err != nil {
		return w.fail(err)
	}
	// A commit into a deleted or replaced file is not acknowledged: nobody could open it.
	if !w.store.file.Same() || !w.turn.Same() {
		return fault(w.store.path, ErrReplaced)
	}
	for _, e := range writes {
		for _, b := range e.begin {
			if !e.left && !b.added {
				b.given.ID, b.given.Webhook = ids, b.webhook
			}
			ids++
		}
	}
	return nil
}

// insert writes the rows of a group and returns the id of its first exchange; the others follow without a gap.
func (w *writer) insert(writes []*write) (first int64, err error) {
	if err = w.inserts.names.begin(); err != nil {
		return 0, err
	}
	if first, err = w.clock.next(w.inserts, writes); err != nil {
		return 0, err
	}
	if err = w.lookup.Step(w.conn.SQLiteConn, first); err != nil {
		return 0, err
	}
	id := first
	ended, went := w.ended[:0], w.went[:0]
	for _, e := range writes {
		if err := w.work(e, id); err != nil {
			return 0, err
		}
		for _, b := range e.begin {
			if !e.left {
				if err := w.inserts.begin(id, b); err != nil {
					return 0, err
				}
			}
			id++
		}
		if e.end != nil {
			ended = append(ended, e.end)
		}
		if e.went.ID != 0 {
			went = append(went, e.went)
		}
	}
	err = w.inserts.end(ended)
	for _, r := range ahead.Runs(went) {
		if w.again {
			err = cmp.Or(err, w.conn.Exec(ahead.Clear, r.Covered()...))
		}
		err = cmp.Or(err, sqlite.Run(w.inserts.went, sqlite.Arguments(r.Row()...)))
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
	if w.store.network {
		mode = "_journal_mode=DELETE"
	}
	c, err := sqlite.Dial(disk.SQLiteAddress(w.store.path, patience, "mode=rw", mode, "_synchronous=FULL", erasing,
		"_txlock=immediate", "_foreign_keys=on"))
	if err != nil {
		return err
	}
	if w.inserts = newInserts(c); c.Failed != nil {
		return errors.Join(c.Failed, c.Close())
	}
	w.conn, w.clock = c, timeline{others: &w.store.others}
	if w.store.network {
		return nil
	}
	w.fill.Address = disk.SQLiteAddress(w.store.path, 0, "mode=rw", "_synchronous=FULL")
	if err = c.QueryRow("SELECT last_id FROM history", nil); err == nil { // the first look makes the log
		w.turn, err = turn.Open(w.store.path + "-wal")
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
	if !w.store.file.Same() {
		c.KeepLog()
	}
	return translate(w.store.path, c.Close())
}
