package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/gather"
	"github.com/barbhq/barb/store/record"
)

// writer is the one goroutine that writes for this process. A transaction with an fsync costs the same for one row and
// for hundreds, so it commits all writes together that came during the last commit.
type writer struct {
	store   *Store
	group   *gather.Group[*engine.Write]
	stopped chan struct{}

	// Used by the goroutine alone, and after it has stopped.
	held  []*engine.Write // answers of groups that failed
	again bool            // the group at hand has such answers
	why   error           // why the last of held was not written
	lost  ahead.Lost
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
	e := &engine.Write{Begin: make([]*engine.Beginning, len(xs))}
	for i, x := range xs {
		var err error
		if e.Begin[i], err = s.beginning(x); err != nil {
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
		return s.fault(fmt.Errorf("answer to an exchange that was not recorded: %w", ErrNotFound))
	}
	e := &engine.Write{Went: ahead.Answer{ID: x.ID, At: record.Nanos(x.Start) + int64(x.Took)}}
	if x.Foreseen {
		e.Went.Head = x.Response.Head
	} else {
		end, err := s.newEnding(s.Redacted(x))
		if err != nil {
			return s.fault(err)
		}
		e = &engine.Write{End: &end}
	}
	return s.submit(ctx, e)
}

// Add records an exchange without waiting for the commit; its id is not set. Nothing of x is copied, so nothing of it
// may change afterwards.
func (s *Store) Add(ctx context.Context, x *record.Exchange) error {
	b, err := s.beginning(x)
	if err != nil {
		return err
	}
	b.Shared = true
	return s.submit(ctx, &engine.Write{Begin: []*engine.Beginning{b}})
}

// submit gives a write to the writer.
func (s *Store) submit(ctx context.Context, e *engine.Write) error {
	w, err := s.writing()
	if err != nil {
		return err
	}
	return s.refused(w.group.Submit(ctx, e))
}

// refused is why the group did not take a write.
func (s *Store) refused(err error) error {
	if errors.Is(err, ErrClosed) {
		return s.fault(ErrClosed)
	}
	return err
}

// Flush returns when everything that was given to Answer and Add is durable, or with the error that befell it.
func (s *Store) Flush(ctx context.Context) error {
	s.mu.Lock()
	idle := s.writer == nil
	s.mu.Unlock()
	if idle {
		return nil
	}
	return s.await(ctx, &engine.Write{})
}

// await submits a write and waits until it is durable. Nothing is submitted when the context has ended before.
func (s *Store) await(ctx context.Context, e *engine.Write) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.Done, e.Since = make(chan error, 1), time.Now()
	w, err := s.writing()
	if err != nil {
		return err
	}
	if err := w.group.Submit(ctx, e); err != nil {
		return s.refused(err)
	}
	select {
	case err := <-e.Done:
		return err
	case <-ctx.Done():
	}
	if w.group.Withdraw(e) {
		return ctx.Err()
	}
	return <-e.Done
}

// writing returns the writer, which starts with the first write: a process that only reads has none.
func (s *Store) writing() (*writer, error) {
	if err := s.engine.Refused(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, s.fault(ErrClosed)
	}
	if s.writer == nil {
		s.writer = &writer{store: s, group: gather.New[*engine.Write](), stopped: make(chan struct{})}
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
		var writes []*engine.Write
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
func (w *writer) write(writes []*engine.Write) {
	w.again = len(w.held) > 0
	writes = append(w.held, writes...)
	w.held = nil
	if len(writes) == 0 {
		return
	}
	rows, bytes := (&engine.Group{Writes: writes}).Rows()
	w.store.retention.Count(int64(rows), int64(bytes))
	w.group.Report(w.try(writes), len(w.held))
	w.store.retention.MakeRoom()
}

// try commits writes and tells how it went. Where a row is to blame, it alone shall fail. On a full disk answers go
// first: they take less room than webhooks.
func (w *writer) try(writes []*engine.Write) error {
	err := w.observed(writes)
	if engine.IsOfRow(err) && len(writes) > 1 {
		for _, e := range writes {
			w.finish(e, w.observed([]*engine.Write{e}))
		}
		return nil
	}
	if err != nil && !errors.Is(err, ErrLocked) && !errors.Is(err, ErrAway) {
		answers, rest := ahead.Apart(writes, func(e *engine.Write) bool { return e.End != nil || e.Went.ID != 0 })
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
func (w *writer) finish(e *engine.Write, err error) {
	switch {
	case e.Done == nil && engine.IsOfRow(err):
		w.lost.Add(err)
	case e.Done == nil && err != nil:
		w.held, w.why = append(w.held, e), err
	case e.Done == nil:
	case len(e.Begin) == 0 && e.Work == nil && err == nil: // a flush
		e.Done <- w.lost.Take()
	case err == nil && engine.LeaseIsGone(e.Work):
		e.Done <- w.store.fault(ErrLease)
	default:
		e.Done <- err
	}
}

// observed commits a group, tells Observe and sets the ids of what was recorded.
func (w *writer) observed(writes []*engine.Write) error {
	begun := time.Now()
	g := &engine.Group{Writes: writes, Again: w.again}
	for _, e := range writes {
		if !e.Since.IsZero() {
			g.Waited = max(g.Waited, begun.Sub(e.Since))
		}
	}
	err := w.store.engine.Commit(context.Background(), g)
	if observe := w.store.Observe; observe != nil {
		observe(time.Since(begun), err)
	}
	if err != nil {
		return err
	}
	for _, e := range writes {
		for _, b := range e.Begin {
			if !e.Left && !b.Shared {
				b.Given.ID, b.Given.Webhook = b.ID, b.Webhook
			}
		}
	}
	return nil
}

// do has a task done, and waits until it is durable. The error is ErrLease when it needs a lease that is gone: then
// nothing was done.
func (s *Store) do(ctx context.Context, task engine.Task) error {
	return s.await(ctx, &engine.Write{Work: task})
}

// doWith is do, with an exchange that is recorded in the same transaction.
func (s *Store) doWith(ctx context.Context, task engine.Task, x *record.Exchange) error {
	b, err := s.beginning(x)
	if err != nil {
		return err
	}
	return s.await(ctx, &engine.Write{Begin: []*engine.Beginning{b}, Work: task})
}
