package flags

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/store/health"
)

// Thresholds says beyond which value each of the six figures is a breach, and over which time they are taken.
type Thresholds struct {
	Over                      Duration
	MinSamples                Count
	minSuccess                Percent
	maxP99                    Duration
	maxQueue, maxDeadLetters  Count
	maxSignatures, maxRetries Percent
}

// AddFlags adds the flags to a command, with the thresholds that the project began with. At least twenty samples are
// needed, since of fewer a single failure would be a breach of 95 %.
func (f *Thresholds) AddFlags(cmd *cobra.Command) {
	*f = Thresholds{Over: Duration(5 * time.Minute), MinSamples: 20, minSuccess: .95,
		maxP99: Duration(10 * time.Second), maxQueue: 10_000, maxSignatures: .01, maxRetries: .20}
	set := cmd.Flags()
	set.Var(&f.Over, "over", "take the six figures over this `time` until now, or until --until")
	set.Var(&f.MinSamples, "min-samples", "do not judge a rate or a latency of fewer than `N`")
	set.Var(&f.minSuccess, "min-success", "success_rate: at least this `part` of the deliveries that ended got a 2xx")
	set.Var(&f.maxP99, "max-p99", "p99_latency: 99 of 100 attempts take at most this `time`")
	set.Var(&f.maxQueue, "max-queue", "queue_depth: at most `N` wait in the queue")
	set.Var(&f.maxSignatures, "max-signature-failures", "signature_failures: at most this `part` of what was received "+
		"and checked is badly signed")
	set.Var(&f.maxRetries, "max-retry-rate", "retry_rate: at most this `part` of the attempts are retries")
	set.Var(&f.maxDeadLetters, "max-dead-letters", "dead_letters: at most `N` died in the queue within --over")
}

// Limits returns the thresholds as the figures are judged by them.
func (f *Thresholds) Limits() health.Limits {
	return health.Limits{MinSamples: int64(f.MinSamples), MinSuccess: float64(f.minSuccess),
		MaxP99:   time.Duration(f.maxP99),
		MaxQueue: int64(f.maxQueue), MaxDeadLetters: int64(f.maxDeadLetters),
		MaxSignatureFailures: float64(f.maxSignatures), MaxRetryRate: float64(f.maxRetries)}
}
