// Package tell prints the attempts of a delivery as they end.
package tell

import (
	"context"
	"fmt"
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

// Attempts prints the attempts of send and replay.
type Attempts struct {
	Shell  *shell.Shell
	With   export.With
	Policy deliver.Policy
	Silent bool // print only JSON
}

// Deliver delivers x, prints each attempt and the end, and returns the exit code as an error.
func (p *Attempts) Deliver(ctx context.Context, s *signer.Signer, sender deliver.Sender, x record.Exchange) error {
	j, begun := journal.Journal{History: p.Shell.History}, time.Now()
	sender.Sign = s.ForAttempt(&x)
	o, err := j.Deliver(ctx, sender, x, func(a *deliver.Attempt) error { return p.Show(s, a) })
	if err != nil {
		return err
	}
	if !p.Shell.JSON {
		p.Shell.Stdout.Delivery(p.Summary(&o, time.Since(begun)))
	}
	var tally journal.Tally
	tally.Add(&o)
	return fail.Silent(shell.CodeOf(tally, false))
}

// Show prints an attempt that has ended and that s signed.
func (p *Attempts) Show(s *signer.Signer, a *deliver.Attempt) error {
	sh := p.Shell
	sh.Printing.Lock()
	defer sh.Printing.Unlock()
	if a.Warning != "" && !p.Silent {
		sh.Warn("%s", a.Warning)
	}
	switch {
	case sh.JSON:
		return p.emit(a)
	case !p.Silent:
		sh.Stdout.Attempt(a, p.signedAt(s, a.Exchange))
		if sh.Verbose {
			sh.Stderr.Messages(sh.History.Redacted(a.Exchange))
		}
	}
	return nil
}

// FromQueue says how an attempt to deliver x from the queue went.
func FromQueue(sh *shell.Shell, x *record.Exchange, a *deliver.Attempt, with export.With) {
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
func (p *Attempts) emit(a *deliver.Attempt) error {
	kept := p.Shell.History.Redacted(a.Exchange)
	line := export.JSON(kept, p.With)
	if a.Scheduled != a.Wait {
		line.ScheduleMS = a.Scheduled.Milliseconds()
	}
	line.Note = p.note(a)
	return p.Shell.EmitOf(kept, line)
}

// note returns what the provider of --as would do with the endpoint after its last attempt, "" for nothing.
func (p *Attempts) note(a *deliver.Attempt) string {
	if p.Policy.As == "" {
		return ""
	}
	as, err := provider.Lookup(p.Policy.As)
	if err != nil {
		return ""
	}
	return as.Aftermath(a)
}

// signedAt is when an attempt was signed. It is "" for a scheme that signs no time, and without --speed and --verbose.
func (p *Attempts) signedAt(s *signer.Signer, x *record.Exchange) string {
	if !s.Signs() || s.Scheme.Time.Unit == "" || !p.Shell.Verbose && p.Policy.Speed == 0 {
		return ""
	}
	return "signed " + x.Start.Local().Format(time.TimeOnly)
}

// Summary is a delivery as it is shown.
func (p *Attempts) Summary(o *journal.Outcome, took time.Duration) ui.Summary {
	x := o.Last.Exchange
	return ui.Summary{Delivered: o.Delivered(), Interrupted: o.Interrupted, Attempts: o.Attempts, Last: x.First(),
		WebhookID: x.WebhookID, Took: took, Note: p.note(o.Last)}
}

// Queued prints a message that was put into the queue.
func (p *Attempts) Queued(x *record.Exchange, q *store.Queued) error {
	sh := p.Shell
	sh.Printing.Lock()
	defer sh.Printing.Unlock()
	kept := sh.History.Redacted(x)
	switch {
	case sh.JSON:
		return sh.EmitOf(kept, schema.NewQueuedMessage(kept, p.With, q))
	case !p.Silent:
		sh.Stdout.Queued(kept, q.ID)
	}
	return nil
}

// DryRun prints the request that would be sent first.
func (p *Attempts) DryRun(s *signer.Signer, client *deliver.Client, x record.Exchange) error {
	sh := p.Shell
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

// HistorySince is the command that lists what was sent since a moment.
func HistorySince(begun time.Time, filters string) string {
	return fmt.Sprintf("barb history %s --since %s -n 0", filters, begun.UTC().Format("2006-01-02T15:04:05.000Z"))
}
