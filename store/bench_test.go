//go:build unix

package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// BenchmarkRecord is hooks of 1 KiB that callers record and wait for: the listener's work. µs-cpu/op includes what the
// callers do; B-disk/B is what the file takes for a byte of head and body.
func BenchmarkRecord(b *testing.B) {
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("c=%d", callers), func(b *testing.B) {
			load(b, callers, func(s *store.Store, n int) error {
				return s.Record(context.Background(), hook(n))
			})
		})
	}
}

// BenchmarkRecordAndAnswer is what one attempt of send does.
func BenchmarkRecordAndAnswer(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("c=%d", callers), func(b *testing.B) {
			load(b, callers, func(s *store.Store, n int) error {
				x := attempt(n, "api.test")
				if err := s.Record(context.Background(), x); err != nil {
					return err
				}
				return s.Answer(context.Background(), answered(x, 200))
			})
		})
	}
}

// BenchmarkAnswer is rows for which nobody waits.
func BenchmarkAnswer(b *testing.B) {
	s := newHistory(b)
	xs := make([]*record.Exchange, b.N)
	for n := range xs {
		xs[n] = hook(n)
	}
	keep(b, s, xs...)
	before := processorTime()
	b.ResetTimer()
	for _, x := range xs {
		if err := s.Answer(context.Background(), answered(x, 200)); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(processorTime()-before)/1e3/float64(b.N), "µs-cpu/op")
}

// BenchmarkRecordMany is one caller with a batch: what a row costs without the waiting.
func BenchmarkRecordMany(b *testing.B) {
	s := newHistory(b)
	xs := make([]*record.Exchange, b.N)
	for n := range xs {
		xs[n] = hook(n)
	}
	before := processorTime()
	b.ResetTimer()
	for len(xs) > 0 {
		n := min(len(xs), 512)
		if err := s.Record(context.Background(), xs[:n]...); err != nil {
			b.Fatal(err)
		}
		xs = xs[n:]
	}
	b.ReportMetric(float64(processorTime()-before)/1e3/float64(b.N), "µs-cpu/op")
}

func load(b *testing.B, callers int, do func(s *store.Store, n int) error) {
	s := newHistory(b)
	var next atomic.Int64
	var wg sync.WaitGroup
	before := processorTime()
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				if err := do(s, n); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := s.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(processorTime()-before)/1e3/float64(b.N), "µs-cpu/op")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	x := hook(1)
	b.ReportMetric(float64(sizeOfFile(s.Path()))/float64(b.N*(len(x.Request.Head)+len(x.Request.Body))), "B-disk/B")
}

func sizeOfFile(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return -1
	}
	return info.Size()
}

// BenchmarkQuery looks into a history of BARB_BENCH_ROWS rows, 10,000 unless told; 5000000 is the goal's size. With
// BARB_BENCH_DB the history is kept there for the next time.
func BenchmarkQuery(b *testing.B) {
	rows, err := strconv.Atoi(os.Getenv("BARB_BENCH_ROWS"))
	if err != nil {
		rows = 10_000
	}
	path := os.Getenv("BARB_BENCH_DB")
	if path == "" {
		path = filepath.Join(b.TempDir(), "history.db")
	}
	s := openHistory(b, path)
	fillTo(b, s, rows)
	middle := noon.Add(time.Duration(rows/2) * time.Millisecond)
	for name, f := range map[string]store.Filter{
		"last 20":             {Limit: 20},
		"last 20 with bodies": {Limit: 20, Bodies: true},
		"endpoint":            {Limit: 20, Endpoint: "e7.test"},
		"endpoint status":     {Limit: 20, Endpoint: "e7.test", Status: store.StatusRange{From: 500, To: 599}},
		"endpoint status time": {Limit: 20, Endpoint: "e7.test", Status: store.StatusRange{From: 500, To: 599}, Since: middle,
			Until: middle.Add(time.Minute)},
		"failed":          {Limit: 20, Failed: true},
		"failed long ago": {Limit: 20, Failed: true, Until: middle},
		"time":            {Limit: 20, Since: middle, Until: middle.Add(time.Second)},
		"scattered ids": {IDs: []store.Range{{From: 1, To: 3}, {From: int64(rows) / 2, To: int64(rows)/2 + 2},
			{From: int64(rows) - 2, To: int64(rows)}}},
		"unknown event": {Limit: 20, Event: "no.such"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if ids := listed(b, s, f); len(ids) == 0 && name != "unknown event" {
					b.Fatal("nothing was found")
				}
			}
		})
	}
	b.Run("thread", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Thread(context.Background(), int64(rows)/2); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Get(context.Background(), int64(rows)/2); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// fillTo records attempts to 20 endpoints, one in 97 of which fails, until there are so many. The bodies are small:
// they are not what is looked at.
func fillTo(b *testing.B, s *store.Store, rows int) {
	b.Helper()
	have, _ := s.Newest(context.Background(), 0)
	batch := make([]*record.Exchange, 0, 4096)
	for n := int(have) + 1; n <= rows; n++ {
		x := attempt(n, fmt.Sprintf("e%d.test", n%20))
		x.Request.Body = x.Request.Body[:64]
		status := 200
		if n%97 == 0 {
			status = 503
		}
		batch = append(batch, answered(x, status))
		if len(batch) == cap(batch) || n == rows {
			keepAll(b, s, batch)
			batch = batch[:0]
		}
	}
}

// keepAll records exchanges that have ended with their ending.
func keepAll(b *testing.B, s *store.Store, xs []*record.Exchange) {
	b.Helper()
	if err := s.Record(context.Background(), xs...); err != nil {
		b.Fatal(err)
	}
}
