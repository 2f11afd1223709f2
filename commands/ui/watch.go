package ui

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/senders"
)

// Watch counts the webhooks of a listener for its footer. Several goroutines may use it.
type Watch struct {
	Depth func() int64 // how many webhooks wait to be forwarded; nil: there is no queue

	mu      sync.Mutex
	counts  Counts
	tally   Tally
	answers *hdrhistogram.Histogram // in µs
	again   *senders.Repeats
}

// NewWatch returns a Watch that has seen nothing.
func NewWatch() *Watch {
	return &Watch{again: senders.NewRepeats(), answers: hdrhistogram.New(1, time.Hour.Microseconds(), 2)}
}

// Counts are how many requests were answered, by what a listener's summary calls them. What was filtered out was not
// asked for and is no webhook received.
type Counts struct {
	Received int
	Accepted int // of these, what --count counts: valid, or unchecked where that is meant
	Beside   int // of these, unchecked although this listener checks others
	Greeted  int // handshakes
	Filtered int
	Repeated int // duplicates
	Invalid  int
}

func (c *Counts) add(x *record.Exchange, isBeside bool) {
	_, isFiltered := x.Marked(record.Filtered)
	_, isUndecided := x.Marked(record.Undecided)
	isInvalid := x.Verdict.Status == record.Invalid
	switch {
	case x.Handshake != "":
		c.Greeted++
	case isFiltered:
		c.Filtered++
	default:
		c.Received++
		switch {
		case isInvalid || isUndecided:
		case isBeside:
			c.Beside++
		default:
			c.Accepted++
		}
	}
	if isInvalid {
		c.Invalid++
	}
	if _, again := x.Marked(record.Duplicate); again {
		c.Repeated++
	}
}

// Counts returns what was counted so far.
func (w *Watch) Counts() Counts {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts
}

// LeftOut counts a webhook that was filtered out and is neither recorded nor shown.
func (w *Watch) LeftOut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.Filtered++
}

// Answered counts what was answered; the footer does not count handshakes. isBeside says that it was not checked
// although this listener checks others.
func (w *Watch) Answered(h *Hook, isBeside bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.add(h.Exchange, isBeside)
	if h.Handshake != "" {
		return
	}
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
