package ui

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/senders"
)

// Watch counts the webhooks of a listener for its footer. Several goroutines may use it.
type Watch struct {
	Depth func() int64 // how many webhooks wait to be forwarded; nil: there is no queue

	open atomic.Int64 // recorded and not answered

	mu      sync.Mutex
	tally   Tally
	answers *hdrhistogram.Histogram // in µs
	again   *senders.Repeats
}

// NewWatch returns a Watch that has seen nothing.
func NewWatch() *Watch {
	return &Watch{again: senders.NewRepeats(), answers: hdrhistogram.New(1, time.Hour.Microseconds(), 2)}
}

// Begin notes that a webhook is recorded and not answered yet.
func (w *Watch) Begin() { w.open.Add(1) }

// UnderWay returns how many webhooks are recorded and not answered.
func (w *Watch) UnderWay() int { return int(w.open.Load()) }

// End counts a webhook that was answered. begun says whether Begin was called for it. Handshakes are not counted.
func (w *Watch) End(h *Hook, begun bool) {
	if begun {
		w.open.Add(-1)
	}
	if h.Handshake != "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tally.Received++
	if h.Verdict.Status == record.Invalid {
		w.tally.Invalid++
	}
	if h.Err != nil || h.Outcome() == record.Failed {
		w.tally.Failed++
	}
	if _, repeats := h.Marked(record.Duplicate); repeats {
		w.tally.Duplicates++
	}
	_ = w.answers.RecordValue(min(h.Took.Microseconds(), time.Hour.Microseconds())) // cannot be out of range
	w.again.See(h.WebhookID, h.Request.Body, h.ID)
}

// Repeated returns the exchanges of the webhooks whose id or body came more than once.
func (w *Watch) Repeated() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.again.Exchanges()
}

// Text returns what the footer says.
func (w *Watch) Text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tally
	if t.Received > 0 {
		at := func(percent float64) time.Duration {
			return time.Duration(w.answers.ValueAtPercentile(percent)) * time.Microsecond
		}
		t.P50, t.P99 = at(50), at(99)
	}
	if w.Depth != nil {
		t.Waiting = w.Depth()
	}
	return t.String()
}
