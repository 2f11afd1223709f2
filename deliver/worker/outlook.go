package worker

import (
	"context"
	"slices"
	"time"

	"github.com/barbhq/barb/store"
)

// outlook is what the last look at the queue found. As long as it tells of entries to deliver, rounds go by it: to ask
// for all lots before each lease costs a server more than the lease. What it does not tell of waits for lookAgain.
type outlook struct {
	at   time.Time // when the queue was looked at; zero: there is something new
	dues map[store.QueueKind][]store.Due
}

// upcoming looks at the queue.
func (w *Worker) upcoming(ctx context.Context, kind store.QueueKind) ([]store.Due, error) {
	w.mu.Lock()
	if w.outlook.dues == nil {
		w.outlook.dues = map[store.QueueKind][]store.Due{}
	}
	w.outlook.at = time.Now()
	w.mu.Unlock()
	dues, err := w.Leases.History.Upcoming(ctx, kind, "")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outlook.dues[kind] = slices.Clone(dues)
	return dues, err
}

// remembered returns what the last look found; false where another one is due. left is how long it is good for.
func (w *Worker) remembered(kind store.QueueKind) (dues []store.Due, left time.Duration, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	dues, ok = w.outlook.dues[kind]
	left = lookAgain - time.Since(w.outlook.at)
	return slices.Clone(dues), left, ok && left > 0
}

// leased notes that all that is due of a lot was leased, or that there may be more: then the others come first.
func (w *Worker) leased(l lot, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	dues := w.outlook.dues[l.Kind]
	i := slices.IndexFunc(dues, func(d store.Due) bool { return d.Target == l.Target && d.Policy == l.Policy })
	if i < 0 {
		return
	}
	due := dues[i]
	dues = slices.Delete(dues, i, i+1)
	if more {
		dues = append(dues, due)
	}
	w.outlook.dues[l.Kind] = dues
}

// lookAnew has the next round look at the queue: something was put in, or may be due.
func (w *Worker) lookAnew() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outlook.at = time.Time{}
}

// changes reports whether an entry that ended so makes, or may make, other entries due.
func changes(q *store.Queued, r Result) bool {
	return r.State != store.Done || q.Order != "" || len(r.Next) > 0
}
