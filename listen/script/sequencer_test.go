package script

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// groups is a store that writes what comes in groups, gives ids in the order of arrival, and answers the records of a
// group in any order.
type groups struct{ arrivals chan chan int64 }

func (g groups) write() int64 {
	id := make(chan int64, 1)
	g.arrivals <- id
	return <-id
}

// run writes so many records and then returns.
func (g groups) run(records int) {
	var group []chan int64
	id := int64(100)
	answer := func() {
		rand.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		ids := make([]int64, len(group))
		for i := range ids {
			id += 1 + rand.Int64N(3) // another process writes as well
			ids[i] = id
		}
		rand.Shuffle(len(group), func(i, j int) { group[i], group[j], ids[i], ids[j] = group[j], group[i], ids[j], ids[i] })
		for i, waiting := range group {
			waiting <- ids[i]
		}
		group = nil
	}
	for range records {
		if group = append(group, <-g.arrivals); len(group) == 8 || len(g.arrivals) == 0 {
			answer()
		}
	}
	answer()
}

func TestASequencerFollowsTheIdsInWhateverOrderRecordsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const records = 500
		var order sequencer
		var called []int64
		history := groups{make(chan chan int64, records)}
		go history.run(records)
		var senders sync.WaitGroup
		for i := range records {
			senders.Go(func() {
				time.Sleep(time.Duration(rand.Int64N(int64(5 * time.Millisecond))))
				if i%10 == 0 { // a record that fails is waited for until it has
					senders.Go(func() {
						_ = order.do(func() (int64, error) { return 0, errors.New("disk full") }, func() { t.Error("it was called") })
					})
				}
				var id int64
				write := func() (int64, error) {
					id = history.write()
					time.Sleep(time.Duration(rand.Int64N(int64(time.Millisecond)))) // so that they end in another order
					return id, nil
				}
				if err := order.do(write, func() { called = append(called, id) }); err != nil {
					t.Error(err)
				}
			})
		}
		senders.Wait()
		if len(called) != records || !slices.IsSorted(called) {
			t.Errorf("%d of %d were called, in order %t", len(called), records, slices.IsSorted(called))
		}
	})
}

func TestASequencerWaitsForAnOlderRecordAndNotForOneThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order sequencer
		var called []int64
		call := func(id int64) func() { return func() { called = append(called, id) } }
		after := func(d time.Duration, id int64) func() (int64, error) {
			return func() (int64, error) { time.Sleep(d); return id, nil }
		}
		go func() {
			defer func() { _ = recover() }()
			_ = order.do(func() (int64, error) { time.Sleep(2 * time.Second); panic("broken") }, call(0))
		}()
		go func() { _ = order.do(after(5*time.Second, 1), call(1)) }()
		synctest.Wait()
		begun := time.Now()
		if err := order.do(after(time.Second, 2), call(2)); err != nil || time.Since(begun) != 5*time.Second {
			t.Errorf("the younger record was done after %s, %v", time.Since(begun), err)
		}
		if !slices.Equal(called, []int64{1, 2}) {
			t.Errorf("called %v", called)
		}
	})
}
