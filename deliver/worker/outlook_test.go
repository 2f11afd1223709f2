package worker_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
)

func TestABusyWorkerSeesWhatOthersPutInWithinAMoment(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		a := &apps{takes: map[string]time.Duration{slow: 30 * time.Millisecond}}
		w, _ := newWorker(history, a)
		h := w.Handle[store.Message]
		h.AtOnce = 2
		w.Handle[store.Message] = h
		ids := make([]string, 40)
		for i := range ids {
			ids[i] = fmt.Sprint("a", i)
		}
		put(t, history, slow, "", ids...)
		go func() {
			time.Sleep(40 * time.Millisecond) // the time of the bubble
			put(t, history, quick, "", "b")
		}()
		w.Run(context.Background(), worker.Drained)
		_, after, _ := strings.Cut(a.came(), "b @")
		var seconds float64
		if n, _ := fmt.Sscan(strings.TrimSuffix(strings.Fields(after)[0], ","), &seconds); n != 1 || seconds > 0.2 {
			t.Errorf("b came after %g s: %s", seconds, a.came())
		}
	})
}
