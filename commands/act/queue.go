package act

import (
	"context"

	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/store"
)

// Queue changes the entries of the queue that a filter selects, as barb queue does. It returns store.ErrNoEntry for an
// id that is not there.
func (a *Actions) Queue(ctx context.Context, change *queued.Change, f store.QueueFilter) (queued.Result, error) {
	return change.Apply(ctx, a.Shell.History, f, a.Shell.Now())
}
