package commands

import (
	"context"
	"errors"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// courier delivers exchanges, records every attempt and prints it: the loop that send and replay share.
type courier struct {
	*shell
	sender  deliver.Sender
	sign    *signing
	history *store.Store
	with    export.With
	silent  bool // do not print each attempt
	// lazily records an attempt once, when it has ended, with the next group: for many deliveries whose ids follow from one
	// that is durable already. A kill loses the last few records, never an id.
	lazily   bool
	queueing *queueing // nil: deliver at once
	// onEnded is told of each attempt that has ended, before it is shown; nil: nobody is.
	onEnded func(*deliver.Attempt)
}

// delivered is what became of one delivery.
type delivered struct {
	summary     ui.Summary
	answered    bool // some attempt got an answer
	ok          bool
	interrupted bool
	queued      bool // not sent yet
}

// code is the exit code of one delivery.
func (d delivered) code() int {
	switch {
	case d.ok:
		return fail.ExitOK
	case d.interrupted:
		return fail.ExitInterrupted
	case d.answered:
		return fail.ExitFailed
	}
	return fail.ExitNoAnswer
}

// deliver runs the attempts of x. Each is durable in the history before its first byte leaves (unless lazily says
// otherwise of the first), and recorded again when it ended, before the wait begins. That holds for an interrupted one too:
// recording does not follow the context.
func (c *courier) deliver(ctx context.Context, x record.Exchange) (delivered, error) {
	if c.queueing != nil {
		return c.enqueue(ctx, x)
	}
	var d delivered
	keep := context.WithoutCancel(ctx)
	sender := c.sender
	sender.Sign = c.sign.ForAttempt(&x)
	begun := time.Now()
	var last *deliver.Attempt
	var shown error
	for a, err := range sender.Attempts(ctx, x) {
		if err != nil {
			return d, err
		}
		if !a.Ended {
			if err := c.begun(keep, a); err != nil {
				return d, err
			}
			continue
		}
		last = a
		if err := c.ended(keep, a); err != nil {
			return d, err
		}
		d.note(a)
		if c.onEnded != nil {
			c.onEnded(a)
		}
		if err := c.show(a); err != nil && shown == nil {
			shown = err // the delivery goes on; what went wrong with printing is said at its end
		}
	}
	if last == nil {
		return d, errors.New("no attempt was made")
	}
	d.interrupted = !d.ok && ctx.Err() != nil
	if d.interrupted && last.Exchange.NextIn > 0 { // the attempt that was announced will not come
		last.Exchange.NextIn = 0
		if err := c.history.Answer(keep, last.Exchange); err != nil {
			return d, err
		}
	}
	d.summary.Took, d.summary.Why, d.summary.Note = time.Since(begun), last.Why, providerNote(sender.Policy.As, last)
	d.summary.Interrupted = d.interrupted
	return d, shown
}

// begun makes an attempt durable before its first byte leaves.
func (c *courier) begun(ctx context.Context, a *deliver.Attempt) error {
	if c.lazily && a.Exchange.Attempt == 1 {
		return nil
	}
	return c.history.Record(ctx, a.Exchange)
}

// ended records how an attempt ended. One that nobody waits for and nothing repeats needs no id now.
func (c *courier) ended(ctx context.Context, a *deliver.Attempt) error {
	switch {
	case a.Exchange.ID != 0:
		return c.history.Answer(ctx, a.Exchange)
	case a.Decision == deliver.Retry || c.json || !c.silent:
		return c.history.Record(ctx, a.Exchange)
	}
	return c.history.Add(ctx, a.Exchange)
}

func (d *delivered) note(a *deliver.Attempt) {
	x := a.Exchange
	if d.summary.Attempts == 0 {
		d.summary.First = x.ID
	}
	d.summary.Attempts++
	d.summary.Last, d.summary.WebhookID = x.ID, x.WebhookID
	d.answered = d.answered || x.Status() != 0
	d.ok = a.Decision == deliver.Delivered
	d.summary.Delivered = d.ok
}

func (c *courier) show(a *deliver.Attempt) error {
	c.printing.Lock()
	defer c.printing.Unlock()
	if a.Warning != "" && !c.silent {
		c.warn("%s", ui.EscapeLine(a.Warning))
	}
	switch {
	case c.json:
		return c.emitAttempt(a, c.history.Redacted(a.Exchange))
	case !c.silent:
		c.out.Attempt(a, c.signedAt(a.Exchange))
		if c.verbose {
			c.err.Messages(c.history.Redacted(a.Exchange))
		}
	}
	return nil
}
