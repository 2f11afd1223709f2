package commands

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/tell"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/worker"
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
	set.BoolVar(&f.queue, "queue", false, "put it into the queue and return; barb deliver sends it")
	set.StringVar(&f.orderKey, "order-key", "", "with --queue: deliver messages of the same `key` to the same "+
		"URL in order")
	f.ordered = flags.Order{By: "false"}
	set.Var(&f.ordered, "ordered", "with --queue: deliver messages to this URL in order: all, false, header:NAME or a "+
		"jq `expression` that yields a key of the body: .customer")
	set.Lookup("ordered").NoOptDefVal = "true"
	cmd.MarkFlagsMutuallyExclusive("order-key", "ordered")
	flags.Complete(cmd, "ordered", func(string) []string { return []string{"true", "false", "header:", "."} })
}

// checkQueue finds what the queue cannot remember while nothing has been read or written.
func (o *sendOptions) checkQueue(sh *shell.Shell) error {
	switch {
	case !o.queue && (o.orderKey != "" || o.ordered.By != "false"):
		return fail.Usage("--order-key and --ordered are for --queue: without it a message is sent at once").Hint(
			"barb send URL --queue --order-key KEY")
	case o.queue && slices.ContainsFunc(o.Secrets, func(ref string) bool { return !secret.IsReference(ref) }):
		return unqueueable()
	case o.queue:
		return sh.File.CheckAllowed(sh.SecretRefs(o.Secrets, sh.File.Routes.ForScheme(o.Scheme, shell.URLPath(o.url))))
	}
	return nil
}

// enqueue puts a message into the queue and prints it.
type enqueue func(ctx context.Context, x record.Exchange) (journal.Outcome, error)

// enqueues returns nil without --queue. The history may be opened afterwards.
func (o *sendOptions) enqueues(p *tell.Attempts, s *shell.Signing) (enqueue, error) {
	if !o.queue {
		return nil, nil
	}
	plan, err := o.planText(p.Shell, s)
	return func(ctx context.Context, x record.Exchange) (journal.Outcome, error) {
		entry, err := worker.Enqueue(ctx, p.Shell.History, &x, plan, o.order(&x.Request), p.Shell.Now())
		if errors.Is(err, worker.ErrHoldsSecret) {
			err = fail.Usage("%w", err).Hint("leave --queue out")
		}
		if err != nil {
			return journal.Outcome{}, err
		}
		return journal.Outcome{Queued: true, First: x.ID}, p.Queued(&x, entry)
	}, err
}

// order returns the key of the messages that go one after another, "" when this one goes whenever it is due.
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
