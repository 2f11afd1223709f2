package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/barbhq/barb/store"
)

// suspectLooks is how often leases that nobody knows of are looked for after an error. The second look is needed, and
// the answer to another call may be lost meanwhile.
const suspectLooks = 3

// Suspect notes after an error that this process may hold leases which it does not know of: a history that is away may
// have given them and could not say so. Their entries would wait until the leases end.
func (l *Leases) Suspect(err error) {
	if errors.Is(err, store.ErrAway) {
		l.suspect()
	}
}

func (l *Leases) suspect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks, l.lost = suspectLooks, nil
}

// setEnding notes that an entry is being completed, or no more: its lease is not lost.
func (l *Leases) setEnding(id int64, is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending == nil {
		l.ending = map[int64]bool{}
	}
	if l.ending[id] = is; !is {
		delete(l.ending, id)
	}
}

// giveBack ends the leases of this process that it did not know of at this look and at the one before. At a single look
// that may be a lease which was just given, or one whose entry is just being completed.
func (l *Leases) giveBack(ctx context.Context, now time.Time) error {
	l.mu.Lock()
	suspected, before := l.looks > 0, l.lost
	l.mu.Unlock()
	if !suspected {
		return nil
	}
	leased, err := l.History.Queue(ctx, store.QueueFilter{States: []store.QueueState{store.Leased}})
	if err != nil {
		return err
	}
	lost := []int64{}
	l.mu.Lock()
	for _, q := range leased {
		if q.Owner == l.Holder && l.held[q.ID] == nil && !l.ending[q.ID] {
			lost = append(lost, q.ID)
		}
	}
	l.looks, l.lost = l.looks-1, lost
	l.mu.Unlock()
	return l.History.GiveBack(ctx, l.Holder, slices.DeleteFunc(slices.Clone(lost), func(id int64) bool {
		return !slices.Contains(before, id)
	}), now)
}
