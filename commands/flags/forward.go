package flags

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
)

// Forward says how received webhooks get to the app.
type Forward struct {
	ForwardTo   Targets
	Mode        string
	Queue       bool
	Concurrency int
	Ordered     Order
	Breaker     Breaker
	Retry
}

// The values of --mode.
const (
	ModeSync = "sync"
	ModeAck  = "ack"
)

// The policy of a listener's queue: an app that is down comes back, and until then nothing is given up.
var forwardDefaults = [][2]string{{"retries", unlimited}, {"max-delay", "5s"}, {"timeout", "30s"},
	{"deadline", "3d"}}

// AddFlags adds the flags to a command.
func (f *Forward) AddFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.VarP(&f.ForwardTo, "forward-to", "f", "forward each webhook to this `URL` or :PORT and answer as the app does; "+
		"further ones get a copy (repeatable)")
	set.StringVar(&f.Mode, "mode", ModeSync, "`when` to answer: sync (as soon as the app has answered) or ack (at once; "+
		"the app gets it afterwards)")
	set.BoolVar(&f.Queue, "queue", false, "when the app fails, answer 202 and deliver the webhook later")
	set.IntVar(&f.Concurrency, "concurrency", 4, "forward `N` queued webhooks to an app at the same time")
	f.Ordered = Order{By: wholeRoute}
	set.Var(&f.Ordered, "ordered", "deliver queued webhooks in order: route (all of a route), false, header:NAME or a "+
		"jq `expression` that yields a key of the body: .customer")
	set.Lookup("ordered").NoOptDefVal = wholeRoute
	f.Breaker = Breaker{Failures: 5, Cooldown: 5 * time.Second}
	f.Breaker.AddFlag(cmd)
	f.Retry.AddFlags(cmd)
	for _, d := range forwardDefaults {
		flag := set.Lookup(d[0])
		if err := flag.Value.Set(d[1]); err != nil {
			panic(err) // a constant of this file
		}
		flag.DefValue = flag.Value.String()
	}
	Complete(cmd, "mode", func(string) []string { return []string{ModeAck, ModeSync} })
	Complete(cmd, "ordered", func(string) []string { return []string{wholeRoute, "false", "header:", "."} })
}

// Queues reports whether webhooks are forwarded by way of the queue.
func (f *Forward) Queues() bool { return f.Queue || f.Mode == ModeAck }

// Check refuses values that mean nothing.
func (f *Forward) Check() error {
	switch {
	case f.Mode != ModeSync && f.Mode != ModeAck:
		return fail.Usage("invalid --mode %q: choose sync or ack", f.Mode).Hint("--mode ack")
	case f.Concurrency < 1:
		return fail.Usage("--concurrency %d must be at least 1", f.Concurrency)
	}
	return nil
}
