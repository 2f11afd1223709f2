package batch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/barbhq/barb/store"
)

// The checkpoint of a run that moves is written this often, and that of a run that does not move as a sign of life. A
// run without a sign of life for goneAfter has lost its owner.
const (
	noteEvery = 20 * time.Millisecond
	lifeEvery = 2 * time.Second
	goneAfter = 5 * lifeEvery
)

// BusyError is the error for a run that another process sends.
type BusyError struct{ ID int64 }

// Error names the run.
func (e *BusyError) Error() string { return fmt.Sprintf("run %d is already being sent", e.ID) }

// checkpoint is how far a run is, as it was written last.
type checkpoint struct {
	row   store.Run
	moves int64 // of the source when row was written
	at    time.Time
	err   error // the first of writing
}

// start makes a new run durable.
func (r *Run) start(ctx context.Context) error {
	r.written.row = store.Run{Created: r.Now(), Options: r.Options, Total: r.source.end, Owner: r.Owner}
	return r.Journal.History.StartRun(ctx, &r.written.row)
}

// resume takes over a run, unless its owner is alive. The error is a *BusyError then.
func (r *Run) resume(ctx context.Context) error {
	row, before, now := *r.Resumed, r.Resumed.Owner, r.Now()
	if before != "" && now.Sub(row.Changed) < goneAfter && !r.IsGone(before) {
		return &BusyError{row.ID}
	}
	row.Owner, row.Changed = r.Owner, now
	taken, err := r.Journal.History.TakeRun(ctx, row, before)
	if err == nil && !taken {
		err = &BusyError{row.ID}
	}
	r.written.row = row
	return err
}

// note writes checkpoints until done is closed.
func (r *Run) note(ctx context.Context, done <-chan struct{}) {
	tick := time.NewTicker(noteEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		c := &r.written
		moves := r.source.checkpoint(&c.row, c.moves)
		if moves == c.moves && time.Since(c.at) < lifeEvery {
			continue
		}
		c.moves, c.at, c.row.Changed = moves, time.Now(), r.Now()
		if err := r.Journal.History.NoteRun(ctx, c.row); c.err == nil {
			c.err = err
		}
	}
}

// end writes the last checkpoint and gives up the ownership. A run with open messages can be resumed.
func (r *Run) end(ctx context.Context) error {
	row := &r.written.row
	r.source.checkpoint(row, -1)
	row.Owner, row.Changed = "", r.Now()
	row.Ended = len(row.Open) == 0 && (r.source.done || row.Total > 0 && row.Next >= row.Total)
	return errors.Join(r.written.err, r.Journal.History.NoteRun(ctx, *row))
}
