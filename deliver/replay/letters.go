package replay

import (
	"context"
	"time"

	"github.com/barbhq/barb/store"
)

// Letters are the dead letters of the queue, by the id of the exchange that each was to deliver.
type Letters map[int64][]*store.Queued

// ReadLetters returns the dead letters of a history as they are now, never nil.
func ReadLetters(ctx context.Context, history *store.Store) (Letters, error) {
	entries, err := history.Queue(ctx, store.QueueFilter{States: []store.QueueState{store.Dead}})
	letters := Letters{}
	for _, q := range entries {
		letters[q.Thread] = append(letters[q.Thread], q)
	}
	return letters, err
}

// IDs returns the ids of the letters' exchanges, as ranges of one id each. Without letters it returns a range that
// holds no id, since no ranges would mean all.
func (l Letters) IDs() (ids []store.Range) {
	for id := range l {
		ids = append(ids, store.Range{From: id, To: id})
	}
	if len(ids) == 0 {
		return []store.Range{{From: -1, To: -1}}
	}
	return ids
}

// Settle takes the letter of an item that was delivered out of the dead letters. It does not follow the end of ctx:
// what was delivered must not be sent again.
func (i Item) Settle(ctx context.Context, history *store.Store, now time.Time) error {
	if i.Letter == nil {
		return nil
	}
	one := []store.Range{{From: i.Letter.ID, To: i.Letter.ID}}
	_, err := history.Finish(context.WithoutCancel(ctx), store.QueueFilter{IDs: one}, now)
	return err
}
