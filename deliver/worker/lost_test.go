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
