package commands

import (
	"context"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// attempts prints the attempts of send and replay.
type attempts struct {
	sh     *shell.Shell
	with   export.With
	policy deliver.Policy
	silent bool // print only JSON
}

// deliver delivers x, prints each attempt and the end, and returns the exit code as an error.
func (p *attempts) deliver(ctx context.Context, s *signer.Signer, sender deliver.Sender, x record.Exchange) error {
	j, begun := journal.Journal{History: p.sh.History}, time.Now()
	sender.Sign = s.ForAttempt(&x)
	o, err := j.Deliver(ctx, sender, x, func(a *deliver.Attempt) error { return p.show(s, a) })
	if err != nil {
		return err
	}
	if !p.sh.JSON {
		p.sh.Stdout.Delivery(p.summary(&o, time.Since(begun)))
	}
	var tally journal.Tally
	tally.Add(&o)
	return fail.Silent(shell.CodeOf(tally, false))
}

// show prints an attempt that has ended and that s signed.
func (p *attempts) show(s *signer.Signer, a *deliver.Attempt) error {
	sh := p.sh
	sh.Printing.Lock()
	defer sh.Printing.Unlock()
	if a.Warning != "" && !p.silent {
		sh.Warn("%s", a.Warning)
	}
	switch {
	case sh.JSON:
		return p.emit(a)
	case !p.silent:
		sh.Stdout.Attempt(a, p.signedAt(s, a.Exchange))
		if sh.Verbose {
			sh.Stderr.Messages(sh.History.Redacted(a.Exchange))
		}
	}
	return nil
}

// tellAttempt says how an attempt to deliver x from the queue went.
func tellAttempt(sh *shell.Shell, x *record.Exchange, a *deliver.Attempt, with export.With) {
	sh.Printing.Lock()
	defer sh.Printing.Unlock()
	kept := sh.History.Redacted(a.Exchange)
	if sh.JSON {
		sh.Breaks(sh.EmitExchange(kept, with))
		return
	}
	sh.Stdout.Forwarded(x, a)
	if sh.Verbose {
		sh.Stderr.Messages(kept)
	}
}

// emit prints an attempt as JSON, with what only its sender knows.
func (p *attempts) emit(a *deliver.Attempt) error {
	kept := p.sh.History.Redacted(a.Exchange)
	line := export.JSON(kept, p.with)
	if a.Scheduled != a.Wait {
		line.ScheduleMS = a.Scheduled.Milliseconds()
	}
	line.Note = p.note(a)
	return p.sh.EmitOf(kept, line)
}

// note returns what the provider of --as would do with the endpoint after its last attempt, "" for nothing.
func (p *attempts) note(a *deliver.Attempt) string {
	if p.policy.As == "" {
		return ""
	}
	as, err := provider.Lookup(p.policy.As)
	if err != nil {
		return ""
	}
	return as.Aftermath(a)
}

// signedAt is when an attempt was signed. It is "" for a scheme that signs no time, and without --speed and --verbose.
func (p *attempts) signedAt(s *signer.Signer, x *record.Exchange) string {
	if !s.Signs() || s.Scheme.Time.Unit == "" || !p.sh.Verbose && p.policy.Speed == 0 {
		return ""
	}
	return "signed " + x.Start.Local().Format(time.TimeOnly)
}

// summary is a delivery as it is shown.
func (p *attempts) summary(o *journal.Outcome, took time.Duration) ui.Summary {
	x := o.Last.Exchange
	return ui.Summary{Delivered: o.Delivered(), Interrupted: o.Interrupted, Attempts: o.Attempts, Last: x.First(),
		WebhookID: x.WebhookID, Took: took, Note: p.note(o.Last)}
}

// queued prints a message that was put into the queue.
func (p *attempts) queued(x *record.Exchange, q *store.Queued) error {
	sh := p.sh
	sh.Printing.Lock()
	defer sh.Printing.Unlock()
	kept := sh.History.Redacted(x)
	switch {
	case sh.JSON:
		return sh.EmitOf(kept, schema.NewQueuedMessage(kept, p.with, q))
	case !p.silent:
		sh.Stdout.Queued(kept, q.ID)
	}
	return nil
}

// dryRun prints the request that would be sent first.
func (p *attempts) dryRun(s *signer.Signer, client *deliver.Client, x record.Exchange) error {
	sh := p.sh
	now := sh.Now()
	if err := s.Sign(&x, now); err != nil {
		return err
	}
	if err := client.Prepare(&x.Request); err != nil {
		return fail.Usage("%w", err)
	}
	if sh.JSON {
		x.Start, x.Attempt = now, 1
		return sh.EmitExchange(&x, export.With{Body: true, URL: true, Headers: true})
	}
	sh.Stdout.Printf("%s", export.Raw(&x.Request))
	if n := len(x.Request.Body); n > 0 && sh.OutTerminal && x.Request.Body[n-1] != '\n' {
		sh.Stdout.Line("")
	}
	return nil
}
