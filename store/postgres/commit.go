package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/address"
	"github.com/barbhq/barb/store/postgres/column"
	"github.com/barbhq/barb/store/postgres/prepared"
	"github.com/barbhq/barb/store/postgres/reason"
)

// writer is what Commit remembers from group to group.
type writer struct {
	engine     *Engine
	names      names
	clock      timeline
	partitions int64 // all partitions below this number are there that this process needs
	number     int64 // of the last group: see written
	prepared   *prepared.Statements
}

// Commit writes a group in one transaction, which is one round trip: a batch without BEGIN is one. When it returns nil
// the group is durable. It waits for others, and for a server that restarts, whatever the context: until the first
// caller has waited for 10 s, who may have waited for another group before.
func (s *Engine) Commit(_ context.Context, g *engine.Group) error {
	if isEmpty(g) {
		return nil
	}
	if err := checked(g); err != nil {
		return &engine.RowError{Err: engine.Fault(s.name, err)}
	}
	ctx, cancel := context.WithTimeout(context.Background(), max(patience-g.Waited, leastPatience))
	defer cancel()
	err := s.writer.commit(ctx, g)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, reason.ErrUnconfirmed):
		return engine.Fault(s.name, errNoAnswer)
	case reason.Code(err) == reason.NotAllowed:
		return s.forbiddenWrite(err)
	}
	told := reason.Translate(s.name, err)
	if reason.IsOfRow(err) {
		return &engine.RowError{Err: told}
	}
	return told
}

// isEmpty reports whether there is nothing to write, as for a flush.
func isEmpty(g *engine.Group) bool {
	for _, w := range g.Writes {
		if len(w.Begin) > 0 || w.End != nil || w.Went.ID != 0 || w.Work != nil {
			return false
		}
	}
	return true
}

// checked returns what is wrong with the new entries of a group.
func checked(g *engine.Group) error {
	for _, w := range g.Writes {
		var entries []*engine.Queued
		switch t := w.Work.(type) {
		case *engine.Enqueue:
			entries = t.Entries
		case *engine.Complete:
			entries = t.Next
		}
		for _, q := range entries {
			if q.Target == "" || q.Kind < engine.Forward || q.Kind > engine.Command {
				return fmt.Errorf("queue entry of kind %d for %q: one of them is missing", q.Kind, q.Target)
			}
		}
	}
	return nil
}

