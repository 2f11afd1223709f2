// Package batch sends many messages as one resumable run.
package batch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Run sends the messages of an order as one run. An endpoint that refuses or cannot be reached ends only its own
// delivery; a history that cannot be written ends the run.
//
// A run is durable before its first message leaves, and the webhook ids of its messages must follow from it. So a
// first attempt is recorded only when it has ended, together with others: a message that a kill cuts off is sent
// again under the same id when the run is resumed.
//
// The methods are called in this order: First, Begin, Send. First may be left out.
type Run struct {
	Journal *journal.Journal
	Sender  deliver.Sender // Sign is set for each message
	Bodies  payload.Bodies
	Order   Order
	Pace    *deliver.Pace // nil: as fast as possible
	Workers int           // how many messages are under way at most, from 1

	// Message returns the message of a job. Several goroutines call it.
	Message func(Job) (record.Exchange, error)
	// Sign returns what signs a message, nil to leave it unsigned.
	Sign func(x *record.Exchange) func(now time.Time, r *record.Request) error
	// Queue takes a message instead of its delivery; nil: it is delivered now.
	Queue func(ctx context.Context, x record.Exchange) (journal.Outcome, error)
	// Tell is called with each attempt that has ended, by several goroutines. An error from it ends the run after the
	// delivery at hand.
	Tell func(*deliver.Attempt) error

	Now     func() time.Time        // the time that is stored
	Owner   string                  // a name for this process, unlike every other
	IsGone  func(owner string) bool // reports whether an owner's process has certainly ended
	Options string                  // JSON that a new run remembers
	Resumed *store.Run              // the run that is resumed; nil: a new one

	source  *source
	written checkpoint
}

// Progress is how far a run is.
type Progress struct {
	Done, Total int64 // Total 0: unknown; neither counts what was sent before the run was resumed
	Failed      int64
	P99         time.Duration // of the attempts; 0 without any
}

// begin makes the source, once.
func (r *Run) begin() *source {
	if r.source == nil {
		r.source = newSource(r)
	}
	return r.source
}

// First returns the message that is sent first, before anything is written. The bodies must not be a stream.
func (r *Run) First(ctx context.Context) (Job, error) {
	s := r.begin()
	return s.at(ctx, s.first())
}

// Begin makes a new run durable, or takes over the one that is resumed. The error is a *BusyError when another
// process sends it.
func (r *Run) Begin(ctx context.Context) error {
	r.begin()
	if r.Resumed == nil {
		return r.start(ctx)
	}
	return r.resume(ctx)
}

// Send delivers until no message is left or ctx ends. After ctx has ended the rest can be resumed. The error is the
// first of Message, Queue, Tell, the bodies or the history.
func (r *Run) Send(ctx context.Context) error {
	keep := context.WithoutCancel(ctx)
	done := make(chan struct{})
	var noting sync.WaitGroup
	noting.Go(func() { r.note(keep, done) })
	workers := int64(r.Workers)
	if planned := r.source.planned(); planned > 0 {
		workers = min(workers, planned)
	}
	err := Pool(ctx, int(workers), r.work)
	close(done)
	noting.Wait()
	return errors.Join(err, r.end(keep))
}

// work delivers one message after the other.
func (r *Run) work(ctx context.Context, worker int) error {
	var ends Ends
	var x record.Exchange
	tell := func(a *deliver.Attempt) error {
		ends.Add(a.Exchange)
		return r.Tell(a)
	}
	for {
		job, ok, err := r.source.take(ctx, worker)
		if !ok || err != nil {
			return err
		}
		ends.all, ends.late = ends.all[:0], job.Late
		if x, err = r.Message(job); err != nil {
			return err
		}
		if job.Begun {
			if err := r.rejoin(ctx, &x); err != nil {
				return err
			}
		}
		o, err := r.deliver(ctx, &x, tell)
		if err != nil {
			return err
		}
		r.source.add(worker, &o, &ends)
	}
}

// rejoin makes a message that was begun before the run was resumed an attempt of the webhook in the history, if it has
// come that far: its webhook is delivered then, and not failed beside a second one.
func (r *Run) rejoin(ctx context.Context, x *record.Exchange) error {
	if x.WebhookID == "" || r.Journal.History == nil {
		return nil
	}
	f := store.Filter{Kind: record.Sent, WebhookID: x.WebhookID, Limit: 1}
	for before, err := range r.Journal.History.List(ctx, f) {
		if err != nil {
			return err
		}
		x.Thread, x.Webhook, x.Role = before.ID, before.First(), record.Attempt
	}
	return nil
}

// deliver delivers a message, or queues it.
func (r *Run) deliver(ctx context.Context, x *record.Exchange, tell func(*deliver.Attempt) error) (journal.Outcome,
	error) {
	if r.Queue != nil {
		return r.Queue(ctx, *x)
	}
	sender := r.Sender
	sender.Sign = r.Sign(x)
	return r.Journal.Deliver(ctx, sender, *x, tell)
}

// Row returns the run as the history has it: with its number after Begin, and with how far it is after Send.
func (r *Run) Row() store.Run { return r.written.row }

// Total returns how many messages there were to send; for a run of unknown length or that time ended, how many began.
// It may be called when Send has returned.
func (r *Run) Total() int64 {
	if s := r.source; s.end > 0 && !s.done {
		return s.begun + s.planned()
	}
	return r.source.begun
}

// Tally returns what became of the messages. It may be called when Send has returned.
func (r *Run) Tally() *Tally { return r.source.tally }

// Progress returns how far the run is. It may be called from Begin on, also while Send runs.
func (r *Run) Progress() Progress {
	s := r.source
	s.mu.Lock()
	defer s.mu.Unlock()
	p := Progress{Done: s.ended, Failed: s.tally.Refused + s.tally.Unanswered,
		P99: time.Duration(s.tally.took.ValueAtPercentile(99)) * time.Microsecond}
	if s.end > 0 {
		p.Total = s.begun + s.planned()
	}
	return p
}
