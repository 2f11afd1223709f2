package metrics

import (
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Sent counts deliveries in the same way as barb stats: four of the six figures of barb stats follow from these
// counters. A nil *Sent counts nothing. Every counter exists from the start at 0, because Prometheus misses the first
// count of a counter that appears with it.
type Sent struct {
	set                  *registry
	firsts, retries      *counter
	delivered, exhausted *counter
	took                 *histogram
	commit               *histogram
	failed               *counter
}

// NewSent returns the counters of a command that delivers from a history, at 0. It sets history.Observe, so that the
// history reports its transactions to them.
func NewSent(version string, history *store.Store) *Sent {
	set := newRegistry()
	m := &Sent{set: set,
		firsts:    set.counter(`barb_attempts_total{retry="false"}`),
		retries:   set.counter(`barb_attempts_total{retry="true"}`),
		took:      set.histogram("barb_attempt_duration_seconds", buckets()),
		delivered: set.counter(`barb_deliveries_total{outcome="delivered"}`),
		exhausted: set.counter(`barb_deliveries_total{outcome="exhausted"}`),
		commit:    set.histogram("barb_store_commit_seconds", buckets()),
		failed:    set.counter("barb_store_commit_errors_total"),
	}
	for name, read := range gauges(history) {
		set.gauge(name, scraped(read))
	}
	set.gauge(fmt.Sprintf("barb_build_info{version=%q,goversion=%q}", version, runtime.Version()),
		func() float64 { return 1 })
	history.Observe = m.committed
	return m
}

// Attempt counts an ended attempt and, with the last attempt of a delivery, the outcome. An interrupted attempt does
// not count: it says nothing about the endpoint, and its delivery may go on.
func (m *Sent) Attempt(x *record.Exchange) {
	if m == nil || !x.Ended || x.FailureKind() == record.FailInterrupted {
		return
	}
	if x.Attempt > 1 {
		m.retries.inc()
	} else {
		m.firsts.inc()
	}
	m.took.update(x.Took.Seconds())
	switch x.Outcome() {
	case record.Delivered:
		m.delivered.inc()
	case record.Failed:
		m.exhausted.inc()
	default: // another attempt follows
	}
}

// committed counts a transaction of the history.
func (m *Sent) committed(took time.Duration, err error) {
	m.commit.update(took.Seconds())
	if err != nil {
		m.failed.inc()
	}
}

// buckets returns the bounds of the histograms in seconds, from a cached answer to the longest deadline of a provider.
func buckets() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60}
}

// ServeHTTP serves the counters at GET /metrics and nothing else.
func (m *Sent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/metrics":
		http.Error(w, "only /metrics is here", http.StatusNotFound)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	_ = m.set.write(w) // the client may have left
}
