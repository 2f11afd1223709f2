package commands

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// deadFlags choose what the queue gave up.
type deadFlags struct{ dead bool }

func (f *deadFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.dead, "dead", false, "the dead letters of the queue that the filters choose, where they should have gone; what is delivered is dead no more")
}

// deadLetters are the entries of the queue that are replayed, each with the exchange that it was to deliver.
type deadLetters struct {
	byThread map[int64][]*store.Queued
	entryOf  map[*record.Exchange]*store.Queued // of exchanges that are being replayed
}

// deadLetters are nil without --dead.
func (o *replayOptions) deadLetters() *deadLetters {
	if !o.dead {
		return nil
	}
	return &deadLetters{entryOf: map[*record.Exchange]*store.Queued{}}
}

// captured yields what is to be replayed.
func (r *replayer) captured(ctx context.Context, bodies bool) (iter.Seq2[*record.Exchange, error], error) {
	if r.dead == nil {
		return r.selected(ctx, r.options.selectors, &r.options.filterFlags, func(f *store.Filter) { f.Bodies, f.OldestFirst = bodies, true })
	}
	if err := r.findDead(ctx); err != nil {
		return nil, err
	}
	chosen, err := r.selected(ctx, r.options.selectors, &r.options.filterFlags, func(f *store.Filter) {
		f.Bodies, f.OldestFirst, f.IDs = bodies, true, r.threadsIn(f.IDs)
	})
	if err != nil || len(r.dead.byThread) == 0 {
		return func(func(*record.Exchange, error) bool) {}, err
	}
	return r.forEachEntry(chosen), nil
}

// findDead reads the dead letters, once: what is delivered in the meantime was dead when the replay began.
func (r *replayer) findDead(ctx context.Context) error {
	if r.dead.byThread != nil {
		return nil
	}
	history, err := r.readHistory(ctx)
	if err != nil {
		return err
	}
	entries, err := history.Queue(ctx, store.QueueFilter{States: []store.QueueState{store.Dead}})
	r.dead.byThread = map[int64][]*store.Queued{}
	for _, q := range entries {
		r.dead.byThread[q.Thread] = append(r.dead.byThread[q.Thread], q)
	}
	return err
}

// threadsIn are the exchanges of dead letters, as far as they are in some ranges; of no ranges means anywhere.
func (r *replayer) threadsIn(ranges []store.Range) (threads []store.Range) {
	for id := range r.dead.byThread {
		if len(ranges) == 0 || slices.ContainsFunc(ranges, func(in store.Range) bool { return in.From <= id && id <= in.To }) {
			threads = append(threads, store.Range{From: id, To: id})
		}
	}
	if len(threads) == 0 {
		return []store.Range{{From: -1, To: -1}} // none
	}
	return threads
}

// forEachEntry yields an exchange once for each dead letter it has: a webhook may have had several apps.
func (r *replayer) forEachEntry(chosen iter.Seq2[*record.Exchange, error]) iter.Seq2[*record.Exchange, error] {
	return func(yield func(*record.Exchange, error) bool) {
		for x, err := range chosen {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, q := range r.dead.byThread[x.ID] {
				own := *x
				r.mu.Lock()
				r.dead.entryOf[&own] = q
				r.mu.Unlock()
				if !yield(&own, nil) {
					return
				}
			}
		}
	}
}

// letter is the dead letter that an exchange is replayed for, nil where it is none.
func (r *replayer) letter(captured *record.Exchange) *store.Queued {
	if r.dead == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dead.entryOf[captured]
}

// forget lets go of an exchange that was looked at, or replayed.
func (r *replayer) forget(captured *record.Exchange) {
	if r.dead != nil {
		r.mu.Lock()
		delete(r.dead.entryOf, captured)
		r.mu.Unlock()
	}
}

// remembered is how a queued message was to be delivered, which holds for its replay too: its signer, unless --secret
// names another, and its connection, unless flags say something of it. nil where captured is no queued message.
func (r *replayer) remembered(ctx context.Context, captured *record.Exchange) (*plan, error) {
	if captured.Outcome() != record.Queued {
		return nil, nil
	}
	q := r.letter(captured)
	if q == nil {
		entries, err := r.history.Queue(ctx, store.QueueFilter{Thread: captured.ID, Kind: store.Message, Limit: 1})
		if err != nil || len(entries) == 0 { // it is no longer in the queue
			return nil, err
		}
		q = entries[0]
	}
	p, err := r.plans.of(ctx, q.Policy, q.Target)
	if err != nil && len(r.options.secrets) == 0 {
		return nil, err
	}
	return p, nil
}

// send delivers the replay of a captured exchange. onEnded is told of each attempt; nil: nobody is.
func (r *replayer) send(ctx context.Context, captured *record.Exchange, x record.Exchange, s *signing,
	onEnded func(*deliver.Attempt)) (o journal.Outcome, summary ui.Summary, err error) {
	p, err := r.remembered(ctx, captured)
	if err != nil {
		return o, summary, err
	}
	c := r.courier(s, r.clientFor(p))
	x.FromUnchecked = redact.IsUnchecked(captured)
	c.onEnded = onEnded
	if r.options.concurrency > 1 {
		c.silent, c.lazily = !r.verbose, x.WebhookID == captured.WebhookID // an id that is new must be durable first
	}
	o, took, err := c.deliver(ctx, x)
	if err != nil {
		return o, summary, err
	}
	return o, c.summary(&o, took), r.delivered(ctx, captured, &o)
}

// clientFor is the client for a replay.
func (r *replayer) clientFor(p *plan) *deliver.Client {
	if p == nil || p.client == nil || r.options.clientFlags.given() {
		return r.client
	}
	return p.client
}

// given reports whether any flag says how a connection is made.
func (f *clientFlags) given() bool {
	return f.insecure || f.http11 || f.http2 || len(f.resolve) > 0 || strings.Join([]string{f.cacert, f.cert, f.key, f.unixSocket, f.proxy}, "") != ""
}

// delivered notes that a dead letter is dead no more. One that went elsewhere stays.
func (r *replayer) delivered(ctx context.Context, captured *record.Exchange, o *journal.Outcome) error {
	q := r.letter(captured)
	defer r.forget(captured)
	if q == nil || !o.Delivered() || r.options.to != "" {
		return nil
	}
	_, err := r.history.Finish(context.WithoutCancel(ctx), store.QueueFilter{IDs: []store.Range{{From: q.ID, To: q.ID}}}, r.Now())
	return err
}
