package store

import (
	"context"
	"slices"
	"time"

	"github.com/barbhq/barb/store/engine"
)

// keepRuns is how long a run is remembered after its last change.
const keepRuns = 30 * 24 * time.Hour

// StartRun makes a new run durable and sets its ID. It deletes runs without a change for a month.
func (s *Store) StartRun(ctx context.Context, r *Run) error {
	return s.do(ctx, &engine.StartRun{Forget: r.Created.Add(-keepRuns), Run: r})
}

// NoteRun records how far a run is: Changed, Next, Open, Owner, Ended and Total. It removes the Options of a
// run that has ended, since they may hold values that the history masks elsewhere. Like Add it returns at once, and is
// never durable before an earlier Add or Answer: a message that it calls done is in the history.
func (s *Store) NoteRun(ctx context.Context, r Run) error {
	r.Open = slices.Clone(r.Open) // it is the caller's
	return s.submit(ctx, &engine.Write{Work: &engine.NoteRun{Run: r}})
}

// TakeRun makes r.Owner the owner of a run, if before is, and reports whether it was: of two that want to resume it,
// one does.
func (s *Store) TakeRun(ctx context.Context, r Run, before string) (taken bool, err error) {
	t := &engine.TakeRun{Run: r, Before: before}
	err = s.do(ctx, t)
	return t.Taken, err
}

// GetRun returns a run; ErrNotFound when there is none of this id. The id 0 is the newest that has not ended, or the
// newest where all have.
func (s *Store) GetRun(ctx context.Context, id int64) (Run, error) {
	r, err := s.engine.GetRun(ctx, id)
	return r, s.told(err)
}
