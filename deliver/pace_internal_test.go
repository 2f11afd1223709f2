package deliver

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Workers that take an hour in all keep the schedule to the nanosecond, though each is late now and then.
func TestPaceKeepsAnAbsoluteSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Pace{Rate: Rate{N: 3, Per: time.Second}, coarse: true} // a third of a second is no whole number of ns
		begun := time.Now()
		for i := range int64(3 * 3600) {
			due, ok := p.Next(t.Context())
			if want := begun.Add(p.Rate.Due(i)); !ok || !due.Equal(want) {
				t.Fatalf("%d is due %s after the beginning, want %s", i, due.Sub(begun), want.Sub(begun))
			}
			if time.Now().Before(due) {
				t.Fatalf("%d came %s early", i, time.Until(due))
			}
			if i%7 == 0 {
				time.Sleep(time.Second) // and so it has to catch up
			}
		}
		if took := time.Since(begun); took > time.Hour+time.Second {
			t.Errorf("an hour took %s", took)
		}
	})
}

func TestPaceGivesEachTurnOnce(t *testing.T) {
	t.Parallel()
	p := &Pace{Rate: Rate{N: 5000, Per: time.Second}}
	var mu sync.Mutex
	seen := map[time.Time]int{}
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 25 {
				due, ok := p.Next(t.Context())
				mu.Lock()
				seen[due]++
				mu.Unlock()
				if !ok {
					t.Error("it ended")
				}
			}
		})
	}
	workers.Wait()
	for i := range int64(200) {
		if seen[p.begun.Add(p.Rate.Due(i))] != 1 {
			t.Errorf("turn %d was given %d times", i, seen[p.begun.Add(p.Rate.Due(i))])
		}
	}
}

func TestPaceEndsWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, burst := range []bool{false, true} {
			p := &Pace{Rate: Rate{N: 100, Per: time.Second, Burst: burst}, For: 1500 * time.Millisecond, coarse: true}
			turns := int64(0)
			for ok := true; ok; turns++ {
				_, ok = p.Next(t.Context())
			}
			if turns--; turns != p.Rate.Within(p.For) {
				t.Errorf("%d turns in %s, want %d", turns, p.For, p.Rate.Within(p.For))
			}
		}
	})
}

func TestPaceEndsAtOnceWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		p := &Pace{Rate: Rate{N: 1, Per: time.Hour}, coarse: true}
		if _, ok := p.Next(ctx); !ok {
			t.Fatal("the first has to wait")
		}
		begun := time.Now()
		if _, ok := p.Next(ctx); ok || time.Since(begun) != time.Second {
			t.Errorf("%t after %s", ok, time.Since(begun))
		}
	})
}

// The precise wait is never early. How late it is depends on the machine and is for the benchmark.
func TestTheLastStretchIsNotCutShort(t *testing.T) {
	t.Parallel()
	p := &Pace{Rate: Rate{N: 500, Per: time.Second}}
	for range 50 {
		due, ok := p.Next(t.Context())
		if now := time.Now(); !ok || now.Before(due) {
			t.Fatalf("%s early", due.Sub(now))
		}
	}
}

// BenchmarkPace1000 says how late turns come at 1,000 a second.
func BenchmarkPace1000(b *testing.B) {
	p := &Pace{Rate: Rate{N: 1000, Per: time.Second}}
	var late time.Duration
	for b.Loop() {
		due, _ := p.Next(b.Context())
		late += time.Since(due)
	}
	b.ReportMetric(float64(late.Microseconds())/float64(b.N), "µs-late/op")
}
