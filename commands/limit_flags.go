package commands

import (
	"net"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/units"
)

// limitFlags bound what is sent to each endpoint.
type limitFlags struct {
	perEndpoint int
	rate        flags.Rate
	breaker     flags.Breaker
}

func (f *limitFlags) addFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.IntVar(&f.perEndpoint, "per-endpoint", 4, "how many messages an endpoint (host and port) gets at a time; 0 "+
		"is any number")
	set.Var(&f.rate, "rate", "how many attempts an endpoint gets in a time, such as `10/s`, 600/m or 100/5s")
	f.breaker = flags.Breaker{Failures: 5, Cooldown: 30 * time.Second}
	f.breaker.AddFlag(cmd)
}

// limits are the flags as the sender takes them.
func (f *limitFlags) limits(sh *shell) *deliver.Limits {
	l := sh.limits(f.breaker)
	l.AtOnce, l.Rate = f.perEndpoint, rate.Limit(f.rate.PerSecond())
	return l
}

// limits say on stderr, and in the JSON, when an endpoint is given a rest and when it is well again.
func (sh *shell) limits(b flags.Breaker) *deliver.Limits {
	return &deliver.Limits{Failures: b.Failures, Cooldown: b.Cooldown,
		Changed: func(endpoint string, resting bool) { sh.tellResting(endpoint, resting, b) }}
}

func (sh *shell) tellResting(endpoint string, resting bool, b flags.Breaker) {
	domain, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		domain = endpoint
	}
	if sh.json {
		line := schema.NewBreaker(domain, sh.Now())
		if resting {
			line.Open(b.Failures, b.Cooldown)
		}
		if err := sh.emit(line); err != nil {
			sh.note("warning: %v", err)
		}
	}
	if resting {
		sh.note("%s has failed %d times in a row: nothing is sent to it for %s, then one attempt; what is due waits",
			endpoint, b.Failures, units.FormatDuration(b.Cooldown))
		return
	}
	sh.note("%s answers again: what waited is sent", endpoint)
}
