package commands

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// sendQueueFlags hand messages to the queue instead of delivering them.
type sendQueueFlags struct {
	queue    bool
	orderKey string
	ordered  flags.Order
}

func (f *sendQueueFlags) addFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.BoolVar(&f.queue, "queue", false, "return once the message is durable; barb deliver sends it, with these flags")
	set.StringVar(&f.orderKey, "order-key", "", "with --queue: messages of the same `key` to the same URL go one "+
		"after another")
	f.ordered = flags.Order{By: "false"}
	set.Var(&f.ordered, "ordered", "with --queue: send messages to this URL one after another: all, false, header:NAME "+
		"or a jq `expression` over the body that gives a key: .customer")
	set.Lookup("ordered").NoOptDefVal = "true"
	cmd.MarkFlagsMutuallyExclusive("order-key", "ordered")
	flags.Complete(cmd, "ordered", func(string) []string { return []string{"true", "false", "header:", "."} })
}

// checkQueue finds what the queue cannot remember while nothing has been read or written.
func (o *sendOptions) checkQueue(sh *shell) error {
	switch {
	case !o.queue && (o.orderKey != "" || o.ordered.By != "false"):
		return fail.Usage("--order-key and --ordered are for --queue: without it a message is sent at once").Hint(
			"barb send URL --queue --order-key KEY")
	case o.queue && slices.ContainsFunc(o.Secrets, func(ref string) bool { return !secret.IsReference(ref) }):
		return unqueueable()
	case o.queue:
		return sh.file.CheckAllowed(sh.secretRefs(o.Secrets, sh.file.Routes.ForScheme(o.Scheme, urlPath(o.url))))
	}
	return nil
}

// queueing puts messages into the queue in the place of delivering them.
type queueing struct {
	plan  string // a worker.Plan
	flags *sendQueueFlags
}

// queueing is nil where messages are delivered at once.
func (o *sendOptions) queueing(sh *shell, s *signing) (*queueing, error) {
	if !o.queue {
		return nil, nil
	}
	text, err := o.planText(sh, s)
	return &queueing{plan: text, flags: &o.sendQueueFlags}, err
}

// order is what a message goes one after another with, "" when it goes whenever it is due.
func (f *sendQueueFlags) order(r *record.Request) string {
	if f.orderKey != "" {
		return "key " + f.orderKey[:min(len(f.orderKey), flags.MaxOrder)]
	}
	key, ordered := f.ordered.KeyFor(r)
	if !ordered {
		return ""
	}
	return "key " + key
}

// enqueue makes a message and its place in the queue durable together. The message is an exchange that no attempt was
// made of: its attempts repeat it, each signed anew.
func (c *courier) enqueue(ctx context.Context, x record.Exchange) (o journal.Outcome, err error) {
	now := c.Now()
	x.Kind, x.Attempt, x.Start = record.Sent, 0, now
	kept := c.history.Redacted(&x)
	if slices.ContainsFunc(kept.Masks, func(m record.Mask) bool { return m.Proof != "" }) {
		return o, fail.Usage("the message itself contains the secret, which the history does not keep").Hint(
			"leave --queue out")
	}
	// The target is for listing and for the limits of the endpoint. It stays when the message is gone, so it is the masked
	// one.
	q := &store.Queued{Kind: store.Message, Target: kept.Request.URL, Policy: c.queueing.plan,
		Order: c.queueing.flags.order(&x.Request), Due: now,
		Created: now, Masks: kept.Masks}
	if err := c.history.RecordQueued(ctx, &x, q); err != nil {
		return o, err
	}
	return journal.Outcome{Queued: true, First: x.ID}, c.showQueued(c.history.Redacted(&x), q)
}

func (c *courier) showQueued(kept *record.Exchange, q *store.Queued) error {
	c.printing.Lock()
	defer c.printing.Unlock()
	switch {
	case c.json:
		return c.emit(schema.NewQueuedMessage(kept, c.with, q))
	case !c.silent:
		c.out.Queued(kept, q.ID)
	}
	return nil
}
