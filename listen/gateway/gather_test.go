package gateway

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/listen"
)

// told is what a gathering told of, in order.
type told struct {
	mu    sync.Mutex
	lines []string
}

func (w *told) tell(r listen.Refusal, count int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, fmt.Sprint(r.Path, count))
}

func (w *told) wait(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.lines, want) {
		t.Errorf("told of %q, want %q", w.lines, want)
	}
	w.lines = nil
}

func TestAFloodOfRefusalsIsOneLineAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w told
		g := gathering{every: time.Minute, most: 1, tell: w.tell}
		see := func(kind, path string) { g.see(kind, listen.Refusal{Path: path}) }
		for i := range 1000 {
			see("413", fmt.Sprint("/", i, " "))
		}
		see("400", "/other ")
		w.wait(t, "/0 1", "/other 1")
		time.Sleep(time.Minute)
		w.wait(t, "/1 999")
		see("413", "/a ")
		time.Sleep(59 * time.Second)
		see("413", "/b ")
		see("400", "/later ") // nothing of its kind was held, so its time began anew
		w.wait(t, "/later 1")
		time.Sleep(time.Second)
		w.wait(t, "/a 2")
		time.Sleep(time.Hour)
		see("413", "/quiet ")
		w.wait(t, "/quiet 1")
		see("413", "/held ")
		g.end()
		w.wait(t, "/held 1")
		time.Sleep(time.Hour)
		w.wait(t)
	})
}

func TestTheFirstRefusalsOfASecondAreToldOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w told
		g := gathering{every: time.Second, most: 3, tell: w.tell}
		for i := range 5 {
			g.see("400", listen.Refusal{Path: fmt.Sprint("/", i, " ")})
		}
		w.wait(t, "/0 1", "/1 1", "/2 1")
		g.end()
		w.wait(t, "/3 2")
	})
}

// None is lost between those that are told of at once, those that are gathered, and those that are left at the end.
func TestNoRefusalIsLost(t *testing.T) {
	var mu sync.Mutex
	total := 0
	g := gathering{every: time.Millisecond, most: 2, tell: func(_ listen.Refusal, count int) {
		mu.Lock()
		defer mu.Unlock()
		total += count
	}}
	var senders sync.WaitGroup
	for kind := range 4 {
		senders.Go(func() {
			for range 5000 {
				g.see(fmt.Sprint(kind), listen.Refusal{})
			}
		})
	}
	senders.Wait()
	g.end()
	if total != 20_000 {
		t.Errorf("told of %d", total)
	}
}
