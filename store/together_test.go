package store_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// readsAtOnceAsOneAfterTheOther reads the same exchanges from many goroutines, one of which changes what it is given.
func readsAtOnceAsOneAfterTheOther(t *testing.T, h history) {
	all := append(mixed(), whole(), attempt(20, "never.ended"), answered(hook(21), 0))
	var want []*record.Exchange
	for _, x := range all {
		keep(t, h, x)
		one, err := h.Get(context.Background(), x.ID)
		must(t, err)
		want = append(want, one)
	}
	newest := all[len(all)-1].ID
	var readers sync.WaitGroup
	for n := range 40 {
		readers.Go(func() {
			for i, x := range all {
				got, err := h.Get(context.Background(), x.ID)
				if err != nil || n > 0 && !reflect.DeepEqual(got, want[i]) {
					t.Errorf("read %+v, %v; want %+v", got, err, want[i])
					return
				}
				if n == 0 {
					got.Webhook, got.Request.Method, got.EventType = -1, "changed", "changed"
					clear(got.Request.Body)
				}
			}
			if _, err := h.Get(context.Background(), newest+100); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("read what is not there: %v", err)
			}
		})
	}
	readers.Wait()
}
