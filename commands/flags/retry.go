package flags

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver"
)

// Retry is the policy of a delivery. It means the same in send, replay and the queue of listen.
type Retry struct {
	Retries   int
	Backoff   string
	Base      time.Duration
	MaxDelay  time.Duration
	Jitter    string
	RetryOn   string
	Timeout   time.Duration
	Deadline  time.Duration
	ConnectIn time.Duration
	Waits
}

// AddFlags adds the flags to a command, with the defaults of package deliver.
func (f *Retry) AddFlags(cmd *cobra.Command) {
	d := deliver.DefaultPolicy()
	set := cmd.Flags()
	f.Retries = d.Retries
	set.Var(Retries(&f.Retries), "retries", "attempts after the first one, or unlimited")
	set.StringVar(&f.Backoff, "backoff", "exponential", "exponential, linear, constant or a `list` of waits: "+
		"1s,5s,30s,2m,10m")
	f.Base, f.MaxDelay, f.Timeout, f.ConnectIn, f.Deadline = d.Base, d.MaxDelay, d.Timeout, 5*time.Second, d.Deadline
	set.Var(Duration(&f.Base), "base", "the unit of the waits")
	set.Var(Duration(&f.MaxDelay), "max-delay", "the longest wait between two attempts")
	set.StringVar(&f.Jitter, "jitter", "full", "full (a random part of the wait) or none")
	set.StringVar(&f.RetryOn, "retry-on", d.RetryOn.String(), "answers and `failures` that are tried again")
	set.Var(Duration(&f.Timeout), "timeout", "for one attempt")
	set.Var(Duration(&f.ConnectIn), "connect-timeout", "for connecting, with TLS")
	set.Var(Duration(&f.Deadline), "deadline", "for all attempts and waits")
	Complete(cmd, "backoff", func(string) []string { return []string{"exponential", "linear", "constant"} })
	f.addFlags(cmd)
	Complete(cmd, "jitter", func(string) []string { return []string{"full", "none"} })
}

// Policy checks the flags and returns them as one policy. A list of waits says how many retries there are, unless
// --retries does.
func (f *Retry) Policy(weight Weights) (p deliver.Policy, err error) {
	p = deliver.Policy{Retries: f.Retries, Base: f.Base, MaxDelay: f.MaxDelay, Timeout: f.Timeout, Deadline: f.Deadline}
	if p.Backoff, p.Schedule, err = deliver.ParseBackoff(f.Backoff); err != nil {
		return p, fail.Usage("--backoff %q: %w", f.Backoff, err).Hint("--backoff exponential, or a list of waits: " +
			"--backoff 1s,5s,30s")
	}
	if p.Backoff == deliver.Schedule && weight("retries") == 0 {
		p.Retries = len(p.Schedule)
	}
	if p.RetryOn, err = deliver.ParseRetryOn(f.RetryOn); err != nil {
		return p, fail.Usage("--retry-on %q: %w", f.RetryOn, err).Hint("--retry-on 408,425,429,5xx,network")
	}
	switch f.Jitter {
	case "full":
	case "none":
		p.NoJitter = true
	default:
		return p, fail.Usage("--jitter %q is neither full nor none", f.Jitter)
	}
	for _, limit := range []struct {
		flag string
		d    time.Duration
	}{{"timeout", f.Timeout}, {"deadline", f.Deadline}, {"connect-timeout", f.ConnectIn}} {
		if limit.d <= 0 {
			return p, fail.Usage("--%s %s is not more than 0", limit.flag, limit.d).Hintf("--%s 15s", limit.flag)
		}
	}
	if p, err = f.schedulePolicy(weight, p); err != nil {
		return p, err
	}
	if err := p.Validate(); err != nil {
		return p, fail.Usage("%w", err)
	}
	return p, nil
}
