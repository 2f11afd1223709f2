package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/record"
)

// writer is the one goroutine that writes for this process: a transaction with an fsync costs the same for one row and
// for hundreds, so it commits what has come together in the meantime.
type writer struct {
	store   *Store
	queue   *queue
	stopped chan struct{}

	// Used by the goroutine alone, and after it has stopped.
	conn    *conn // nil until the first group and after a failure
	inserts *inserts
	log     disk.FileID // of the write-ahead log
	clock   timeline
	held    []*entry  // answers of groups that failed
	ended   []*ending // of the group at hand
	lost    error     // what could not be kept; the first of its kind
}

// heldRetry is how long answers of a failed group wait for another group to come before they are tried alone.
const heldRetry = time.Second

// Record inserts exchanges and gives them their ids, in one group in the order given. It returns when they are durable,
// or with the error that befell the group, which then kept none of them: ErrLocked after at most 10 s, ErrFull,
// ErrReadOnly, ErrReplaced. The next call tries anew. A context that ends takes the exchanges back while they wait;
// once the writer is at them, Record stays for the result. An exchange that has Ended is recorded with its ending.
func (s *Store) Record(ctx context.Context, xs ...*record.Exchange) error {
	if len(xs) == 0 {
		return nil
	}
	e := &entry{done: make(chan error, 1), begin: make([]*beginning, len(xs))}
	for i, x := range xs {
		var err error
		if e.begin[i], err = s.beginning(x); err != nil {
			return err
		}
	}
	return s.await(ctx, e)
}

// Answer records how an exchange ended: Took, Phases, Response, Err, NextIn, Verdict, Marks, Run and Ended. It takes
// what it needs from x and returns at once, unless thousands wait already; Flush says when it is durable. An answer
// whose group failed goes into the next ones. An exchange that is not in the history is passed over.
func (s *Store) Answer(ctx context.Context, x *record.Exchange) error {
	if x.ID <= 0 {
		return fault(s.path, fmt.Errorf("answer to an exchange that was not recorded: %w", ErrNotFound))
	}
	end, err := newEnding(s.Redacted(x))
	if err != nil {
		return fault(s.path, err)
	}
	w, err := s.writing()
	if err != nil {
		return err
	}
	return translate(s.path, w.queue.put(ctx, &entry{end: &end}))
}

// Add records an exchange without waiting for the commit and without telling its id. x may be changed afterwards, but
// not the bytes and fields of its request, which are not copied.
func (s *Store) Add(ctx context.Context, x *record.Exchange) error {
	own := *x
	b, err := s.beginning(&own)
	if err != nil {
		return err
	}
	w, err := s.writing()
	if err != nil {
		return err
	}
	return translate(s.path, w.queue.put(ctx, &entry{begin: []*beginning{b}}))
}

// Flush returns when everything that was given to Answer and Add before is durable, or with the error that befell it.
func (s *Store) Flush(ctx context.Context) error {
	s.mu.Lock()
	idle := s.writer == nil
	s.mu.Unlock()
	if idle {
		return nil
	}
	return s.await(ctx, &entry{done: make(chan error, 1)})
}

func (s *Store) await(ctx context.Context, e *entry) error {
	w, err := s.writing()
	if err != nil {
		return err
	}
	if err := w.queue.put(ctx, e); err != nil {
		return translate(s.path, err)
	}
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
	}
	if w.queue.withdraw(e) {
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
		s.writer = &writer{store: s, queue: newQueue(), stopped: make(chan struct{})}
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
		var group []*entry
		group, closed = w.queue.gather(retry)
		w.write(group)
	}
}

// stop lets nothing more in, waits for the last group and returns what was lost.
func (w *writer) stop() error {
	w.queue.close()
	<-w.stopped
	if n := len(w.held); n > 0 {
		w.lose(fmt.Errorf("%d answers were not kept: %w", n, w.queue.broken))
	}
	return w.lost
}

// write commits a group and tells those who wait for it.
func (w *writer) write(group []*entry) {
	group = append(w.held, group...)
	w.held = nil
	if len(group) == 0 {
		return
	}
	w.store.retention.count(group)
	err := w.observed(group)
	if isOfRow(err) && len(group) > 1 {
		for _, e := range group { // one of them is to blame: it alone shall fail
			w.finish(e, w.observed([]*entry{e}))
		}
		err = nil
	} else {
		for _, e := range group {
			w.finish(e, err)
		}
	}
	w.queue.report(translate(w.store.path, err), len(w.held))
	w.store.retention.makeRoom()
}

