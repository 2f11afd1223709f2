package ui

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/senders"
)

// Watch counts the webhooks of a listener for its footer. It is safe for concurrent use.
type Watch struct {
	Depth func() int64 // number of webhooks waiting to be forwarded; nil: no queue

	mu      sync.Mutex
	counts  Counts
	answers *hdrhistogram.Histogram // in µs
	again   *senders.Repeats

	received, invalid, failed, duplicates int            // of the footer, without handshakes
	refused                               map[int64]bool // webhooks whose last answer was not 2xx, by the first exchange
}

// NewWatch returns an empty Watch.
func NewWatch() *Watch {
	return &Watch{again: senders.NewRepeats(), refused: map[int64]bool{},
		answers: hdrhistogram.New(1, time.Hour.Microseconds(), 2)}
}

// Counts are the numbers of a listener's summary. Received does not include filtered webhooks.
type Counts struct {
	Received int
	Accepted int // counted by --count: valid ones, or unchecked ones if the listener checks none
	Beside   int // unchecked although the listener checks others
	Greeted  int // handshakes
	Filtered int
	Repeated int // duplicates
	Invalid  int

	Delivered int // from the queue
	Ran       int // commands of the queue that succeeded
	GivenUp   int // deliveries and commands of the queue
}

// Summary says what a listener did.
func (c Counts) Summary() string {
	text := Count(c.Received, "webhook") + " received"
	if c.Greeted > 0 {
		text += ", " + Count(c.Greeted, "handshake")
	}
	if c.Repeated > 0 {
		text += ", " + Count(c.Repeated, "duplicate")
	}
	for _, part := range []struct {
		n    int
		what string
	}{
		{c.Filtered, "filtered out"}, {c.Invalid, "with a bad signature"}, {c.Delivered, "delivered from the queue"},
		{c.Ran, "processed from the queue"}, {c.GivenUp, "given up"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return text
}

// Untyped says that the webhooks of a scheme name no event type; "" is no known scheme.
func Untyped(scheme string) string {
	if scheme == "" {
		return "webhooks of no known scheme name no event type"
	}
	return "webhooks of scheme " + scheme + " name no event type"
}

func (c *Counts) add(x *Hook, isBeside bool) {
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
	if _, again := x.Marked(record.Duplicate); again && !x.Again {
		c.Repeated++
	}
}

// Counts returns the counts so far.
func (w *Watch) Counts() Counts {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts
}

// Worked counts a delivery or command of the queue that has ended. x is its last exchange, nil when it was given up.
func (w *Watch) Worked(x *record.Exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case x == nil:
		w.counts.GivenUp++
	case x.Run != nil && x.Run.Exit == 0:
		w.counts.Ran++
	case x.Run == nil && x.Outcome() == record.Delivered:
		w.counts.Delivered++
	}
}

// LeftOut counts a filtered webhook that is neither recorded nor shown.
func (w *Watch) LeftOut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.Filtered++
}

// maxRefused bounds how many refused webhooks are remembered.
const maxRefused = 10_000

// follow notes whether a webhook was refused, and whether it follows a refusal of the same.
func (w *Watch) follow(h *Hook) {
	of, again := h.Marked(record.Duplicate)
	h.Again = again && w.refused[of]
	switch {
	case !again:
		of = h.ID
	case h.Status()/100 == 2:
		delete(w.refused, of)
	}
	if h.Status()/100 == 2 || h.Verdict.Status == record.Invalid {
		return
	}
	if len(w.refused) >= maxRefused {
		clear(w.refused)
	}
	w.refused[of] = true
}

// Answered counts an answered webhook, and sets its Again; the footer does not count handshakes. isBeside says that it
// was not checked although the listener checks others.
func (w *Watch) Answered(h *Hook, isBeside bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.follow(h)
	w.counts.add(h, isBeside)
	if h.Handshake != "" {
		return
	}
	w.received++
	if h.Verdict.Status == record.Invalid {
		w.invalid++
	}
	if h.Err != nil || h.Outcome() == record.Failed {
		w.failed++
	}
	if _, repeats := h.Marked(record.Duplicate); repeats && !h.Again {
		w.duplicates++
	}
	_ = w.answers.RecordValue(min(h.Took.Microseconds(), time.Hour.Microseconds())) // cannot be out of range
	w.again.See(h.WebhookID, h.Request.Body, h.ID)
}

// Repeated returns the exchanges of the webhooks whose id or body was received more than once.
func (w *Watch) Repeated() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.again.Exchanges()
}

// Text returns the footer: the counts, the most important first, without rare ones that are 0.
func (w *Watch) Text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	parts := []string{
		fmt.Sprintf("%d received", w.received), fmt.Sprintf("%d invalid", w.invalid), fmt.Sprintf("%d failed", w.failed),
	}
	at := func(percent float64) time.Duration {
		return time.Duration(w.answers.ValueAtPercentile(percent)) * time.Microsecond
	}
	if w.received > 0 && at(99) > 0 {
		parts = append(parts, "p50 "+Duration(at(50)), "p99 "+Duration(at(99)))
	}
	if w.duplicates > 0 {
		parts = append(parts, Count(w.duplicates, "duplicate"))
	}
	if w.Depth != nil {
		if waiting := w.Depth(); waiting > 0 {
			parts = append(parts, fmt.Sprintf("%d waiting", waiting))
		}
	}
	return strings.Join(parts, "  ")
}
