package journal

import (
	"context"

	"github.com/barbhq/barb/deliver"
)

// Outcome is what became of a delivery. Add tells it of each attempt and End of the end.
type Outcome struct {
	Attempts    int
	First       int64            // ID of the first attempt, or of a message that was queued
	Last        *deliver.Attempt // nil before the first
	Answered    bool             // an attempt got an answer
	Interrupted bool             // the context ended before the webhook was delivered
	Queued      bool             // nothing was sent yet
}

// Add takes an attempt that has ended.
func (o *Outcome) Add(a *deliver.Attempt) {
	if o.Attempts == 0 {
		o.First = a.Exchange.ID
	}
	o.Attempts++
	o.Last = a
	o.Answered = o.Answered || a.Exchange.Status() != 0
}

// End notes that no attempt follows, and whether that is because ctx has ended.
func (o *Outcome) End(ctx context.Context) { o.Interrupted = !o.Delivered() && ctx.Err() != nil }

// Delivered reports whether the last attempt was answered 2xx.
func (o *Outcome) Delivered() bool { return o.Last != nil && o.Last.Decision == deliver.Delivered }

// Tally adds up what became of many deliveries. Each counts once.
type Tally struct {
	Delivered, Queued, Interrupted int64
	Refused                        int64 // answered, but never 2xx
	Unanswered                     int64 // no attempt got an answer
}

// Add counts a delivery that has ended.
func (t *Tally) Add(o *Outcome) {
	switch {
	case o.Queued:
		t.Queued++
	case o.Delivered():
		t.Delivered++
	case o.Interrupted:
		t.Interrupted++
	case o.Answered:
		t.Refused++
	default:
		t.Unanswered++
	}
}