// finish tells a caller how it went. An entry without one is kept for the next group, if that can take it.
func (w *writer) finish(e *entry, err error) {
	told := translate(w.store.path, err)
	switch {
	case e.done == nil && isOfRow(err):
		w.lose(fmt.Errorf("an answer was not kept: %w", told))
	case e.done == nil && err != nil:
		w.held = append(w.held, e)
	case e.done == nil:
	case len(e.begin) == 0 && e.work == nil && told == nil: // a flush
		e.done <- w.lost
		w.lost = nil
	default:
		e.done <- told
	}
}

func (w *writer) lose(err error) {
	if w.lost == nil {
		w.lost = err
	}
}

// commit writes a group in one transaction and sets the ids. When it returns nil the group is durable.
func (w *writer) commit(group []*entry) error {
	if !w.store.file.Same() || !w.log.Same() {
		return fault(w.store.path, ErrReplaced)
	}
	if err := w.connect(); err != nil {
		return err
	}
	w.store.transacting.Lock()
	defer w.store.transacting.Unlock()
	if err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return w.fail(err)
	}
	ids, err := w.insert(group)
	if err == nil {
		err = w.conn.exec("COMMIT")
	}
	if err != nil {
		return w.fail(err)
	}
	// A commit into a deleted or replaced file is not acknowledged: nobody could open it.
	if !w.store.file.Same() || !w.log.Same() {
		return fault(w.store.path, ErrReplaced)
	}
	for _, e := range group {
		for _, b := range e.begin {
			if !e.left {
				b.given.ID = ids
			}
			ids++
		}
	}
	return nil
}

// insert writes the rows of a group and returns the id of its first exchange; the others follow without a gap.
func (w *writer) insert(group []*entry) (first int64, err error) {
	if err = w.inserts.names.begin(); err != nil {
		return 0, err
	}
	if first, err = w.clock.next(w.conn, group); err != nil {
		return 0, err
	}
	id := first
	ended := w.ended[:0]
	for _, e := range group {
		if err := w.work(e, id); err != nil {
			return 0, err
		}
		for _, b := range e.begin {
			if e.left {
				id++
				continue
			}
			if err := w.inserts.begin(id, b); err != nil {
				return 0, err
			}
			id++
		}
		if e.end != nil {
			ended = append(ended, e.end)
		}
	}
	err = w.inserts.end(ended)
	clear(ended)
	w.ended = ended
	if err != nil {
		return 0, err
	}
	return first, w.inserts.finish()
}

// connect opens the connection of the writer where there is none.
func (w *writer) connect() error {
	if w.conn != nil {
		return nil
	}
	mode := "_journal_mode=WAL"
	if w.store.network {
		mode = "_journal_mode=DELETE"
	}
	c, err := dial(address(w.store.path, "mode=rw", mode, "_synchronous=FULL", erasing, "_txlock=immediate",
		"_foreign_keys=on"))
	if err != nil {
		return err
	}
	if w.inserts, err = newInserts(c); err != nil {
		return errors.Join(err, c.Close())
	}
	w.conn, w.clock, w.log = c, timeline{others: &w.store.others}, disk.FileID{}
	if w.store.network {
		return nil
	}
	if err := c.queryRow("SELECT last_id FROM history", nil); err != nil { // the first look makes the log
		return err
	}
	w.log, err = disk.Identify(w.store.path + "-wal")
	return err
}

// fail ends a transaction that did not come to its end. Only when another process was in the way is the connection used
// again; after an error of the disk a new one begins from what is in the file.
func (w *writer) fail(err error) error {
	_ = w.conn.exec("ROLLBACK") // the first error is the one to tell
	w.inserts.forget()
	if !isBusy(err) && !isOfRow(err) {
		_ = w.hangUp()
	}
	return err
}

// hangUp closes the connection.
func (w *writer) hangUp() error {
	if w.conn == nil {
		return nil
	}
	c := w.conn
	w.conn, w.log = nil, disk.FileID{}
	if !w.store.file.Same() {
		c.keepLog()
	}
	return translate(w.store.path, c.Close())
}
