package ui

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// Attempt writes one line about an ended attempt, with more at its end:
//
//	#2  503  41ms  retry in 1.8s
func (p *Printer) Attempt(a *deliver.Attempt, more ...string) {
	x := a.Exchange
	parts := []string{fmt.Sprintf("#%d", x.Attempt), p.result(x), Duration(x.Took)}
	switch a.Decision {
	case deliver.Retry:
		parts = append(parts, p.warn(retryIn(a)))
	case deliver.Delivered:
		parts = append(parts, p.good("delivered"))
	}
	if a.Why != "" && a.Decision != deliver.Retry {
		parts = append(parts, EscapeLine(a.Why))
	}
	if x.Err != nil && (a.Decision == deliver.Retry || !strings.Contains(a.Why, x.Err.Text)) {
		parts = append(parts, p.faint(Clip(x.Err.Text, 120)))
	}
	if x.Err != nil && x.Err.Ambiguous {
		parts = append(parts, p.warn("(may have arrived)"))
	}
	for _, text := range more {
		if text != "" {
			parts = append(parts, p.faint(text))
		}
	}
	p.Line(strings.Join(parts, "  "))
}

// retryIn returns the wait before the next attempt; with compressed time, the uncompressed wait first.
func retryIn(a *deliver.Attempt) string {
	if a.Scheduled == a.Wait || a.Scheduled == 0 {
		return "retry in " + Duration(a.Wait)
	}
	return "retry in +" + Duration(a.Scheduled) + " (" + Duration(a.Wait) + ")"
}

// result returns the status or the kind of failure in its colour.
func (p *Printer) result(x *record.Exchange) string {
	if text := scripted(x); text != "" {
		return p.warn(text)
	}
	if status := x.Status(); status != 0 {
		return p.status(status)
	}
	if kind := x.FailureKind(); kind != "" {
		return p.bad(string(kind))
	}
	return p.faint("-")
}

// failRate is what an exchange that --fail-rate had fail has as Scripted.
const failRate = "fail-rate"

// scripted returns the deliberate fault of a response: "reset (scripted)", "500 (fail-rate)"; "" for none.
func scripted(x *record.Exchange) string {
	if x.Scripted == "" {
		return ""
	}
	if x.Scripted == failRate && x.Status() != 0 { // a response like any other
		return strconv.Itoa(x.Status()) + " (" + failRate + ")"
	}
	text := EscapeLine(x.Scripted) + " (scripted)"
	if status := x.Status(); status != 0 {
		return strconv.Itoa(status) + " " + text
	}
	return text
}

func (p *Printer) status(code int) string { return p.statusPaint(code)(strconv.Itoa(code)) }

func (p *Printer) statusPaint(code int) func(string) string {
	switch code / 100 {
	case 2:
		return p.good
	case 1, 3:
		return p.warn
	}
	return p.bad
}

// label names an exchange by scheme and event, or by its request when neither is known.
func label(x *record.Exchange) string {
	if x.Handshake != "" {
		return "handshake " + Clip(x.Handshake, 60)
	}
	words := make([]string, 0, 2)
	for _, w := range []string{x.Scheme, x.EventType} {
		if w != "" {
			words = append(words, Clip(w, 60))
		}
	}
	if x.EventType == "" {
		words = append(words, Clip(x.Request.Method+" "+path(&x.Request), 60))
	}
	return strings.Join(words, " ")
}

// name is label with a faint request.
func (p *Printer) name(x *record.Exchange) string {
	if x.EventType == "" && x.Scheme == "" {
		return p.faint(label(x))
	}
	return label(x)
}

// Verdict returns a verdict's words in their colour.
func (p *Printer) Verdict(v record.Verdict) string { return p.verdictPaint(v)(v.Words()) }

func (p *Printer) verdictPaint(v record.Verdict) func(string) string {
	switch v.Status {
	case record.Valid:
		return p.good
	case record.Invalid:
		return p.bad
	}
	return p.faint
}

// signed returns the cell for an exchange's signature: signed by barb when sent, checked by barb when received.
func (p *Printer) signed(x *record.Exchange) string {
	switch {
	case p.overlooked(x):
		return p.warn("! " + x.Verdict.Words())
	case x.Kind == record.Received:
		return p.Verdict(x.Verdict)
	case x.Scheme != "":
		return "signed"
	}
	return p.faint("unsigned")
}

func (p *Printer) overlooked(x *record.Exchange) bool { return p.Overlooked != nil && p.Overlooked(x) }

func (p *Printer) outcome(x *record.Exchange) string { return p.outcomeWord(x.Outcome()) }

func (p *Printer) outcomeWord(o record.Outcome) string {
	switch o {
	case record.Delivered, record.Accepted:
		return p.good(string(o))
	case record.Failed, record.Rejected:
		return p.bad(string(o))
	}
	return p.warn(string(o))
}

// when formats a moment as short as it is clear: the time for today, with the date for earlier.
func when(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	switch {
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return t.Format("15:04:05")
	case t.Year() == now.Year():
		return t.Format("Jan 02 15:04")
	}
	return t.Format("2006-01-02")
}

// Endpoint returns the host, with its port if given, that an exchange was sent to or received at.
func Endpoint(x *record.Exchange) string {
	u, err := url.Parse(record.Origin(x.Request.URL))
	if err != nil {
		return ""
	}
	return u.Host
}

func path(r *record.Request) string {
	target, _, _ := strings.Cut(r.WireTarget(), "?")
	return target
}

// Imported writes the line of a webhook that was read from a file: 17 stripe invoice.paid  POST http://localhost/hooks
func (p *Printer) Imported(x *record.Exchange) {
	id := ""
	if x.ID > 0 {
		id = p.bold(strconv.FormatInt(x.ID, 10)) + " "
	}
	p.Printf("%s%s  %s\n", id, p.name(x), p.faint(Clip(x.Request.Method+" "+x.Request.URL, 100)))
}

// Replaying writes the line above the attempts of a replay.
func (p *Printer) Replaying(captured *record.Exchange, to string) {
	p.Printf("%s %s  %s %s\n", p.bold(strconv.FormatInt(captured.ID, 10)), p.name(captured), p.faint("→"), EscapeLine(to))
}
