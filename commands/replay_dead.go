package commands

import (
	"context"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// deadFlags choose what the queue gave up.
type deadFlags struct{ dead bool }

func (f *deadFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.dead, "dead", false, "the dead letters of the queue that the filters choose, where they "+
		"should have gone; what is delivered is dead no more")
}

// captured yields what is to be replayed.
func (r *replayer) captured(ctx context.Context, bodies bool) (iter.Seq2[replay.Item, error], error) {
	o := &r.options
	if o.dead && r.letters == nil { // read once: what is delivered in the meantime was dead when the replay began
		history, err := r.readHistory(ctx)
		if err != nil {
			return nil, err
		}
		if r.letters, err = replay.ReadLetters(ctx, history); err != nil {
			return nil, err
		}
	}
	chosen, err := r.selected(ctx, o.selectors, &o.Filter, func(f *store.Filter) {
		f.Bodies, f.OldestFirst = bodies, true
		if o.dead {
			f.IDs = r.letters.Within(f.IDs)
		}
	})
	if err != nil {
		return nil, err
	}
	return r.letters.Items(chosen), nil
}

// remembered is how a queued message was to be delivered, which holds for its replay too: its signer, unless --secret
// names another, and its connection, unless flags say something of it. nil where captured is no queued message.
func (r *replayer) remembered(ctx context.Context, captured replay.Item) (*plan, error) {
	if captured.Outcome() != record.Queued {
		return nil, nil
	}
	q := captured.Letter
	if q == nil {
		entries, err := r.history.Queue(ctx, store.QueueFilter{Thread: captured.ID, Kind: store.Message, Limit: 1})
		if err != nil || len(entries) == 0 { // it is no longer in the queue
			return nil, err
		}
		q = entries[0]
	}
	p, err := r.plans.of(ctx, q.Policy, q.Target)
	if err != nil && len(r.options.Secrets) == 0 {
		return nil, err
	}
	return p, nil
}

// send delivers the replay of a captured exchange. onEnded is told of each attempt; nil: nobody is.
func (r *replayer) send(ctx context.Context, captured replay.Item, x record.Exchange, s *signing,
	onEnded func(*deliver.Attempt)) (o journal.Outcome, summary ui.Summary, err error) {
	p, err := r.remembered(ctx, captured)
	if err != nil {
		return o, summary, err
	}
	x.FromUnchecked = redact.IsUnchecked(captured.Exchange)
	show := &attempts{sh: r.shell, with: r.options.With, policy: r.options.policy,
		silent: r.options.concurrency > 1 && !r.verbose}
	j := journal.Journal{History: r.history, WithIDs: r.json || !show.silent}
	if r.options.concurrency > 1 {
		j.Lazily = x.WebhookID == captured.WebhookID // an id that is new must be durable first
	}
	begun := time.Now()
	sender := deliver.Sender{Client: r.clientFor(p), Policy: r.options.policy, Rand: r.Rand, Sign: s.ForAttempt(&x)}
	o, err = j.Deliver(ctx, sender, x, func(a *deliver.Attempt) error {
		if onEnded != nil {
			onEnded(a)
		}
		return show.show(&s.Signer, a)
	})
	if err != nil {
		return o, summary, err
	}
	if o.Delivered() && r.options.to == "" { // a dead letter that went elsewhere stays one
		err = captured.Settle(ctx, r.history, r.Now())
	}
	return o, show.summary(&o, time.Since(begun)), err
}

// clientFor is the client for a replay.
func (r *replayer) clientFor(p *plan) *deliver.Client {
	if p == nil || p.client == nil || r.options.Client.Given() {
		return r.client
	}
	return p.client
}
