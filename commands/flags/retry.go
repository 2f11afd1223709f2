package flags

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/provider"
)

// Retry is the policy of a delivery. It means the same in send, replay and the queue of listen.
type Retry struct {
	policy                   deliver.Policy // without what is in the texts
	backoff, jitter, retryOn string
	schedule                 string
	until2xx                 bool
	ConnectIn                time.Duration

	// Once makes one attempt the default: only retries on the command line ask for more. It is set before AddFlags.
	Once bool

	// Provider is the provider of --as, nil without the flag. Override is what the endpoint's URL changes in its policy.
	Provider *provider.Provider
	Override provider.Override
}

// AddFlags adds the flags to a command, with the defaults of package deliver.
func (f *Retry) AddFlags(cmd *cobra.Command) {
	f.policy, f.ConnectIn = deliver.DefaultPolicy(), 5*time.Second
	set, p := cmd.Flags(), &f.policy
	if f.Once {
		p.Retries = 0
	}
	set.Var(Retries(&p.Retries), "retries", "`N` attempts after the first one, or unlimited")
	set.StringVar(&f.backoff, "backoff", "exponential", "how the waits grow: exponential, linear, constant, or a "+
		"`list` of waits: 1s,5s,30s,2m")
	set.Var(Duration(&p.Base), "base", "the first wait, from which the others grow")
	set.Var(Duration(&p.MaxDelay), "max-delay", "the longest wait between two attempts")
	set.StringVar(&f.jitter, "jitter", "full", "`how` to vary the waits: full (a random part of each) or none")
	set.StringVar(&f.retryOn, "retry-on", p.RetryOn.String(), "try again after these statuses and `failures`")
	set.Var(Duration(&p.Timeout), "timeout", "how long one attempt may take")
	set.Var(Duration(&f.ConnectIn), "connect-timeout", "how long connecting may take, with TLS")
	set.Var(Duration(&p.Deadline), "deadline", "how long all attempts and waits together may take")
	Complete(cmd, "backoff", func(string) []string { return []string{"exponential", "linear", "constant"} })
	f.addWaits(cmd)
	Complete(cmd, "retry-on", func(string) []string {
		return []string{p.RetryOn.String(), "5xx", "network", "429,5xx,network", "408", "425", "429"}
	})
	Complete(cmd, "jitter", func(string) []string { return []string{"full", "none"} })
}

// Policy checks the flags and returns them as one policy. A list of waits says how many retries there are, unless
// --retries does.
func (f *Retry) Policy(weight Weights) (p deliver.Policy, err error) {
	p = f.policy
	if p.Backoff, p.Schedule, err = deliver.ParseBackoff(f.backoff); err != nil {
		return p, fail.Usage("--backoff %q: %w", f.backoff, err).Hint("--backoff exponential, or a list of waits: " +
			"--backoff 1s,5s,30s")
	}
	if p.Backoff == deliver.Schedule && weight("retries") == 0 {
		p.Retries = len(p.Schedule)
	}
	if p.RetryOn, err = deliver.ParseRetryOn(f.retryOn); err != nil {
		return p, fail.Usage("--retry-on %q: %w", f.retryOn, err).Hint("--retry-on 408,425,429,5xx,network")
	}
	switch f.jitter {
	case "full":
	case "none":
		p.NoJitter = true
	default:
		return p, fail.Usage("invalid --jitter %q: choose full or none", f.jitter)
	}
	for _, limit := range []struct {
		flag string
		d    time.Duration
	}{{"timeout", p.Timeout}, {"deadline", p.Deadline}, {"connect-timeout", f.ConnectIn}} {
		if limit.d <= 0 {
			return p, fail.Usage("--%s %s must be more than 0", limit.flag, limit.d).Hintf("--%s 15s", limit.flag)
		}
	}
	if p, err = f.schedulePolicy(weight, p); err != nil {
		return p, err
	}
	if f.Once && !f.asksForMore(weight) {
		p.Retries = 0
	}
	if err := p.Validate(); err != nil {
		return p, fail.Usage("%w", err)
	}
	return p, nil
}

// asksForMore reports whether a flag on the command line says how often a delivery is tried: a number or a list of
// waits.
func (f *Retry) asksForMore(weight Weights) bool {
	return slices.ContainsFunc([]string{"retries", "backoff", "schedule", "until-2xx"}, func(flag string) bool {
		return weight(flag) == typedWeight && (flag != "backoff" || strings.ContainsAny(f.backoff, "0123456789"))
	})
}

// Over returns the policy that a message was queued with, changed by the flags of the command line. It makes one
// attempt, unless they ask for more.
func (f *Retry) Over(own deliver.Policy, weight Weights) (deliver.Policy, error) {
	typed := func(flag string) int {
		if weight(flag) < typedWeight {
			return 0
		}
		return typedWeight
	}
	given, err := f.Policy(typed)
	if err != nil || typed("schedule") > 0 || typed("until-2xx") > 0 {
		return given, err
	}
	overrule(typed, "", given, &own)
	if !f.asksForMore(typed) {
		own.Retries = 0
	}
	if typed("speed") > 0 {
		own.Speed = given.Speed
	}
	return own, nil
}
