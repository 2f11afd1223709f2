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
	set.Var(&f.ForwardTo, "forward-to", "hand each webhook to the app at this `URL` or :PORT and answer as it does; "+
		"given again, the further apps get a copy, and what they answer is compared")
	set.StringVar(&f.Mode, "mode", ModeSync, "sync (wait for the app and answer as it does) or ack (answer 200 once it "+
		"is durable, forward afterwards)")
	set.BoolVar(&f.Queue, "queue", false, "keep what the app does not take, answer 202, and deliver it when the "+
		"app is back")
	set.IntVar(&f.Concurrency, "concurrency", 4, "how many queued webhooks an app gets at a time, if their "+
		"order allows it")
	f.Ordered = Order{By: wholeRoute}
	set.Var(&f.Ordered, "ordered", "deliver queued webhooks one after the other: route (all of a route), false, "+
		"header:NAME or a jq `expression` over the body that gives a key: .customer")
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
		return fail.Usage("--mode %q is neither sync nor ack", f.Mode).Hint("--mode ack")
	case f.Concurrency < 1:
		return fail.Usage("--concurrency %d must be at least 1", f.Concurrency)
	}
	return nil
}
