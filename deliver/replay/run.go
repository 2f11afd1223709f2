package replay

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/batch"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// Run replays what was selected of a history. Check looks at all of it, then Send sends it.
type Run struct {
	Plan    Plan // makes the request of each replay
	Journal journal.Journal
	Sender  deliver.Sender // Sign is set for each replay
	To      string         // the address of all; "": each goes where it went before, or where Route says
	AtOnce  int            // how many are under way at most, from 1; more than one do not keep their order
	Now     func() time.Time

	// Selected yields what is replayed, without headers and bodies, in the order of the webhooks' first exchanges.
	Selected func(ctx context.Context) iter.Seq2[Item, error]
	// Whole returns an error for an exchange that is not kept whole.
	Whole func(x *record.Exchange) error
	// Route returns the address for a received webhook that went nowhere before, "" for none. Nowhere is the error for it
	// then: most replays to another address have none, and to say so takes longer than to look.
	Route   func(x *record.Exchange) (string, error)
	Nowhere func(x *record.Exchange) error
	// Map returns the address of every webhook, in place of To and of where it went before. Nil is no such map.
	Map func(x *record.Exchange) (string, error)
	// Aim is called by Check with each item and its address, in order. Nil is not called.
	Aim func(ctx context.Context, item Item, target string) error
	// Wait is called before each item is sent, in order and one at a time, and may take its time. Nil is not called.
	Wait func(ctx context.Context, item Item)
	// Way returns what reaches the app at the address where a received webhook went before, and the headers that the app
	// gets from barb; nil are as for others. One goroutine at a time calls it. Nil is no such app.
	Way func(x *record.Exchange, target string) (*deliver.Client, record.Header, error)
	// Signer returns what signs a replay of x; one that signs nothing leaves the signature as it was. One goroutine at a
	// time calls it.
	Signer func(ctx context.Context, x *record.Exchange) (*signer.Signer, error)
	// Remembered returns what signs and what sends a queued message as it was queued. Nil is as for others.
	Remembered func(ctx context.Context, q *store.Queued) (*signer.Signer, *deliver.Client, error)

	// Policy returns how often a dead letter is tried, and how. Nil is as for others.
	Policy func(q *store.Queued) (deliver.Policy, error)
	// Begin is called before the first attempt of each replay, Tell with each attempt that has ended, and End when no
	// attempt follows. Begin and End may be nil. Up to AtOnce goroutines call them; an error of Tell ends the run.
	Begin func(*Replay)
	Tell  func(*Replay, *deliver.Attempt) error
	End   func(r *Replay, o *journal.Outcome, took time.Duration)

	asking sync.Mutex // held while Signer or Way is called
	last   int64      // the highest id that was checked
	count  int        // of what was checked
}

// Replay is one item of a run.
type Replay struct {
	Item
	X      record.Exchange // the first attempt
	Signer *signer.Signer
	client *deliver.Client // nil: as for others
}

// Check looks at all that is replayed before anything is sent, and returns how much there is. It finds what has no
// address, lacks a secret or cannot be signed. What comes into the history afterwards is not replayed. dryRun, if not
// nil, is called with each replay that could be sent.
func (r *Run) Check(ctx context.Context, dryRun func(*Replay) error) (int, error) {
	r.last, r.count = 0, 0
	for item, err := range r.Selected(ctx) {
		if err == nil {
			err = r.checkOne(ctx, item, dryRun)
		}
		if err == nil && r.Aim != nil {
			var target string
			if target, err = r.target(item); err == nil {
				err = r.Aim(ctx, item, target)
			}
		}
		if err != nil {
			return 0, err
		}
		r.last, r.count = max(r.last, item.First()), r.count+1 // a pruned first exchange changes the order
	}
	return r.count, nil
}

// checkOne checks one item. It reads the whole exchange only where the rest of it decides.
func (r *Run) checkOne(ctx context.Context, item Item, dryRun func(*Replay) error) error {
	if dryRun == nil && !r.Plan.Exact && !r.Plan.changesPayload() && !r.Plan.Redactor.IsMasked(item.Exchange) {
		if err := r.Whole(item.Exchange); err != nil {
			return err
		}
		if _, err := r.target(item); err != nil {
			return err
		}
		_, err := r.signerFor(ctx, item)
		return err
	}
	planned, err := r.plan(ctx, item)
	if err == nil {
		err = planned.Signer.Try(&planned.X, r.Now())
	}
	if err == nil && dryRun != nil {
		err = dryRun(planned)
	}
	return err
}

// Send replays what was checked, until ctx ends, and returns what became of it. An endpoint that refuses or cannot be
// reached ends only its own replay.
func (r *Run) Send(ctx context.Context) (*batch.Tally, error) {
	next, stop := iter.Pull2(r.ahead(ctx, r.Selected(ctx)))
	defer stop()
	var mu sync.Mutex // held for next and for tally
	take := func(ctx context.Context) (item Item, ok bool, err error) {
		mu.Lock()
		defer mu.Unlock()
		item, err, ok = next()
		if ok && err == nil && r.Wait != nil {
			r.Wait(ctx, item)
		}
		if !ok || ctx.Err() != nil || err == nil && item.First() > r.last {
			return item, false, nil
		}
		return item, true, err
	}
	tally := batch.NewTally(false)
	err := batch.Pool(ctx, min(r.AtOnce, r.count), func(ctx context.Context, _ int) error {
		for {
			item, ok, err := take(ctx)
			if !ok || err != nil {
				return err
			}
			var ends batch.Ends
			o, err := r.send(ctx, item, &ends)
			if errors.Is(err, store.ErrNotFound) { // it was pruned in the meantime
				continue
			}
			if err != nil {
				return err
			}
			mu.Lock()
			tally.Add(&o, &ends)
			mu.Unlock()
		}
	})
	return tally, err
}

