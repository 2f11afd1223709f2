package commands

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// A writer that groups what comes, gives ids in the order of arrival and wakes all of a group in any order, as the store does.
func TestTurnsFollowTheIdsWhateverOrderTheirRecordsEndIn(t *testing.T) {
	const hooks = 500
	var order turns
	var taken []int64
	arrivals := make(chan chan int64, hooks)
	go func() {
		var group []chan int64
		id := int64(100)
		for range hooks {
			group = append(group, <-arrivals)
			if len(group) < 8 && len(arrivals) > 0 {
				continue
			}
			ids := make(map[chan int64]int64)
			for _, waiter := range group {
				id += 1 + rand.Int64N(3) // another process writes as well
				ids[waiter] = id
			}
			for waiter, id := range ids { // a map's order is any
				waiter <- id
			}
			group = group[:0]
		}
		for _, waiter := range group {
			id++
			waiter <- id
		}
	}()
	var senders sync.WaitGroup
	for range hooks {
		senders.Go(func() {
			time.Sleep(time.Duration(rand.Int64N(int64(5 * time.Millisecond))))
			ticket := order.begin()
			if rand.IntN(10) == 0 {
				other := order.begin() // one that fails
				senders.Go(func() { order.failed(other) })
			}
			waiter := make(chan int64, 1)
			arrivals <- waiter
			id := <-waiter
			order.recorded(ticket, id, func() { taken = append(taken, id) })
		})
	}
	senders.Wait()
	if len(taken) != hooks || !slices.IsSorted(taken) {
		t.Errorf("%d of %d had their turn, in order %t", len(taken), hooks, slices.IsSorted(taken))
	}
	if len(order.waiting) > 0 || len(order.writing) > 0 {
		t.Errorf("%d wait, %d are being written", len(order.waiting), len(order.writing))
	}
}
