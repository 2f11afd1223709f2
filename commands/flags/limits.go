package flags

import (
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"github.com/barbhq/barb/deliver"
)

// Limits bound what is sent to each endpoint.
type Limits struct {
	PerEndpoint int
	rate        deliver.Rate
	Breaker     Breaker
}

// AddFlags adds the flags to a command.
func (f *Limits) AddFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.IntVar(&f.PerEndpoint, "per-endpoint", 4, "send `N` messages to an endpoint (host and port) at the same time; "+
		"0: no limit")
	set.Var(Rate(&f.rate), "rate", "make at most this many attempts to an endpoint: `10/s`, 600/m or 100/5s")
	f.Breaker = Breaker{Failures: 5, Cooldown: 30 * time.Second}
	f.Breaker.AddFlag(cmd)
}

// NewLimits returns the limits as package deliver keeps them. changed is called with the breaker when it pauses an
// endpoint and when the endpoint answers again.
func (f *Limits) NewLimits(changed func(endpoint string, resting bool, b Breaker)) *deliver.Limits {
	return &deliver.Limits{Failures: f.Breaker.Failures, Cooldown: f.Breaker.Cooldown,
		AtOnce: f.PerEndpoint, Rate: rate.Limit(f.rate.PerSecond()),
		Changed: func(endpoint string, resting bool) { changed(endpoint, resting, f.Breaker) }}
}
