// Package journal keeps every attempt of a delivery while it is made. It is the one loop that records an attempt,
// sends it and records how it ended; it prints nothing and decides nothing.
package journal

import (
	"context"
	"iter"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Journal makes each attempt durable before its first byte leaves and again when it has ended. It holds no state of a
// delivery: many may run on one Journal at a time.
type Journal struct {
	History *store.Store
	// Begin makes an attempt durable and sets its ID; an error keeps it from being sent. Nil is History.Record.
	Begin func(ctx context.Context, x *record.Exchange) error
	// Lazily records a first attempt once, when it has ended, together with those of other deliveries: for many
	// deliveries whose webhook ids follow from something durable. A kill loses the last few records, never a webhook id.
	Lazily bool
	// WithIDs gives an attempt that is recorded lazily its ID before it is yielded, which waits for the disk. Without it
	// only an attempt that is retried has one.
	WithIDs bool
}

// Attempts delivers x as s.Attempts does, and yields each attempt once, when it has ended and is recorded. An error
// ends the sequence: it comes with the attempt that was made and could not be recorded, and alone where nothing was
// sent. Recording does not follow ctx, so an interrupted attempt is recorded too.
func (j *Journal) Attempts(ctx context.Context, s deliver.Sender,
	x record.Exchange) iter.Seq2[*deliver.Attempt, error] {
	return func(yield func(*deliver.Attempt, error) bool) {
		s.InPlace = true // Record and Begin return when the writer is done with the exchange
		keep := context.WithoutCancel(ctx)
		var last *deliver.Attempt
		for a, err := range s.Attempts(ctx, x) {
			switch {
			case err != nil:
				yield(nil, err)
				return
			case !a.Ended:
				if err := j.begun(keep, a); err != nil {
					yield(nil, err)
					return
				}
			default:
				last = a
				err := j.ended(keep, a)
				if !yield(a, err) || err != nil {
					return
				}
			}
		}
		if last != nil && last.Decision == deliver.Interrupted && last.Exchange.NextIn > 0 {
			last.Exchange.NextIn = 0 // the attempt that was announced will not come
			if err := j.History.Answer(keep, last.Exchange); err != nil {
				yield(last, err)
			}
		}
	}
}

// Once makes only the first attempt that Attempts would make. It is nil, with an error, where nothing was sent.
func (j *Journal) Once(ctx context.Context, s deliver.Sender, x record.Exchange) (*deliver.Attempt, error) {
	for a, err := range j.Attempts(ctx, s, x) {
		return a, err
	}
	return nil, nil
}

// Deliver makes the attempts of x and returns what became of it. It calls tell with each attempt that has ended and is
// recorded; the delivery goes on after an error of tell, the first of which is returned at its end. An error of the
// history ends the delivery at once.
func (j *Journal) Deliver(ctx context.Context, s deliver.Sender, x record.Exchange,
	tell func(*deliver.Attempt) error) (o Outcome, err error) {
	var told error
	for a, err := range j.Attempts(ctx, s, x) {
		if err != nil {
			return o, err
		}
		o.Add(a)
		if err := tell(a); err != nil && told == nil {
			told = err
		}
	}
	o.End(ctx)
	return o, told
}

// begun makes an attempt durable before its first byte leaves.
func (j *Journal) begun(ctx context.Context, a *deliver.Attempt) error {
	switch {
	case j.Lazily && a.Exchange.Attempt == 1:
		return nil
	case j.Begin != nil:
		return j.Begin(ctx, a.Exchange)
	}
	return j.History.Record(ctx, a.Exchange)
}

// ended records how an attempt ended.
func (j *Journal) ended(ctx context.Context, a *deliver.Attempt) error {
	switch {
	case a.Exchange.ID != 0:
		return j.History.Answer(ctx, a.Exchange)
	case a.Decision == deliver.Retry || j.WithIDs:
		return j.History.Record(ctx, a.Exchange)
	}
	return j.History.Add(ctx, a.Exchange)
}
