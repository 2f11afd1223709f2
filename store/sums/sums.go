// Package sums adds exchanges up: attempts, answers, latencies. It reads none of them.
package sums

import (
	"slices"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Stats sums exchanges up.
type Stats struct {
	Total, Sent, Received        int64
	Retries                      int64 // attempts after a first one
	BadSignatures                int64 // received with an invalid signature
	SentLatency, ReceivedLatency Latency
	ByStatus                     map[int]int64
	ByFailure                    map[string]int64 // by record.FailureKind
}

// Latency is how long exchanges took that ended; zero when none did.
type Latency struct{ P50, P95, P99, Max time.Duration }

// New returns an empty Tally.
func New() *Tally {
	return &Tally{Stats: Stats{ByStatus: map[int]int64{}, ByFailure: map[string]int64{}}}
}

// Tally sums up exchanges. Make one with New.
type Tally struct {
	Stats
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

func (t *Tally) addSent(x *record.Exchange) {
	t.Sent++
	if x.Ended {
		t.sent = append(t.sent, x.Took)
	}
	if x.Attempt > 1 {
		t.Retries++
	}
}

// Sum returns the sums. Nothing may be added afterwards.
func (t *Tally) Sum() Stats {
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
