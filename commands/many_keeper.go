package commands

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
)

// A run is written down so often, and its owner is taken for gone when it did not for so long.
const (
	noteEvery = 20 * time.Millisecond
	lifeEvery = 2 * time.Second
	goneAfter = 5 * lifeEvery
)

// keeper writes down how far a run is.
type keeper struct {
	history *store.Store
	run     store.Run
	now     func() time.Time
	feed    *feed
	seen    int64
	noted   time.Time
	err     error
}

// begin makes a new run durable, or takes over one that goes on.
func (k *keeper) begin(ctx context.Context, o *sendOptions) error {
	owner := worker.NewHolder("send")
	now := k.now()
	if o.went == nil {
		options, err := json.Marshal(o.kept)
		if err != nil {
			return fail.Local("run: %w", err)
		}
		k.run = store.Run{Created: now, Options: string(options), Total: k.feed.end, Owner: owner}
		return k.history.StartRun(ctx, &k.run)
	}
	k.run = o.went.run
	before := k.run.Owner
	if before != "" && now.Sub(k.run.Changed) < goneAfter && !worker.IsGone(before) {
		return fail.Usage("run %d is being sent right now", k.run.ID).Hint("one barb at a time sends a run")
	}
	k.run.Owner, k.run.Changed = owner, now
	taken, err := k.history.TakeRun(ctx, k.run, before)
	if err == nil && !taken {
		err = fail.Usage("run %d is being sent right now", k.run.ID).Hint("one barb at a time sends a run")
	}
	return err
}

// keep writes it down until done is closed.
func (k *keeper) keep(ctx context.Context, done <-chan struct{}) {
	tick := time.NewTicker(noteEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			k.note(ctx)
		}
	}
}

func (k *keeper) note(ctx context.Context) {
	seen, moved := k.feed.note(&k.run, k.seen)
	if !moved && time.Since(k.noted) < lifeEvery {
		return
	}
	k.seen, k.noted, k.run.Changed = seen, time.Now(), k.now()
	if err := k.history.NoteRun(ctx, k.run); err != nil && k.err == nil {
		k.err = err
	}
}

// end gives the run back. What is open of it can be gone on with.
func (k *keeper) end(ctx context.Context) error {
	k.seen = -1
	_, _ = k.feed.note(&k.run, k.seen)
	k.run.Owner, k.run.Changed = "", k.now()
	k.run.Ended = len(k.run.Open) == 0 && (k.feed.dried || k.run.Total > 0 && k.run.Next >= k.run.Total)
	return errors.Join(k.err, k.history.NoteRun(ctx, k.run))
}
