package flags

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/store/health"
)

// Thresholds says beyond which value each of the six figures is a breach, and over which time they are taken.
type Thresholds struct {
	Over   time.Duration
	Limits health.Limits
}

// AddFlags adds the flags to a command, with the thresholds that the project began with. At least twenty samples are
// needed, since of fewer a single failure would be a breach of 95 %.
func (f *Thresholds) AddFlags(cmd *cobra.Command) {
	f.Over = 5 * time.Minute
	f.Limits = health.Limits{MinSamples: 20, MinSuccess: .95, MaxP99: 10 * time.Second, MaxQueue: 10_000,
		MaxSignatureFailures: .01, MaxRetryRate: .20}
	set, l := cmd.Flags(), &f.Limits
	set.Var(Duration(&f.Over), "over", "compute the six figures over this `time`, until now or --until")
	set.Var(Count(&l.MinSamples), "min-samples", "do not judge a rate or latency of fewer than `N`")
	set.Var(Percent(&l.MinSuccess), "min-success", "success_rate: at least this `part` of the deliveries that "+
		"ended got a 2xx")
	set.Var(Duration(&l.MaxP99), "max-p99", "p99_latency: 99 of 100 attempts take at most this `time`")
	set.Var(Count(&l.MaxQueue), "max-queue", "queue_depth: at most `N` entries wait in the queue")
	set.Var(Percent(&l.MaxSignatureFailures), "max-signature-failures",
		"signature_failures: at most this `part` of the signatures that were checked is bad")
	set.Var(Percent(&l.MaxRetryRate), "max-retry-rate", "retry_rate: at most this `part` of the attempts is retries")
	set.Var(Count(&l.MaxDeadLetters), "max-dead-letters", "dead_letters: at most `N` entries were given up within --over")
}
