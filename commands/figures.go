package commands

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
)

// The six figures. Their names stand in the output, in the JSON, in the man page and, as metrics, in docs/alerts.yml.
const (
	successRate       = "success_rate"
	p99Latency        = "p99_latency"
	queueDepth        = "queue_depth"
	signatureFailures = "signature_failures"
	retryRate         = "retry_rate"
	deadLetterCount   = "dead_letters"
)

// thresholdFlags say what of the six figures is too much, and over which time they are taken.
type thresholdFlags struct {
	over                      ageValue
	minSamples                countValue
	minSuccess                percentValue
	maxP99                    ageValue
	maxQueue, maxDeadLetters  countValue
	maxSignatures, maxRetries percentValue
}

// defaultThresholds are those of the seed of the project. With fewer than twenty samples a single failure would be a
// breach of 95 %.
func defaultThresholds() thresholdFlags {
	return thresholdFlags{over: ageValue(5 * time.Minute), minSamples: 20, minSuccess: .95, maxP99: ageValue(10 * time.Second), maxQueue: 10_000,
		maxSignatures: .01, maxRetries: .20}
}

func (f *thresholdFlags) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&f.over, "over", "take the six figures over this `time` until now, or until --until")
	flags.Var(&f.minSamples, "min-samples", "do not judge a rate or a latency of fewer than `N`")
	flags.Var(&f.minSuccess, "min-success", "success_rate: at least this `part` of the deliveries that ended got a 2xx")
	flags.Var(&f.maxP99, "max-p99", "p99_latency: 99 of 100 attempts take at most this `time`")
	flags.Var(&f.maxQueue, "max-queue", "queue_depth: at most `N` wait in the queue")
	flags.Var(&f.maxSignatures, "max-signature-failures", "signature_failures: at most this `part` of what was received and checked is badly signed")
	flags.Var(&f.maxRetries, "max-retry-rate", "retry_rate: at most this `part` of the attempts are retries")
	flags.Var(&f.maxDeadLetters, "max-dead-letters", "dead_letters: at most `N` died in the queue within --over")
}

// figureState says how a figure fared.
type figureState string

const (
	figureOK     figureState = "ok"
	figureBreach figureState = "breach"
	figureFew    figureState = "few" // not judged: too few samples
)

// figure is one of the six, judged. Ratios are from 0 to 1, latencies in ms; its JSON names are a contract.
type figure struct {
	Name      string      `json:"figure"`
	Value     *float64    `json:"value"` // null when there are no samples
	Unit      string      `json:"unit"`  // ratio, ms or count
	Threshold float64     `json:"threshold"`
	Samples   *int64      `json:"samples,omitempty"` // of a ratio or a latency
	State     figureState `json:"state"`

	of    string // what the samples are
	below bool   // too little is what is bad
}

// judge makes the six figures, in the order of the seed.
func (f *thresholdFlags) judge(got store.Figures) []figure {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	few := int64(f.minSamples)
	return []figure{
		sampled(few, figure{Name: successRate, Unit: "ratio", Threshold: float64(f.minSuccess), below: true, of: "delivery"}, float64(got.Delivered), got.Delivered+got.Exhausted),
		sampled(few, figure{Name: p99Latency, Unit: "ms", Threshold: ms(time.Duration(f.maxP99)), of: "attempt"}, ms(got.P99), got.Attempts),
		counted(figure{Name: queueDepth, Threshold: float64(f.maxQueue)}, got.Waiting),
		sampled(few, figure{Name: signatureFailures, Unit: "ratio", Threshold: float64(f.maxSignatures), of: "signature"}, float64(got.Invalid), got.Checked),
		sampled(few, figure{Name: retryRate, Unit: "ratio", Threshold: float64(f.maxRetries), of: "attempt"}, float64(got.Retries), got.Attempts),
		counted(figure{Name: deadLetterCount, Threshold: float64(f.maxDeadLetters)}, got.Dead),
	}
}

// sampled judges a ratio, value of n, or a latency of n.
func sampled(few int64, f figure, value float64, n int64) figure {
	f.Samples, f.State = &n, figureFew
	if n == 0 {
		return f
	}
	if f.Unit == "ratio" {
		value /= float64(n)
	}
	f.Value = &value
	if n >= few {
		f.State = f.verdict()
	}
	return f
}

func counted(f figure, n int64) figure {
	value := float64(n)
	f.Unit, f.Value = "count", &value
	f.State = f.verdict()
	return f
}

func (f *figure) verdict() figureState {
	if f.below && *f.Value < f.Threshold || !f.below && *f.Value > f.Threshold {
		return figureBreach
	}
	return figureOK
}

// value is the figure for people, with as many digits as it takes to tell it from the threshold.
func (f *figure) value() string {
	if f.Value == nil {
		return "–"
	}
	text := f.text(*f.Value, 1)
	for digits := 2; digits < 5 && *f.Value != f.Threshold && text == f.text(f.Threshold, digits-1); digits++ {
		text = f.text(*f.Value, digits)
	}
	return text
}

// limit is what would be a breach: "< 95 %".
func (f *figure) limit() string {
	sign := "> "
	if f.below {
		sign = "< "
	}
	if f.Unit == "ratio" {
		return sign + strconv.FormatFloat(f.Threshold*100, 'g', 6, 64) + " %"
	}
	return sign + f.text(f.Threshold, 1)
}

func (f *figure) text(value float64, digits int) string {
	switch f.Unit {
	case "ratio":
		return strconv.FormatFloat(value*100, 'f', digits, 64) + " %"
	case "ms":
		if d := time.Duration(value * float64(time.Millisecond)); digits == 1 {
			return ui.Duration(d)
		} else {
			return d.Round(time.Millisecond).String()
		}
	}
	return strconv.FormatFloat(value, 'f', 0, 64)
}

// samples is "312 deliveries", "" where the figure is a count.
func (f *figure) samples() string {
	if f.Samples == nil {
		return ""
	}
	plural := map[string]string{"delivery": "deliveries"}[f.of]
	switch {
	case *f.Samples == 1:
		return "1 " + f.of
	case plural == "":
		plural = f.of + "s"
	}
	return strconv.FormatInt(*f.Samples, 10) + " " + plural
}

// line says a breach: success_rate 91.2 % < 95 % over 5m (312 deliveries).
func (f *figure) line(over string) string {
	text := f.Name + " " + f.value() + " " + f.limit()
	switch f.Name {
	case queueDepth:
		return text + " now (barb queue)"
	case deadLetterCount:
		return text + " in " + over + " (barb queue dead)"
	}
	return text + " over " + over + " (" + f.samples() + ")"
}

// countValue is a whole number from 0 on the command line.
type countValue int64

func (v *countValue) String() string { return strconv.FormatInt(int64(*v), 10) }

func (v *countValue) Type() string { return "number" }

// Set reads a whole number.
func (v *countValue) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a whole number from 0", s)
	}
	*v = countValue(n)
	return nil
}