// send replays one item.
func (r *Run) send(ctx context.Context, item Item, ends *batch.Ends) (o journal.Outcome, err error) {
	planned, err := r.plan(ctx, item)
	if err != nil {
		return o, err
	}
	if r.Begin != nil {
		r.Begin(planned)
	}
	_, client, err := r.remembered(ctx, item)
	if err != nil {
		return o, err
	}
	client = cmp.Or(client, planned.client)
	sender, j := r.Sender, r.Journal
	sender.Sign = planned.Signer.ForAttempt(&planned.X)
	if client != nil {
		sender.Client = client
	}
	if item.Letter != nil && r.Policy != nil {
		if sender.Policy, err = r.Policy(item.Letter); err != nil {
			return o, err
		}
	}
	j.Lazily = r.AtOnce > 1 && planned.X.WebhookID == item.WebhookID // an id that is new must be durable first
	begun := time.Now()
	o, err = j.Deliver(ctx, sender, planned.X, func(a *deliver.Attempt) error {
		ends.Add(a.Exchange)
		return r.Tell(planned, a)
	})
	took := time.Since(begun)
	if err == nil && o.Delivered() && !r.isElsewhere() { // a dead letter that went elsewhere stays one
		err = item.Settle(ctx, j.History, r.Now())
	}
	if err == nil && r.End != nil {
		r.End(planned, &o, took)
	}
	return o, err
}

// plan makes the first attempt of the replay of an item, and finds what signs it.
func (r *Run) plan(ctx context.Context, item Item) (*Replay, error) {
	if err := r.Whole(item.Exchange); err != nil {
		return nil, err
	}
	target, err := r.target(item)
	if err != nil {
		return nil, err
	}
	if !item.whole {
		if item.Exchange, err = r.Journal.History.Get(ctx, item.ID); err != nil {
			return nil, err
		}
	}
	s := &signer.Signer{}
	if !r.Plan.Exact || r.Plan.Redactor.IsMasked(item.Exchange) {
		if s, err = r.signerFor(ctx, item); err != nil {
			return nil, err
		}
	}
	plain := *item.Exchange
	plain.EventType = record.EventToSend(item.EventType)
	x, err := r.Plan.Exchange(ctx, &plain, target, s, r.Now())
	if err != nil {
		return nil, err
	}
	client, own, err := r.wayTo(item, target)
	if err != nil {
		return nil, err
	}
	x.Request.Header = deliver.WithOwn(x.Request.Header, own)
	if x.Role == record.Elsewhere && r.goesHome(item, &x) {
		x.Role = record.Replay
	}
	x.FromUnchecked = redact.IsUnchecked(item.Exchange)
	if r.Plan.Exact {
		s = &signer.Signer{}
	}
	return &Replay{item, x, s, client}, nil
}

// wayTo returns what reaches the app that a received webhook went to before, and the headers that barb gives it,
// without those that the plan sets.
func (r *Run) wayTo(item Item, target string) (*deliver.Client, record.Header, error) {
	if r.Way == nil || r.isElsewhere() || item.Kind != record.Received {
		return nil, nil, nil
	}
	r.asking.Lock()
	defer r.asking.Unlock()
	client, own, err := r.Way(item.Exchange, target)
	if r.Plan.Exact {
		own = nil
	}
	for _, f := range r.Plan.Header {
		own = own.Without(f.Name)
	}
	return client, own, err
}

func (r *Run) target(item Item) (string, error) {
	switch {
	case r.Map != nil:
		return r.Map(item.Exchange)
	case r.To != "":
		return r.To, nil
	}
	home, err := r.home(item)
	if home == "" && err == nil {
		err = r.Nowhere(item.Exchange)
	}
	return home, err
}

// isElsewhere reports whether flags say where all webhooks go.
func (r *Run) isElsewhere() bool { return r.To != "" || r.Map != nil }

// home returns the address that a webhook goes to unless another one is given, "" for none.
func (r *Run) home(item Item) (string, error) {
	if item.Target != "" {
		return item.Target, nil
	}
	return r.Route(item.Exchange)
}

// goesHome reports whether a replay goes where its webhook went before, so that the response counts as the webhook's.
func (r *Run) goesHome(item Item, x *record.Exchange) bool {
	if !r.isElsewhere() {
		return true
	}
	home, err := r.home(item)
	if home == "" || err != nil {
		return false
	}
	request, err := (&Plan{}).again(item.Exchange, home) // not the plan's: both addresses come for each replay
	return err == nil && request.URL == x.Request.URL
}

func (r *Run) signerFor(ctx context.Context, item Item) (*signer.Signer, error) {
	if s, _, err := r.remembered(ctx, item); s != nil || err != nil {
		return s, err
	}
	r.asking.Lock()
	defer r.asking.Unlock()
	return r.Signer(ctx, item.Exchange)
}

// remembered returns what signs and sends an item as it was queued, nil for what is not in the queue.
func (r *Run) remembered(ctx context.Context, item Item) (*signer.Signer, *deliver.Client, error) {
	if item.Outcome() != record.Queued {
		return nil, nil, nil
	}
	q := item.Letter
	if q == nil {
		entries, err := r.Journal.History.Queue(ctx, store.QueueFilter{Thread: item.ID, Kind: store.Message, Limit: 1})
		if err != nil || len(entries) == 0 { // it is no longer in the queue
			return nil, nil, err
		}
		q = entries[0]
	}
	return r.Remembered(ctx, q)
}
