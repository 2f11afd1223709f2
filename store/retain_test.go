package store_test

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// A history with limits prunes itself: what is old goes, and of the rest the oldest, but never what waits in the queue.
func TestAHistoryPrunesItselfByItsLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits store.Limits
		left   func(ids []int64) bool
	}{
		"by age": {store.Limits{MaxAge: time.Hour},
			func(ids []int64) bool { return slices.Equal(ids, []int64{1, 1001, 1002}) }},
		"by size": {store.Limits{MaxBytes: 400_000}, func(ids []int64) bool {
			return len(ids) < 400 && ids[0] == 1 && ids[1] > 600 && slices.Max(ids) == 1002
		}},
		"neither": {store.Limits{}, func(ids []int64) bool { return len(ids) == 1002 }},
	} {
		s := newHistory(t)
		waits := hook(0)
		must(t, s.RecordQueued(context.Background(), waits,
			&store.Queued{Kind: store.Forward, Target: "http://app.test", Due: noon}))
		xs := make([]*record.Exchange, 1001)
		for i := range xs {
			xs[i] = answered(hook(i), 200)
			if i >= 999 {
				xs[i].Start = noon.Add(24 * time.Hour)
			}
		}
		keep(t, s, xs...)
		c.limits.Now = func() time.Time { return noon.Add(24*time.Hour + time.Minute) }
		c.limits.Tell = func(err error) { t.Errorf("%s: %v", name, err) }
		path := s.Path()
		must(t, s.Close())
		s = openHistory(t, path)
		s.Retain(c.limits) // closing waits for the first round, as a short command does
		must(t, s.Close())
		if ids := listed(t, openHistory(t, path), store.Filter{OldestFirst: true}); !c.left(ids) {
			t.Errorf("%s: %d are left: %d…", name, len(ids), ids[:min(len(ids), 5)])
		}
	}
}

// Between rounds, too, file and log stay about as small as the limit, whatever is written. make soak writes in all four
// ways; each takes seconds of the processor.
func TestAHistoryStaysSmallWhileItIsWritten(t *testing.T) {
	t.Parallel()
	const limit, slack = 2 << 20, 48 << 20
	for name, c := range map[string]struct{ writers, each, body, head int }{
		"one after the other": {1, 1000, 60_000, 0},
		"many at once":        {16, 64, 60_000, 0},
		"large heads":         {8, 125, 100, 60_000},
		"large bodies":        {2, 15, 2 << 20, 0},
	} {
		if os.Getenv("BARB_SOAK") == "" && name != "many at once" {
			continue
		}
		s := newHistory(t)
		s.Retain(store.Limits{MaxBytes: limit, Now: time.Now, Tell: func(err error) { t.Errorf("%s: %v", name, err) }})
		var writing sync.WaitGroup
		var most atomic.Int64
		for range c.writers {
			writing.Go(func() {
				for range c.each {
					x := answered(hook(0), 200)
					x.Request.Body, x.Request.Head = bytes.Repeat([]byte("x"), c.body), x.Request.Head+strings.Repeat("y", c.head)
					if err := s.Record(context.Background(), x); err != nil {
						t.Errorf("%s: %v", name, err)
						return
					}
					for size := s.Size(); ; {
						if last := most.Load(); size <= last || most.CompareAndSwap(last, size) {
							break
						}
					}
				}
			})
		}
		began := time.Now()
		writing.Wait()
		t.Logf("%s: %d MiB in %v, at most %d KiB", name, c.writers*c.each*(c.body+c.head)>>20,
			time.Since(began), most.Load()>>10)
		if got := most.Load(); got > limit+slack {
			t.Errorf("%s: %d MiB were written, file and log took %d", name, c.writers*c.each*(c.body+c.head)>>20, got)
		}
		must(t, s.Close())
	}
}

