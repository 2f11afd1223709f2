package commands

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/units"
)

// limitFlags bound what is sent to each endpoint.
type limitFlags struct {
	perEndpoint int
	rate        rateValue
	breaker     breakerValue
}

func (f *limitFlags) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.perEndpoint, "per-endpoint", 4, "how many messages an endpoint (host and port) gets at a time; 0 is any number")
	flags.Var(&f.rate, "rate", "how many attempts an endpoint gets in a time, such as `10/s`, 600/m or 100/5s")
	f.breaker = breakerValue{failures: 5, cooldown: 30 * time.Second}
	f.breaker.addFlag(cmd)
}

// limits are the flags as the sender takes them.
func (f *limitFlags) limits(sh *shell) *deliver.Limits {
	l := sh.limits(f.breaker)
	l.AtOnce, l.Rate = f.perEndpoint, rate.Limit(f.rate.PerSecond())
	return l
}

// limits say on stderr, and in the JSON, when an endpoint is given a rest and when it is well again.
func (sh *shell) limits(b breakerValue) *deliver.Limits {
	return &deliver.Limits{Failures: b.failures, Cooldown: b.cooldown,
		Changed: func(endpoint string, resting bool) { sh.tellResting(endpoint, resting, b) }}
}

func (sh *shell) tellResting(endpoint string, resting bool, b breakerValue) {
	domain, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		domain = endpoint
	}
	if sh.json {
		line := schema.NewBreaker(domain, time.Now())
		if resting {
			line.Open(b.failures, b.cooldown)
		}
		if err := sh.emit(line); err != nil {
			sh.note("warning: %v", err)
		}
	}
	if resting {
		sh.note("%s has failed %d times in a row: nothing is sent to it for %s, then one attempt; what is due waits", endpoint, b.failures, units.FormatDuration(b.cooldown))
		return
	}
	sh.note("%s answers again: what waited is sent", endpoint)
}

// breakerValue is after how many failures in a row an endpoint is given a rest, and for how long: 5/30s, or off.
type breakerValue struct {
	failures int // 0: off
	cooldown time.Duration
}

func (v *breakerValue) addFlag(cmd *cobra.Command) {
	cmd.Flags().Var(v, "breaker", "after so many failures in a row send nothing to an endpoint for a time, then try with one: `5/30s`, or off")
	complete(cmd, "breaker", func(string) []string { return []string{"5/30s", "off"} })
}

func (v *breakerValue) String() string {
	if v.failures == 0 {
		return "off"
	}
	return strconv.Itoa(v.failures) + "/" + units.FormatDuration(v.cooldown)
}

func (v *breakerValue) Type() string { return "breaker" }

// Set reads a breaker.
func (v *breakerValue) Set(s string) error {
	if s == "off" {
		*v = breakerValue{}
		return nil
	}
	count, text, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(count)
	d, durationErr := units.ParseDuration(text)
	if err != nil || durationErr != nil || n < 1 || d <= 0 {
		return fmt.Errorf("%q is not failures and a time such as 5/30s, nor off", s)
	}
	*v = breakerValue{failures: n, cooldown: d}
	return nil
}
