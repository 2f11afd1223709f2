package schema

import (
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/webhooks"
)

// Stats is what barb stats prints. Retries, latencies, statuses and errors are of exchanges; webhooks and deliveries
// are of webhooks, as barb history lists them.
type Stats struct {
	Schema        int              `json:"schema"`
	Exchanges     int64            `json:"exchanges"`
	Sent          int64            `json:"sent"`
	Received      int64            `json:"received"`
	Webhooks      int64            `json:"webhooks"`
	Deliveries    int64            `json:"deliveries"`
	Delivered     int64            `json:"delivered"`
	Exhausted     int64            `json:"exhausted"`
	Open          int64            `json:"open"`
	SuccessRate   float64          `json:"success_rate"` // of the deliveries that ended; 0 without any
	Retries       int64            `json:"retries"`
	BadSignatures int64            `json:"bad_signatures"`
	SentMS        Latency          `json:"sent_latency_ms"`
	ReceivedMS    Latency          `json:"received_latency_ms"`
	ByStatus      map[int]int64    `json:"by_status"`
	ByError       map[string]int64 `json:"by_error"`

	ByOutcome map[webhooks.State]int64 `json:"by_outcome"` // webhooks

	Queue   map[store.QueueState]int64 `json:"queue"` // of the whole history: the filters do not apply
	Figures []Figure                   `json:"figures"`
	OverMS  int64                      `json:"figures_over_ms"`
}

// Latency holds percentiles in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// NewStats returns the statistics of a history with the depth of its queue and its six figures.
func NewStats(s store.Stats, c *webhooks.Counts, queue map[store.QueueState]int64, r *health.Report) Stats {
	out := Stats{Schema: 1, Exchanges: s.Total, Sent: s.Sent, Received: s.Received,
		Webhooks: c.Total, ByOutcome: c.ByState,
		Deliveries: c.Deliveries, Delivered: c.Delivered, Exhausted: c.Exhausted, Open: c.Open,
		SuccessRate: c.SuccessRate, Retries: s.Retries, BadSignatures: s.BadSignatures,
		SentMS: newLatency(s.SentLatency), ReceivedMS: newLatency(s.ReceivedLatency),
		ByStatus: s.ByStatus, ByError: s.ByFailure, Queue: queue, OverMS: r.Over.Milliseconds()}
	for i := range r.Figures {
		out.Figures = append(out.Figures, newFigure(&r.Figures[i]))
	}
	return out
}

func newLatency(l store.Latency) Latency {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return Latency{ms(l.P50), ms(l.P95), ms(l.P99), ms(l.Max)}
}
