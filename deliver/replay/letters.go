package replay

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Item is one recorded exchange that is replayed.
type Item struct {
	*record.Exchange
	Letter *store.Queued // the dead letter it is replayed for; nil: none
}

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

// Within returns the ids of the letters' exchanges in some ranges, or of all without ranges, as ranges of one id
// each. Without letters it returns a range that holds no id, since no ranges would mean all.
func (l Letters) Within(ranges []store.Range) (ids []store.Range) {
	for id := range l {
		isIn := func(r store.Range) bool { return r.From <= id && id <= r.To }
		if len(ranges) == 0 || slices.ContainsFunc(ranges, isIn) {
			ids = append(ids, store.Range{From: id, To: id})
		}
	}
	if len(ids) == 0 {
		return []store.Range{{From: -1, To: -1}}
	}
	return ids
}

// Items returns an item for each of the exchanges. With letters that are not nil it is one for each letter of an
// exchange, which has several where a webhook was forwarded to several apps.
func (l Letters) Items(exchanges iter.Seq2[*record.Exchange, error]) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for x, err := range exchanges {
			switch {
			case err != nil:
				yield(Item{}, err)
				return
			case l == nil:
				if !yield(Item{Exchange: x}, nil) {
					return
				}
			}
			for _, q := range l[x.ID] {
				if !yield(Item{x, q}, nil) {
					return
				}
			}
		}
	}
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
