package ui

import (
	"fmt"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Summary is the result of one delivery.
type Summary struct {
	Delivered, Interrupted bool
	Attempts               int
	Last                   int64 // id in the history of the last attempt; 0: it is in none
	WebhookID              string
	Took                   time.Duration
	Note                   string // what this provider would do with the endpoint now
}

// Delivery writes the line that summarises a delivery:
//
//	delivered  msg_1  3 attempts in 2.1s  (barb show 14)
func (p *Printer) Delivery(s Summary) {
	word := p.bad("not delivered")
	switch {
	case s.Delivered:
		word = p.good("delivered")
	case s.Interrupted:
		word = p.warn("interrupted")
	}
	note := ""
	if s.Note != "" {
		note = "  " + p.warn(EscapeLine(s.Note))
	}
	facts := fmt.Sprintf("  %s  %s in %s", Clip(s.WebhookID, 80), Count(s.Attempts, "attempt"), Duration(s.Took))
	show, gap := fmt.Sprintf("(barb show %d)", s.Last), "  "
	if s.Last == 0 {
		show, gap = "", ""
	}
	if p.Width > 0 && textWidth("not delivered"+facts+gap+show) > p.Width {
		gap = "\n  " // a command that is broken in two cannot be copied
	}
	p.Printf("%s%s%s%s%s\n", word, facts, gap, p.faint(show), note)
}

// Queued writes the line about a message put into the queue:
//
//	queued  msg_1  → api.example.com  (barb queue show 3; barb deliver sends it)
func (p *Printer) Queued(x *record.Exchange, entry int64) {
	p.Printf("%s  %s  %s %s  %s\n", p.good("queued"), Clip(x.WebhookID, 80), p.faint("→"), EscapeLine(Endpoint(x)),
		p.faint(fmt.Sprintf("(barb queue show %d; barb deliver sends it)", entry)))
}

func (p *Printer) tally(n, of int64) string {
	text := fmt.Sprintf("%d of %d", n, of)
	if n == of {
		return p.good(text)
	}
	return p.bad(text)
}

func nonZero(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// Count returns a number with its noun: 1 attempt, 2 attempts.
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// WebhooksOf says how many webhooks there are, and how many exchanges they have where those are more.
func WebhooksOf(webhooks, exchanges int64) string {
	text := Count(int(webhooks), "webhook")
	if exchanges > webhooks {
		text += " (" + Count(int(exchanges), "exchange") + ")"
	}
	return text
}
