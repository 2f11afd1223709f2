package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// forwardFlags say how webhooks get to the app.
type forwardFlags struct {
	forwardTo   flags.Targets
	mode        string
	queue       bool
	concurrency int
	ordered     orderedValue
	breaker     flags.Breaker
	retryFlags
}

const (
	modeSync = "sync"
	modeAck  = "ack"
)

// The policy of a listener's queue: an app that is down comes back, and until then nothing is given up.
var forwardDefaults = [][2]string{{"retries", flags.Unlimited}, {"max-delay", "5s"}, {"timeout", "30s"},
	{"deadline", "3d"}}

func (f *forwardFlags) addFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.Var(&f.forwardTo, "forward-to", "hand each webhook to the app at this `URL` or :PORT and answer as it does; "+
		"given again, the further apps get a copy, and what they answer is compared")
	set.StringVar(&f.mode, "mode", modeSync, "sync (wait for the app and answer as it does) or ack (answer 200 once it "+
		"is durable, forward afterwards)")
	set.BoolVar(&f.queue, "queue", false, "keep what the app does not take, answer 202, and deliver it when the "+
		"app is back")
	set.IntVar(&f.concurrency, "concurrency", 4, "how many queued webhooks an app gets at a time, if their "+
		"order allows it")
	f.ordered = orderedValue{by: wholeRoute}
	set.Var(&f.ordered, "ordered", "deliver queued webhooks one after the other: route (all of a route), false, "+
		"header:NAME or a jq `expression` over the body that gives a key: .customer")
	set.Lookup("ordered").NoOptDefVal = wholeRoute
	f.breaker = flags.Breaker{Failures: 5, Cooldown: 5 * time.Second}
	f.breaker.AddFlag(cmd)
	f.retryFlags.addFlags(cmd)
	for _, d := range forwardDefaults {
		flag := set.Lookup(d[0])
		if err := flag.Value.Set(d[1]); err != nil {
			panic(err) // a constant of this file
		}
		flag.DefValue = flag.Value.String()
	}
	flags.Complete(cmd, "mode", func(string) []string { return []string{modeAck, modeSync} })
	flags.Complete(cmd, "ordered", func(string) []string { return []string{wholeRoute, "false", "header:", "."} })
}

// queues reports whether webhooks are forwarded by way of the queue.
func (f *forwardFlags) queues() bool { return f.queue || f.mode == modeAck }

func (f *forwardFlags) checkForwarding() error {
	switch {
	case f.mode != modeSync && f.mode != modeAck:
		return fail.Usage("--mode %q is neither sync nor ack", f.mode).Hint("--mode ack")
	case f.concurrency < 1:
		return fail.Usage("--concurrency %d must be at least 1", f.concurrency)
	}
	return nil
}

// orderedValue is what puts queued webhooks into an order: all of a route, a key of each, or nothing.
type orderedValue struct {
	by   string
	key  *flags.JQ // of the body
	name string    // of a header field
}

const wholeRoute = "route"

func (v *orderedValue) String() string { return v.by }

func (v *orderedValue) Type() string { return "order" }

// Set reads an order.
func (v *orderedValue) Set(s string) (err error) {
	switch name, isHeader := strings.CutPrefix(s, "header:"); {
	case s == "false" || s == "off":
		*v = orderedValue{by: "false"}
	case s == "true" || s == wholeRoute:
		*v = orderedValue{by: wholeRoute}
	case isHeader && record.CheckField(record.Field{Name: name}) == nil:
		*v = orderedValue{by: s, name: name}
	case strings.HasPrefix(s, "."):
		*v = orderedValue{by: s}
		v.key, err = flags.CompileJQ(s)
	default:
		err = fmt.Errorf("%q is none of route, false, header:NAME and a jq expression such as .customer", s)
	}
	return err
}

// keyTimeout bounds how long the key of a webhook is looked for.
const keyTimeout = time.Second

// maxOrder bounds a key, which a stranger chooses.
const maxOrder = 200

// of is the order that a webhook of a route belongs to, "" when it needs none. Those without a key have an order
// together.
func (v *orderedValue) of(route string, r *record.Request) string {
	key, ordered := v.keyFor(r)
	if !ordered {
		return ""
	}
	return "route " + route + " key " + key
}

// keyFor is the key of a request, and whether it goes one after another with those of the same key at all.
func (v *orderedValue) keyFor(r *record.Request) (key string, ordered bool) {
	switch {
	case v.by == "false":
		return "", false
	case v.name != "":
		key = r.Header.Get(v.name)
	case v.key != nil:
		key = v.keyOf(r.Body)
	}
	return key[:min(len(key), maxOrder)], true
}

func (v *orderedValue) keyOf(body []byte) (key string) {
	if !json.Valid(body) {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), keyTimeout)
	defer cancel()
	err := v.key.Run(ctx, json.RawMessage(body), func(out any) error {
		if out != nil && key == "" {
			key = fmt.Sprint(out)
		}
		return nil
	})
	if err != nil {
		return ""
	}
	return key
}

// policyText is a policy as the queue keeps it.
func policyText(p deliver.Policy) (string, error) {
	data, err := json.Marshal(p)
	return string(data), err
}

// policyOf reads back what policyText wrote.
func policyOf(text string) (p deliver.Policy, err error) {
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("policy of a queued delivery: %w", err)
	}
	return p, nil
}
