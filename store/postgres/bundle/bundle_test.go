package bundle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// database notes which keys it was asked for together, and answers one query for each value of go.
type database struct {
	Reader[string]

	mu      sync.Mutex
	asked   [][]int64
	goAhead chan error
	ended   int // queries whose context ended first
}

func newDatabase() *database {
	d := &database{goAhead: make(chan error)}
	d.Read = d.read
	return d
}

func (d *database) read(ctx context.Context, keys []int64) ([]string, error) {
	d.mu.Lock()
	d.asked = append(d.asked, slices.Sorted(slices.Values(keys)))
	d.mu.Unlock()
	select {
	case err := <-d.goAhead:
		if err != nil {
			return nil, err
		}
	case <-ctx.Done():
		d.mu.Lock()
		defer d.mu.Unlock()
		d.ended++
		return nil, ctx.Err()
	}
	values := make([]string, len(keys))
	for i, key := range keys {
		values[i] = fmt.Sprint("v", key)
	}
	return values, nil
}

// got calls Get for keys at once, and returns how many got their value once all have.
func (d *database) got(ctx context.Context, keys ...int64) func() (right int) {
	values := make([]bool, len(keys))
	var all sync.WaitGroup
	for i, key := range keys {
		all.Go(func() {
			v, err := d.Get(ctx, key)
			values[i] = err == nil && v == fmt.Sprint("v", key)
		})
	}
	synctest.Wait()
	return func() (right int) {
		all.Wait()
		for _, is := range values {
			if is {
				right++
			}
		}
		return right
	}
}

func TestWhatIsAskedForWhileOthersAreReadIsReadTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		first, second, more := d.got(t.Context(), 1), d.got(t.Context(), 2), d.got(t.Context(), 3, 4, 5, 5)
		if len(d.asked) != 2 {
			t.Fatalf("asked for %v, want two queries", d.asked)
		}
		for range 3 {
			d.goAhead <- nil
		}
		if n := first() + second() + more(); n != 6 {
			t.Errorf("%d of 6 callers have their value", n)
		}
		if want := "[[1] [2] [3 4 5 5]]"; fmt.Sprint(d.asked) != want {
			t.Errorf("asked for %v, want %s", d.asked, want)
		}
	})
}

func TestAQueryHasABoundedNumberOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, keys := newDatabase(), make([]int64, 3*most)
		for i := range keys {
			keys[i] = int64(i)
		}
		right := d.got(t.Context(), keys...)
		go func() {
			for range keys {
				select {
				case d.goAhead <- nil:
				case <-t.Context().Done():
					return
				}
			}
		}()
		if n := right(); n != len(keys) {
			t.Errorf("%d of %d callers have their value", n, len(keys))
		}
		for _, asked := range d.asked {
			if len(asked) > most {
				t.Errorf("a query has %d keys", len(asked))
			}
		}
	})
}

func TestAQueryGoesOnAsLongAsSomebodyWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		leaving, leave := context.WithCancel(t.Context())
		one, two := d.got(t.Context(), 1), d.got(t.Context(), 2)
		gone, stays := d.got(leaving, 3), d.got(t.Context(), 4)
		leave()
		if gone() != 0 {
			t.Error("who has gone has a value")
		}
		for range 3 {
			d.goAhead <- nil
		}
		if n := one() + two() + stays(); n != 3 || d.ended != 0 {
			t.Errorf("%d of 3 callers have their value, %d queries were cancelled", n, d.ended)
		}
	})
}

func TestAQueryThatNobodyWaitsForIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		leaving, leave := context.WithCancel(t.Context())
		one, two := d.got(leaving, 1), d.got(t.Context(), 2)
		gone := d.got(leaving, 3)
		leave()
		one()
		gone()
		later := d.got(t.Context(), 4) // does not join what is cancelled
		for range 2 {
			d.goAhead <- nil
		}
		if n := two() + later(); n != 2 || d.ended == 0 {
			t.Errorf("%d of 2 callers have their value, %d queries were cancelled", n, d.ended)
		}
	})
}

func TestAnErrorIsThatOfAllCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		one, two, more := d.got(t.Context(), 1), d.got(t.Context(), 2), d.got(t.Context(), 3, 4)
		d.goAhead <- nil
		d.goAhead <- nil
		d.goAhead <- errors.New("no")
		if one()+two() != 2 || more() != 0 {
			t.Error("an error of a query is not that of its callers alone")
		}
	})
}
