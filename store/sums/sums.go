// Package sums adds exchanges up: deliveries, answers, latencies. It reads none of them.
package sums

import (
	"slices"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Stats sums exchanges up. A delivery is a first attempt with its retries.
type Stats struct {
	Total, Sent, Received                  int64
	Deliveries, Delivered, Exhausted, Open int64   // Open: another attempt was announced, or one never ended
	SuccessRate                            float64 // Delivered of those that are not Open, 0 to 1; 0 when there are none
	Retries                                int64   // attempts after a first one
	BadSignatures                          int64   // received with an invalid signature
	SentLatency, ReceivedLatency           Latency
	ByStatus                               map[int]int64
	ByFailure                              map[string]int64 // by record.FailureKind
}

// Latency is how long exchanges took that ended; zero when none did.
type Latency struct{ P50, P95, P99, Max time.Duration }

// New returns an empty Tally.
func New() *Tally {
	return &Tally{Stats: Stats{ByStatus: map[int]int64{}, ByFailure: map[string]int64{}}, last: map[int64]record.Outcome{}}
}

// Tally sums up exchanges, of which a first attempt comes before its retries. Make one with New.
type Tally struct {
	Stats
	last           map[int64]record.Outcome // of deliveries not known to be delivered, by the id of the first attempt
	sent, received []time.Duration
}

// Add counts an exchange.
func (t *Tally) Add(x *record.Exchange) {
	if x.Outcome() == record.Queued { // nothing was sent yet; its attempts will count
		return
	}
	t.Total++
	if status := x.Status(); status != 0 {
		t.ByStatus[status]++
	}
	if kind := x.FailureKind(); kind != "" {
		t.ByFailure[string(kind)]++
	}
	if x.Kind == record.Received {
		t.addReceived(x)
	} else {
		t.addSent(x)
	}
}

func (t *Tally) addReceived(x *record.Exchange) {
	t.Received++
	if x.Verdict.Status == record.Invalid {
		t.BadSignatures++
	}
	if x.Ended {
		t.received = append(t.received, x.Took)
	}
}

// addSent judges a delivery by its last attempt so far.
func (t *Tally) addSent(x *record.Exchange) {
	t.Sent++
	if x.Ended {
		t.sent = append(t.sent, x.Took)
	}
	first := x.ID
	if x.Attempt > 1 {
		t.Retries++
		first = x.Thread
	}
	if _, known := t.last[first]; !known {
		t.Deliveries++
	}
	if x.Outcome() == record.Delivered { // no attempt follows it, so it need not be remembered
		t.Delivered++
		delete(t.last, first)
		return
	}
	t.last[first] = x.Outcome()
}

// Sum returns the sums. Nothing may be added afterwards.
func (t *Tally) Sum() Stats {
	for _, outcome := range t.last {
		if outcome == record.Failed {
			t.Exhausted++
		} else {
			t.Open++
		}
	}
	if ended := t.Delivered + t.Exhausted; ended > 0 {
		t.SuccessRate = float64(t.Delivered) / float64(ended)
	}
	t.SentLatency, t.ReceivedLatency = latency(t.sent), latency(t.received)
	return t.Stats
}

// latency sorts all. A percentile is the smallest value that so many percent do not exceed.
func latency(all []time.Duration) Latency {
	if len(all) == 0 {
		return Latency{}
	}
	slices.Sort(all)
	at := func(percent int) time.Duration { return all[(len(all)*percent+99)/100-1] }
	return Latency{P50: at(50), P95: at(95), P99: at(99), Max: all[len(all)-1]}
}