// By size, what anybody can send goes first, whenever it came: what has a bad signature, and copies.
func TestWhatAnybodyCanSendGoesFirst(t *testing.T) {
	t.Parallel()
	forged := func(i int) *record.Exchange {
		x := answered(hook(i), 401)
		x.Verdict = record.Verdict{Status: record.Invalid, Reason: "signature_mismatch"}
		return x
	}
	copied := func(of int64) func(i int) *record.Exchange {
		return func(i int) *record.Exchange {
			x := answered(hook(i), 200)
			x.Marks = []record.Mark{{Kind: record.Older, Of: 7}, {Kind: record.Duplicate, Of: of}}
			return x
		}
	}
	accepted := func(i int) *record.Exchange { return answered(hook(i), 200) }
	refused := func(i int) *record.Exchange { return answered(hook(i), 500) }
	for name, c := range map[string]struct{ genuine, flood func(int) *record.Exchange }{
		"forgeries after accepted ones":        {accepted, forged},
		"forgeries after some the app refused": {refused, forged},
		"forgeries after sent ones": {
			func(i int) *record.Exchange { return answered(attempt(i, "app.test"), 500) }, forged},
		"copies of an accepted one":              {accepted, copied(1)},
		"forgeries after copies of a pruned one": {copied(5000), forged},
		"forgeries after copies of a refused one": {func(i int) *record.Exchange {
			if i == 0 {
				return refused(i)
			}
			return copied(1)(i)
		}, forged},
		"copies after copies that were refused": {func(i int) *record.Exchange {
			if i == 0 {
				return accepted(i)
			}
			x := copied(1)(i)
			x.Response.Status = 500
			return x
		}, copied(1)},
		"forgeries after unchecked ones": {func(i int) *record.Exchange {
			x := answered(hook(i), 404)
			x.Verdict = record.Verdict{}
			return x
		}, forged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newHistory(t)
			var all []*record.Exchange
			var left []int64
			for i := range 1100 {
				if i < 50 || i < 150 && i%2 == 1 {
					all, left = append(all, c.genuine(i)), append(left, int64(i+1))
				} else {
					all = append(all, c.flood(i))
				}
			}
			keep(t, s, all...)
			for limit := int64(600_000); ; limit -= 20_000 {
				_, err := s.Prune(t.Context(), store.PruneRule{MaxBytes: limit})
				must(t, err)
				ids := listed(t, s, store.Filter{OldestFirst: true})
				if len(ids) < len(left) { // nothing but these is left, and of these the oldest go
					if len(ids) == 0 || !slices.Equal(ids, left[len(left)-len(ids):]) {
						t.Errorf("in the end these %d are left: %d", len(ids), ids)
					}
					return
				}
				gone := slices.DeleteFunc(slices.Clone(left), func(id int64) bool { return slices.Contains(ids, id) })
				if len(gone) > 0 || len(ids) > len(left)+1 && ids[len(ids)-1] != 1100 {
					t.Fatalf("%d are left with %d bytes, of the genuine ones not %d", len(ids), limit, gone)
				}
			}
		})
	}
}

// A copy whose delivery the queue knows of says more than what it repeats, and so does one of which the first was given
// up.
func TestCopiesOfTheQueueGoWithTheRest(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]store.QueueState{"the copy was delivered": store.Done,
		"what it repeats was given up": store.Dead} {
		s := newHistory(t)
		entry := &store.Queued{Kind: store.Forward, Target: "http://app.test", Inline: true, Owner: "me",
			Due: noon.Add(time.Hour)}
		first, again := answered(hook(0), 200), answered(hook(1), 200)
		// it alone would do
		again.Marks, again.Request.Body = []record.Mark{{Kind: record.Duplicate, Of: 1}}, make([]byte, 100_000)
		if given == store.Done {
			keep(t, s, first)
			must(t, s.RecordQueued(t.Context(), again, entry))
		} else {
			must(t, s.RecordQueued(t.Context(), first, entry))
			keep(t, s, again)
		}
		entry.State = given
		must(t, s.Complete(t.Context(), "me", entry, noon))
		rest := make([]*record.Exchange, 600)
		for i := range rest {
			rest[i] = answered(hook(i+2), 200)
		}
		keep(t, s, rest...)
		for limit := s.Size(); ; limit -= 10_000 {
			_, err := s.Prune(t.Context(), store.PruneRule{MaxBytes: limit})
			must(t, err)
			if ids := listed(t, s, store.Filter{OldestFirst: true}); ids[0] != 1 {
				break
			} else if !slices.Contains(ids, 2) {
				t.Errorf("%s: 2 went before 1", name)
				break
			}
		}
	}
}
