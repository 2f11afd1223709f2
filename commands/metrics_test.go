package commands

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func TestNoTextOfAStrangerBecomesALabel(t *testing.T) {
	m := newMetrics(newSentMetrics("dev", emptyHistory(t)), map[string]bool{"github": true})
	for i := range 100 {
		x := &record.Exchange{Scheme: fmt.Sprintf("made up %d\"\n", i), EventType: fmt.Sprint("event", i), WebhookID: fmt.Sprint("id", i), Response: &record.Response{Status: 200}}
		x.Marks = []record.Mark{{Kind: record.Duplicate, Of: 1}}
		m.answered(&ui.Hook{Exchange: x})
		m.forwarded(&record.Exchange{Kind: record.Sent, Err: &record.Failure{Kind: record.FailRefused, Text: fmt.Sprint("text", i)}})
	}
	m.answered(&ui.Hook{Exchange: &record.Exchange{EventType: ui.Handshake + "zoom"}})
	var out bytes.Buffer
	m.set.WritePrometheus(&out)
	for _, want := range []string{
		`barb_webhooks_received_total{scheme="other",verdict="unchecked"} 100`, `barb_forward_total{code="",error="refused"} 100`,
		"barb_duplicates_total 100", "barb_handshakes_total 1", "barb_queue_depth 0", `barb_signatures_total{verdict="invalid"} 0`,
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

// What Prometheus can tell from the counters is what barb stats tells from the history.
func TestCountersAndHistoryTellTheSameFigures(t *testing.T) {
	history, random := emptyHistory(t), rand.New(rand.NewPCG(3, 4))
	m := newMetrics(newSentMetrics("dev", history), nil)
	for range 300 {
		x := &record.Exchange{Kind: record.Kind(1 + random.IntN(2)), Start: time.Now(), Attempt: 1 + random.IntN(2), Request: record.Request{Method: "POST", URL: "http://a.test/"}}
		if x.Kind == record.Received {
			x.EventType = []string{"a.b", ui.Handshake + "slack"}[random.IntN(2)]
		}
		if err := history.Record(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		x.Ended, x.Took = random.IntN(5) > 0, time.Duration(random.IntN(3e10))
		if random.IntN(3) > 0 {
			x.Response = &record.Response{Status: 200 + 100*random.IntN(4)}
		} else {
			x.Err = &record.Failure{Kind: []record.FailureKind{record.FailInterrupted, record.FailRefused}[random.IntN(2)]}
		}
		if x.Kind == record.Received {
			x.Ended = true
			x.Verdict.Status = []record.VerdictStatus{record.Valid, record.Invalid, record.Unchecked}[random.IntN(3)]
			m.answered(&ui.Hook{Exchange: x})
		} else {
			x.NextIn = time.Duration(random.IntN(2)) * time.Second
			m.attempt(x)
		}
		if err := history.Answer(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := history.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want, err := history.Figures(t.Context(), store.Filter{Since: time.Now().Add(-time.Hour)}, ui.Handshake+"*")
	if err != nil || want.Attempts == 0 || want.Invalid == 0 {
		t.Fatal(want, err)
	}
	got := store.Figures{Attempts: int64(m.firsts.Get() + m.retries.Get()), Retries: int64(m.retries.Get()), P99: want.P99,
		Delivered: int64(m.delivered.Get()), Exhausted: int64(m.exhausted.Get()),
		Checked: int64(m.valid.Get() + m.invalid.Get()), Invalid: int64(m.invalid.Get())}
	if got != want {
		t.Errorf("the counters say %+v\nthe history %+v", got, want)
	}
}
