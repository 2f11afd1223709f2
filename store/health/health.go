// Package health judges a history by six figures.
package health

import (
	"time"

	"github.com/barbhq/barb/store"
)

// The names of the six figures in the output, the JSON, the manual page and docs/alerts.yml.
const (
	SuccessRate       = "success_rate"
	P99Latency        = "p99_latency"
	QueueDepth        = "queue_depth"
	SignatureFailures = "signature_failures"
	RetryRate         = "retry_rate"
	DeadLetters       = "dead_letters"
)

// The units of figures.
const (
	Ratio        = "ratio" // from 0 to 1
	Milliseconds = "ms"
	Count        = "count"
)

// Limits are the values beyond which a figure is a breach. Rates are from 0 to 1.
type Limits struct {
	MinSamples               int64 // a rate or latency with fewer samples is not judged
	MinSuccess               float64
	MaxP99                   time.Duration
	MaxQueue, MaxDeadLetters int64
	MaxSignatureFailures     float64
	MaxRetryRate             float64
}

// State is the judgement on a figure.
type State string

// The states of a figure.
const (
	OK     State = "ok"
	Breach State = "breach"
	Few    State = "few" // not judged: too few samples
)

// Figure is one of the six figures with its judgement.
type Figure struct {
	Name      string
	Value     *float64 // in Unit; nil without samples
	Unit      string
	Threshold float64 // in Unit
	Samples   *int64  // number of samples of a rate or latency; nil for a count
	Of        string  // unit of a sample: "delivery", "attempt", "signature"
	Below     bool    // a value below the threshold is the breach, not one above it
	State     State
}

// Report holds the six figures of a time span.
type Report struct {
	Figures []Figure
	Over    time.Duration // the time span of the figures
}

// Judge judges the figures of a history over a time span.
func (l Limits) Judge(got store.Figures, over time.Duration) Report {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	rate := func(f Figure, n, of int64) Figure {
		f.Unit = Ratio
		return l.sampled(f, float64(n)/max(float64(of), 1), of)
	}
	return Report{Over: over, Figures: []Figure{
		rate(Figure{Name: SuccessRate, Threshold: l.MinSuccess, Below: true, Of: "delivery"},
			got.Delivered, got.Delivered+got.Exhausted),
		l.sampled(Figure{Name: P99Latency, Unit: Milliseconds, Threshold: ms(l.MaxP99), Of: "attempt"},
			ms(got.P99), got.Attempts),
		counted(Figure{Name: QueueDepth, Threshold: float64(l.MaxQueue)}, got.Waiting),
		rate(Figure{Name: SignatureFailures, Threshold: l.MaxSignatureFailures, Of: "signature"}, got.Invalid, got.Checked),
		rate(Figure{Name: RetryRate, Threshold: l.MaxRetryRate, Of: "attempt"}, got.Retries, got.Attempts),
		counted(Figure{Name: DeadLetters, Threshold: float64(l.MaxDeadLetters)}, got.Dead),
	}}
}

// sampled judges a rate or a latency of n samples.
func (l Limits) sampled(f Figure, value float64, n int64) Figure {
	f.Samples, f.State = &n, Few
	if n == 0 {
		return f
	}
	f.Value = &value
	if n >= l.MinSamples {
		f.State = f.verdict()
	}
	return f
}

// counted judges a count, which needs no samples.
func counted(f Figure, n int64) Figure {
	value := float64(n)
	f.Unit, f.Value = Count, &value
	f.State = f.verdict()
	return f
}

func (f *Figure) verdict() State {
	if f.Below && *f.Value < f.Threshold || !f.Below && *f.Value > f.Threshold {
		return Breach
	}
	return OK
}

// In returns the figures in a state, in their order.
func (r *Report) In(state State) (found []Figure) {
	for _, f := range r.Figures {
		if f.State == state {
			found = append(found, f)
		}
	}
	return found
}