// commit tries until the group is durable, or until an error says that it will not be. Where the last try is cut off
// by the context, the error is that of the try before: it says what took so long.
func (w *writer) commit(ctx context.Context, g *engine.Group) (err error) {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, longestPause) {
		before := err
		err = w.try(ctx, g)
		switch {
		case err != nil && before != nil && ctx.Err() != nil:
			return before
		case err == nil || !w.again(err) || ctx.Err() != nil:
			return err
		case slices.Contains([]string{reason.DivisionByZero, reason.Uniqueness, reason.NoPartition}, reason.Code(err)):
			continue // at once: nobody has to be waited for
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// again reports whether a group that was not written may be written by another try, with what has to be different.
func (w *writer) again(err error) bool {
	switch reason.Code(err) {
	case reason.DivisionByZero: // names were removed
		w.names.forget()
		return true
	case reason.Uniqueness: // the ids are another's: see reserved
		return true
	case reason.NoPartition: // it was pruned while the ids were on their way
		w.partitions = 0
		return true
	}
	return reason.MayPass(err) || w.prepared != nil && w.prepared.Lost(err)
}

// try writes a group once, and finds out whether it is there when the answer was lost.
func (w *writer) try(ctx context.Context, g *engine.Group) error {
	r, err := w.reserve(ctx, g)
	if err != nil {
		return err
	}
	if r.removed != w.names.removed {
		w.names.forget()
		w.names.removed = r.removed
	}
	p := newPlan(w, g, &r)
	if err := w.resolve(ctx); err != nil {
		return err
	}
	w.number++
	if p.isPlain {
		err = w.with(ctx, func(conn *pgx.Conn) error { return p.copied(ctx, conn) })
	} else {
		err = w.send(ctx, p.batch())
	}
	if reason.IsAway(err) || errors.Is(err, reason.ErrUnconfirmed) || errors.Is(err, context.DeadlineExceeded) {
		err = w.settle(ctx, p, err)
	}
	if err == nil {
		p.keep()
	}
	return err
}

// settle finds out whether a group is there whose answer was lost, and reads again what it has set. cause is returned
// when it is not there.
func (w *writer) settle(ctx context.Context, p *plan, cause error) error {
	var there bool
	err := patiently(ctx, func() (err error) {
		there, err = w.written(ctx)
		return err
	})
	switch {
	case err != nil:
		return err
	case !there:
		return cause
	}
	return patiently(ctx, func() error {
		b := &pgx.Batch{}
		p.queueReading(b)
		if b.Len() == 0 {
			return nil
		}
		return w.send(ctx, b)
	})
}

// noteWritten notes with the rows of a group that they are there: its time is even. That of a group that must not come
// any more is odd.
const (
	noteWritten   = "INSERT INTO barb.written (writer, number, at) VALUES ($1, $2, " + serverNow + " / 2 * 2)"
	refuseWritten = "INSERT INTO barb.written (writer, number, at) VALUES ($1, $2, " + serverNow +
		" / 2 * 2 + 1) ON CONFLICT DO NOTHING"
	askWritten = "SELECT at % 2 = 0 FROM barb.written WHERE writer = $1 AND number = $2"
)

// written reports whether the last group is there. It waits for its transaction where that is under way, and keeps one
// that is still on its way from being carried out: its number is taken. The answer to this may be lost, too, so that it
// is asked again. A group that is there may not have reached the standby that its commit waited for; the message makes
// this commit wait for it, too.
func (w *writer) written(ctx context.Context) (there bool, err error) {
	b := &pgx.Batch{}
	b.Queue(refuseWritten, w.engine.self, w.number)
	b.Queue(askWritten, w.engine.self, w.number).QueryRow(func(row pgx.Row) error { return row.Scan(&there) })
	b.Queue("SELECT pg_logical_emit_message(true, 'barb', '')")
	err = w.send(ctx, b)
	return there, err
}

// forgetWritten removes the earlier groups of this process, which nobody asks for any more.
const forgetWritten = "DELETE FROM barb.written WHERE writer = $1 AND number < $2"

// forgetEnded removes what processes have left that ended, or were killed. One process in so many does so.
const (
	forgetEnded  = "DELETE FROM barb.written WHERE at < " + serverNow + " - $1"
	forgetOf     = 64
	writtenHolds = 24 * time.Hour // far longer than a process asks for its group
)

// forgetEvery is after how many groups the earlier ones are removed.
const forgetEvery = 256

var errNoAnswer = reason.Away("the server, or its standby, did not confirm the commit within 10 s")

// send sends a batch, which is one transaction unless it has a BEGIN, and reads all results.
func (w *writer) send(ctx context.Context, b *pgx.Batch) error {
	return w.with(ctx, func(conn *pgx.Conn) error {
		if w.number == preparedFrom && w.prepared == nil {
			w.prepared = often()
		}
		if w.prepared != nil {
			w.prepared.Use(ctx, conn, b)
		}
		return conn.SendBatch(ctx, b).Close()
	})
}

// preparedFrom is the first group whose statements go by names. To prepare them pays for a process that writes a lot.
const preparedFrom = 16

// often are the statements of the queue that a group has many of, or many groups have.
func often() *prepared.Statements {
	t := column.TheTables()
	return prepared.New(reserveIDs, noteWritten, lockNamesToUse, askRemoved, leaseEntries, countAttempts, endLeases,
		addEntries(), lockLanes, advance, t.AddExchanges, t.AddRequests, t.AddResponses)
}

// with sends something over a connection. The error is reason.ErrUnconfirmed when the server stopped waiting for its
// standby: the rows are there and may be lost with this server.
func (w *writer) with(ctx context.Context, send func(*pgx.Conn) error) error {
	conn, err := w.engine.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	notes := conn.Conn().PgConn().CustomData()
	delete(notes, address.Warned)
	err = send(conn.Conn())
	if _, ok := notes[address.Warned]; ok && (err == nil || reason.IsAway(err)) {
		return reason.ErrUnconfirmed
	}
	return err
}

// keep gives the caller the ids of a group that is durable.
func (p *plan) keep() {
	for i, b := range p.begun {
		b.ID, b.Webhook = p.r.exchanges[i], p.webhooks[i]
	}
}

// wentSteps are the statements for answers that went out as they were recorded.
func (p *plan) wentSteps(g *engine.Group) {
	var went []ahead.Answer
	for _, e := range g.Writes {
		if e.Went.ID != 0 {
			went = append(went, e.Went)
		}
	}
	if len(went) == 0 {
		return
	}
	runs := column.New("id", "first", "at", "head bytea")
	for _, r := range ahead.Runs(went) {
		runs.Add(r.Row()...)
	}
	if g.Again { // some may be there: nearest would find their runs
		p.step(`DELETE FROM barb.answered a USING unnest($1::int8[], $2::int8[]) AS u(id, first)
			WHERE a.id >= u.first AND a.id < u.id`, runs.Args()[:2]...)
	}
	p.step(`INSERT INTO barb.answered (id, first, at, head) SELECT u.id, u.first, u.at, u.head
		FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::bytea[]) AS u(id, first, at, head)
		ON CONFLICT (id) DO UPDATE SET first = excluded.first, at = excluded.at, head = excluded.head`, runs.Args()...)
}
