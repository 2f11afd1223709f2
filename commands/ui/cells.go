package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// Cells are the cells of a webhook in a list that lays out its columns itself. All are escaped and have no line break.
type Cells struct {
	ID, When, Arrow, Event, Endpoint         string
	Result, ShortResult                      string
	Marks                                    string // pinned, note, ×3, stale
	Took, Tries                              string
	Signature, SignatureWord, SignatureState string
}

// Cells returns the cells of a webhook as the history has them.
func (p *Printer) Cells(w *webhooks.Webhook, now time.Time) Cells {
	r := rowOf(w, now)
	return Cells{ID: strconv.FormatInt(r.id, 10), When: when(r.start, now), Arrow: arrow(r.x), Event: p.eventName(r.x),
		Endpoint: Clip(endpointOf(r), 60), Result: p.unmarkedResult(r), ShortResult: p.shortResult(r),
		Marks: strings.ReplaceAll(p.rowMarks(r), "  ", " "),
		Took:  Duration(answeredBy(r).Took), Tries: strconv.Itoa(r.tries), Signature: p.signatureCell(r),
		SignatureWord: p.signatureWord(r), SignatureState: p.shortSignature(r)}
}

// Words returns what the words of a filter look at: the cells of a webhook, its path and its state.
func Words(w *webhooks.Webhook, now time.Time) string {
	c, last := (&Printer{}).Cells(w, now), w.Last()
	words := []string{c.ID, c.When, c.Event, c.Endpoint, c.Result, c.Marks, c.Signature, Clip(last.Request.Method, 20),
		Clip(last.Request.WireTarget(), 200), Clip(last.WebhookID, 60), string(w.State)}
	if status := last.Status(); status != 0 {
		words = append(words, strconv.Itoa(status/100)+"xx")
	}
	return strings.Join(words, " ")
}

// State returns the state of a webhook in its colour.
func (p *Printer) State(w *webhooks.Webhook) string { return p.outcomeWord(record.Outcome(w.State)) }

// Pretty writes a body as Details does, without its indentation. whole is the command line that prints all of it.
func (p *Printer) Pretty(body []byte, contentType, whole string) {
	var text strings.Builder
	(&Printer{W: &text, Color: p.Color}).pretty(body, contentType, whole)
	for line := range strings.Lines(strings.Trim(text.String(), "\n")) {
		p.Line(strings.TrimSuffix(strings.TrimPrefix(line, "    "), "\n"))
	}
}

// Hex writes bytes with their offsets, in hex and as text.
func (p *Printer) Hex(data []byte) {
	var text strings.Builder
	(&Printer{W: &text, Color: p.Color}).hex(data)
	for line := range strings.Lines(text.String()) {
		p.Line(strings.TrimSuffix(strings.TrimPrefix(line, "    "), "\n"))
	}
}

// Remark writes what a person has said of a webhook; nothing where nobody has.
func (p *Printer) Remark(w *webhooks.Webhook) { p.Pairs(remarks(w)) }

func remarks(w *webhooks.Webhook) [][2]string {
	pinned := ""
	if w.Remark.Pinned {
		pinned = "barb prune leaves it"
	}
	return [][2]string{{"pinned", pinned}, {"note", EscapeLine(w.Remark.Note)}}
}

// Facts writes what is known of a webhook besides its messages: x is the exchange that stands for it.
func (p *Printer) Facts(w *webhooks.Webhook, x *record.Exchange) {
	p.Pairs(append([][2]string{
		{"id", p.bold(strconv.FormatInt(w.ID, 10)) + " " + w.Kind().String()},
		{"when", moment(w.Exchanges[0].Start)},
		{"state", p.State(w)},
		{"result", p.result(x) + "  " + Duration(x.Took) + nextNote(x)},
		{"app", p.appPair(w.App())},
	}, append(remarks(w), p.facts(withoutItself(x, w.ID))...)...))
}

// Answer writes the answer of an exchange, or why there is none.
func (p *Printer) Answer(x *record.Exchange) {
	if x.Response == nil {
		p.Line(joinNonEmpty("  ", p.faint("no answer"), failureNote(x)))
		return
	}
	r := x.Response
	status := EscapeLine(strings.TrimSpace(r.Proto + " " + strconv.Itoa(r.Status) + " " + r.Reason))
	p.Line(p.bold(status) + "  " + Duration(x.Took))
	p.Headers(r.Header)
	if len(r.Body) > 0 {
		p.Line("")
		p.Pretty(r.Body, r.Header.Get("Content-Type"), fmt.Sprintf("barb show %d --json", x.ID))
	}
}
