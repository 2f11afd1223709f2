package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// Forwarded writes one line about an attempt to deliver a received webhook from the queue:
//
//	14:02:12  17  stripe invoice.paid  → 127.0.0.1:3000  #2  200  18ms  delivered
func (p *Printer) Forwarded(captured *record.Exchange, a *deliver.Attempt) {
	x := a.Exchange
	parts := []string{
		p.faint(x.Start.Local().Format(time.TimeOnly)),
		p.bold(strconv.FormatInt(captured.ID, 10)),
		p.name(captured),
		p.faint("→") + " " + EscapeLine(Endpoint(x)),
		fmt.Sprintf("#%d", x.Attempt),
		p.result(x),
		Duration(x.Took),
	}
	switch a.Decision {
	case deliver.Delivered:
		parts = append(parts, p.good("delivered"))
	case deliver.Retry:
		parts = append(parts, p.warn(retryIn(a)))
	case deliver.Interrupted:
		parts = append(parts, p.warn("interrupted, waits"))
	default:
		parts = append(parts, p.bad("not delivered"))
	}
	p.Line(p.fitted(parts))
}

// fitted joins the parts of a line about a received webhook: the time, the id, the name, and the rest. To fit a
// terminal it first shortens the name, then omits the time.
func (p *Printer) fitted(parts []string) string {
	over := func() int { return lipgloss.Width(strings.Join(parts, "  ")) - p.Width }
	if n := over(); p.Width > 0 && n > 0 {
		parts[2] = cutText(parts[2], max(lipgloss.Width(parts[2])-n, narrowName))
		if over() > 0 {
			parts = parts[1:]
		}
		return cutText(strings.Join(parts, "  "), p.Width)
	}
	return strings.Join(parts, "  ")
}

// Answered returns an answer in a word or two.
func Answered(x *record.Exchange) string {
	if status := x.Status(); status != 0 {
		return strconv.Itoa(status)
	}
	return "no answer (" + string(x.FailureKind()) + ")"
}

// narrowName is the shortest name of a webhook before the time is omitted.
const narrowName = 12

// Ran writes one line about a command that ran for a received webhook after the response:
//
//	14:02:12  17  github push  exec deploy  exit 1  18ms
func (p *Printer) Ran(captured *record.Exchange, command string) {
	how := p.good(captured.Run.Words())
	if captured.Run.Exit != 0 {
		how = p.bad(captured.Run.Words())
	}
	p.Line(p.fitted([]string{
		p.faint(time.Now().Format(time.TimeOnly)),
		p.bold(strconv.FormatInt(captured.ID, 10)),
		p.name(captured),
		"exec " + EscapeLine(command),
		how,
		Duration(captured.Run.Took),
	}))
}
