package commands

import (
	"context"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// courier delivers exchanges and prints each attempt, for send and replay.
type courier struct {
	*shell
	sender   deliver.Sender
	sign     *signing
	history  *store.Store
	with     export.With
	silent   bool      // do not print each attempt
	lazily   bool      // see journal.Journal
	queueing *queueing // nil: deliver at once
	// onEnded is told of each attempt that has ended, before it is shown; nil: nobody is.
	onEnded func(*deliver.Attempt)
}

// deliver runs the attempts of x, prints each, and returns what became of the delivery and how long it took.
func (c *courier) deliver(ctx context.Context, x record.Exchange) (o journal.Outcome, took time.Duration, err error) {
	if c.queueing != nil {
		o, err = c.enqueue(ctx, x)
		return o, 0, err
	}
	sender := c.sender
	sender.Sign = c.sign.ForAttempt(&x)
	j := journal.Journal{History: c.history, Lazily: c.lazily, WithIDs: c.json || !c.silent}
	begun := time.Now()
	var shown error
	for a, err := range j.Attempts(ctx, sender, x) {
		if err != nil {
			return o, 0, err
		}
		o.Add(a)
		if c.onEnded != nil {
			c.onEnded(a)
		}
		if err := c.show(a); err != nil && shown == nil {
			shown = err // the delivery goes on; what went wrong with printing is said at its end
		}
	}
	o.End(ctx)
	return o, time.Since(begun), shown
}

// summary is a delivery as it is shown.
func (c *courier) summary(o *journal.Outcome, took time.Duration) ui.Summary {
	x := o.Last.Exchange
	return ui.Summary{Delivered: o.Delivered(), Interrupted: o.Interrupted, Attempts: o.Attempts, First: o.First,
		Last: x.ID, WebhookID: x.WebhookID,
		Took: took, Why: o.Last.Why, Note: providerNote(c.sender.Policy.As, o.Last)}
}

// show prints an attempt that has ended.
func (c *courier) show(a *deliver.Attempt) error {
	c.printing.Lock()
	defer c.printing.Unlock()
	if a.Warning != "" && !c.silent {
		c.warn("%s", ui.EscapeLine(a.Warning))
	}
	switch {
	case c.json:
		return c.emitAttempt(a)
	case !c.silent:
		c.out.Attempt(a, c.signedAt(a.Exchange))
		if c.verbose {
			c.err.Messages(c.history.Redacted(a.Exchange))
		}
	}
	return nil
}
