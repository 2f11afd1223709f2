package metrics

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func TestNoTextOfAStrangerBecomesALabel(t *testing.T) {
	m := NewReceived("dev", emptyHistory(t), map[string]bool{"github": true})
	for i := range 100 {
		x := &record.Exchange{Scheme: fmt.Sprintf("made up %d\"\n", i), EventType: fmt.Sprint("event", i),
			WebhookID: fmt.Sprint("id", i), Response: &record.Response{Status: 200}}
		x.Marks = []record.Mark{{Kind: record.Duplicate, Of: 1}}
		m.Answered(x)
		m.Forwarded(&record.Exchange{Kind: record.Sent,
			Err: &record.Failure{Kind: record.FailRefused, Text: fmt.Sprint("text", i)}})
	}
	m.Handshake()
	var out bytes.Buffer
	_ = m.set.write(&out)
	for _, want := range []string{
		`barb_webhooks_received_total{scheme="other",verdict="unchecked"} 100`,
		`barb_forward_total{code="",error="refused"} 100`,
		"barb_duplicates_total 100", "barb_handshakes_total 1", "barb_queue_depth 0",
		"barb_queue_lag_seconds 0", `barb_workers{state="live"} 0`, `barb_workers{state="silent"} 0`,
		`barb_signatures_total{verdict="invalid"} 0`,
	} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if n := strings.Count(out.String(), "\n"); n > 120 || strings.Contains(out.String(), "made up") {
		t.Errorf("%d lines\n%s", n, out.String())
	}
}

func emptyHistory(t *testing.T) *store.Store {
	t.Helper()
	history, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	return history
}

// The figures that follow from the counters are those that barb stats reads from the history.
func TestCountersAndHistoryTellTheSameFigures(t *testing.T) {
	history, random := emptyHistory(t), rand.New(rand.NewPCG(3, 4))
	m := NewReceived("dev", history, nil)
	for range 300 {
		x := &record.Exchange{Kind: record.Kind(1 + random.IntN(2)), Start: time.Now(), Attempt: 1 + random.IntN(2),
			Request: record.Request{Method: "POST", URL: "http://a.test/"}}
		if x.Kind == record.Received {
			x.Handshake = []string{"", "slack"}[random.IntN(2)]
		}
		if err := history.Record(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		x.Ended, x.Took = random.IntN(5) > 0, time.Duration(random.Int64N(3e10))
		if random.IntN(3) > 0 {
			x.Response = &record.Response{Status: 200 + 100*random.IntN(4)}
		} else {
			x.Err = &record.Failure{Kind: []record.FailureKind{record.FailInterrupted, record.FailRefused}[random.IntN(2)]}
		}
		if x.Kind == record.Received {
			x.Ended = true
			x.Verdict.Status = []record.VerdictStatus{record.Valid, record.Invalid, record.Unchecked}[random.IntN(3)]
			if x.Handshake != "" {
				m.Handshake()
			} else {
				m.Answered(x)
			}
		} else {
			x.NextIn = time.Duration(random.IntN(2)) * time.Second
			m.Attempt(x)
		}
		if err := history.Answer(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := history.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want, err := history.Figures(t.Context(), store.Filter{Since: time.Now().Add(-time.Hour)})
	if err != nil || want.Attempts == 0 || want.Invalid == 0 {
		t.Fatal(want, err)
	}
	got := store.Figures{Attempts: int64(m.firsts.n.Load() + m.retries.n.Load()),
		Retries: int64(m.retries.n.Load()), P99: want.P99,
		Delivered: int64(m.delivered.n.Load()), Exhausted: int64(m.exhausted.n.Load()),
		Checked: int64(m.valid.n.Load() + m.invalid.n.Load()), Invalid: int64(m.invalid.n.Load())}
	if got != want {
		t.Errorf("the counters say %+v\nthe history %+v", got, want)
	}
}

// While others count, every written bucket includes the ones below it and the last bucket is the count.
func TestAHistogramAddsUpWhileItIsWritten(t *testing.T) {
	r := newRegistry()
	h := r.histogram("h", []float64{1, 2})
	var counting sync.WaitGroup
	for n := range 4 {
		counting.Go(func() {
			for range 1000 {
				h.update(float64(n))
				r.counter("c{}").inc()
			}
		})
	}
	for range 50 {
		var out strings.Builder
		if err := r.write(&out); err != nil {
			t.Fatal(err)
		}
		var counts [4]int
		var sum float64
		_, tail, _ := strings.Cut(out.String(), "# TYPE h ")
		if _, err := fmt.Sscanf(tail,
			"histogram\nh_bucket{le=\"1\"} %d\nh_bucket{le=\"2\"} %d\nh_bucket{le=\"+Inf\"} %d\nh_sum %g\nh_count %d\n",
			&counts[0], &counts[1], &counts[2], &sum, &counts[3]); err != nil {
			t.Fatalf("%v in\n%s", err, tail)
		}
		if counts[0] > counts[1] || counts[1] > counts[2] || counts[2] != counts[3] {
			t.Fatalf("buckets %v", counts)
		}
	}
	counting.Wait()
	var out strings.Builder
	if err := r.write(&out); err != nil {
		t.Fatal(err)
	}
	want := "# TYPE c counter\nc{} 4000\n# TYPE h histogram\nh_bucket{le=\"1\"} 2000\nh_bucket{le=\"2\"} 3000\n" +
		"h_bucket{le=\"+Inf\"} 4000\nh_sum 6000\nh_count 4000\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestTheLagIsOfWhatIsDueForTheLongest(t *testing.T) {
	history := emptyHistory(t)
	now := time.Now()
	for i, due := range []time.Duration{time.Hour, -time.Minute, -time.Second} {
		q := &store.Queued{Kind: store.QueueKind(1 + i%2), Thread: 1, Target: fmt.Sprint("http://a.test/", i),
			Due: now.Add(due), Created: now}
		if err := history.Enqueue(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if behind, err := lag(t.Context(), history); err != nil || behind < 60 || behind > 60+time.Since(now).Seconds() {
		t.Error(behind, err)
	}
}
