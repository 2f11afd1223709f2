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
func (e *BusyError) Error() string { return fmt.Sprintf("run %d is being sent right now", e.ID) }

// checkpoint writes down how far a run is.
type checkpoint struct {
	history *store.Store
	source  *source
	now     func() time.Time
	row     store.Run
	seen    int64
	noted   time.Time
	err     error // the first of writing
}

// start makes a new run durable.
func (c *checkpoint) start(ctx context.Context, options, owner string) error {
	c.row = store.Run{Created: c.now(), Options: options, Total: c.source.end, Owner: owner}
	return c.history.StartRun(ctx, &c.row)
}

// resume makes owner the owner of a run, unless the owner before it is alive. The error is a *BusyError then.
func (c *checkpoint) resume(ctx context.Context, r *store.Run, owner string, isGone func(string) bool) error {
	c.row = *r
	before, now := r.Owner, c.now()
	if before != "" && now.Sub(r.Changed) < goneAfter && !isGone(before) {
		return &BusyError{r.ID}
	}
	c.row.Owner, c.row.Changed = owner, now
	taken, err := c.history.TakeRun(ctx, c.row, before)
	if err == nil && !taken {
		err = &BusyError{r.ID}
	}
	return err
}

// keep writes the checkpoint until done is closed.
func (c *checkpoint) keep(ctx context.Context, done <-chan struct{}) {
	tick := time.NewTicker(noteEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			c.note(ctx)
		}
	}
}

func (c *checkpoint) note(ctx context.Context) {
	seen, moved := c.source.checkpoint(&c.row, c.seen)
	if !moved && time.Since(c.noted) < lifeEvery {
		return
	}
	c.seen, c.noted, c.row.Changed = seen, time.Now(), c.now()
	if err := c.history.NoteRun(ctx, c.row); err != nil && c.err == nil {
		c.err = err
	}
}

// end writes the last checkpoint and gives up the ownership. A run with open messages can be resumed.
func (c *checkpoint) end(ctx context.Context) error {
	_, _ = c.source.checkpoint(&c.row, -1)
	c.row.Owner, c.row.Changed = "", c.now()
	c.row.Ended = len(c.row.Open) == 0 && (c.source.done || c.row.Total > 0 && c.row.Next >= c.row.Total)
	return errors.Join(c.err, c.history.NoteRun(ctx, c.row))
}
