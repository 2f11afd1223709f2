package worker_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
)

// After the answer to a lease was lost, its entries are delivered soon, not when the lease ends. An entry that is being
// delivered keeps its lease.
func TestALeaseThatNobodyKnowsOfIsGivenBack(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		q := put(t, history, quick, "", "a", "b")[0]
		a := &apps{}
		w, s := newWorker(history, a)
		w.Every = time.Second
		leased := lease(t, history, q, w.Leases.Holder, 2, time.Now().Add(worker.LeaseFor))
		w.Leases.Reserve(leased[1])
		w.Leases.Suspect(fmt.Errorf("a lease: %w", store.ErrAway))
		time.AfterFunc(17*time.Second, func() { w.Leases.Forget(leased[1]) })
		w.Run(context.Background(), worker.Drained)
		// the round that gives it back may find it due, or the next one
		if got := a.came(); got != "a @1, b @45" && got != "a @2, b @45" {
			t.Errorf("came: %s", got)
		}
		check(t, "told", s.text(), "")
	})
}

// An attempt that was cut off before it was recorded, since the history was away, keeps no lease: its entry is
// delivered soon after the history is back.
func TestTheLeaseOfAnAttemptThatWasCutOffIsGivenBack(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, quick, "", "a")
		a := &apps{}
		w, s := newWorker(history, a)
		w.Every = time.Second
		deliver, waited := w.Handle[store.Message].Deliver, false
		w.Handle[store.Message] = worker.Handler{Deliver: func(ctx context.Context, q *store.Queued) (worker.Result, error) {
			if !waited { // as for a commit of a history that is away
				waited = true
				<-ctx.Done()
				return worker.Result{}, ctx.Err()
			}
			return deliver(ctx, q)
		}}
		time.AfterFunc(8*time.Second, w.Leases.Cut)
		w.Run(context.Background(), worker.Drained)
		if got := a.came(); got != "a @10" && got != "a @11" {
			t.Errorf("came: %s", got)
		}
		check(t, "told", s.text(), "")
	})
}
