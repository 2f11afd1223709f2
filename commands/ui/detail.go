package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
	"github.com/barbhq/barb/units"
)

// bodyShown is the shown part of a body in bytes; --body prints the whole.
const bodyShown = 16 << 10

// Exchange writes all of one exchange.
func (p *Printer) Exchange(x *record.Exchange) {
	p.Pairs(append([][2]string{
		{"id", p.bold(strconv.FormatInt(x.ID, 10)) + " " + x.Kind.String() + threadNote(x)},
		{"when", moment(x.Start)},
		{"result", p.result(x) + " " + p.outcome(x) + "  " + Duration(x.Took) + nextNote(x)},
	}, p.facts(x)...))
	p.Line("")
	p.Messages(x)
}

// Webhook writes all of a webhook: x is the exchange that stands for it, whole.
func (p *Printer) Webhook(w *webhooks.Webhook, x *record.Exchange, now time.Time) {
	if len(w.Exchanges) == 1 && w.State == webhooks.State(x.Outcome()) {
		p.Exchange(x)
		return
	}
	r := &historyRow{x: x, app: w.App(), state: string(w.State)}
	state := p.stateWord(r)
	if state == "" {
		state = p.outcomeWord(record.Outcome(w.State))
	}
	p.Pairs(append([][2]string{
		{"id", p.bold(strconv.FormatInt(w.ID, 10)) + " " + w.Kind().String()},
		{"when", moment(w.Exchanges[0].Start)},
		{"state", state},
		{"result", p.result(x) + "  " + Duration(x.Took) + nextNote(x)},
		{"app", p.appPair(w.App())},
	}, p.facts(withoutItself(x, w.ID))...))
	if len(w.Exchanges) > 1 {
		p.Line("")
		p.parts(w, now)
	}
	p.Line("")
	p.Messages(x)
}

// withoutItself returns an exchange of a webhook without the mark that it is a duplicate of that webhook.
func withoutItself(x *record.Exchange, webhook int64) *record.Exchange {
	c := *x
	c.Marks = slices.DeleteFunc(slices.Clone(x.Marks), func(m record.Mark) bool {
		return m.Kind == record.Duplicate && m.Of == webhook
	})
	return &c
}

// appPair says what the app answered, or why it did not.
func (p *Printer) appPair(app *record.Exchange) string {
	if app == nil {
		return ""
	}
	text, endpoint := p.result(app)+"  "+Duration(app.Took)+"  ", Clip(Endpoint(app), 60)
	note := strings.TrimPrefix(failureNote(app), string(app.FailureKind())+": ")
	switch {
	case note == "":
		return text + endpoint
	case strings.HasPrefix(note, endpoint): // it names the endpoint itself
		return text + note
	}
	return text + endpoint + "  " + note
}

// parts writes the exchanges of a webhook as a table.
func (p *Printer) parts(w *webhooks.Webhook, now time.Time) {
	rows := make([][]string, len(w.Exchanges))
	for i, x := range w.Exchanges {
		kind := x.Role.String()
		if x.Kind == record.Received && x.Role == record.First {
			kind = "received"
		}
		rows[i] = []string{strconv.FormatInt(x.ID, 10), kind, strconv.Itoa(x.Attempt), when(x.Start, now),
			Clip(Endpoint(x), 60), p.result(x), Duration(x.Took)}
	}
	p.Table([]string{"ID", "KIND", "TRY", "WHEN", "ENDPOINT", "RESULT", "TIME"}, rows)
}

func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05.000 -07:00") }

// facts are the further pairs about an exchange.
func (p *Printer) facts(x *record.Exchange) [][2]string {
	return [][2]string{
		{"failure", failureNote(x)},
		{"timings", phases(x.Phases)},
		{"event", EscapeLine(x.Event())},
		{"webhook id", EscapeLine(x.WebhookID)},
		{"signature", p.signature(x)},
		{"why", p.why(x)},
		{"next", p.nextStep(x)},
		{"marks", Marks(x)},
		{"not stored", EscapeLine(strings.Join(x.Masked(), ", "))},
		{"to replay", EscapeLine(replayOfMasked(x))},
		{"peer", EscapeLine(x.Remote)},
		{"tls name", EscapeLine(x.ServerName)},
		{"url", EscapeLine(x.Request.URL)},
	}
}

// Messages writes the request and the response.
func (p *Printer) Messages(x *record.Exchange) {
	p.Line(p.bold(EscapeLine(x.Request.Method + " " + x.Request.WireTarget() + " " + x.Request.Proto)))
	size := int64(len(x.Request.Body))
	if w := x.Request.Whole; w != nil {
		size = w.Length
	}
	p.message(x.Request.Header, x.Request.Body, size)
	if w := x.Request.Whole; w != nil {
		p.Line(p.faint(fmt.Sprintf("(SHA-256 of all of it %x)", w.SHA256)))
	}
	if len(x.Request.Trailer) > 0 {
		p.Line("")
		p.Line(p.faint("(trailers)"))
		p.Headers(x.Request.Trailer)
	}
	if x.Response == nil {
		return
	}
	p.Line("")
	p.Line(p.bold(EscapeLine(fmt.Sprintf("%s %d %s", x.Response.Proto, x.Response.Status, x.Response.Reason))))
	p.message(x.Response.Header, x.Response.Body, x.Response.Size)
}

func (p *Printer) message(h record.Header, body []byte, size int64) {
	p.Headers(h)
	if len(body) > 0 {
		p.Line("")
		p.Body(body)
	}
	if size > int64(len(body)) {
		p.Line(p.faint(fmt.Sprintf("(%s of %s kept)", units.RoundSize(int64(len(body))), units.RoundSize(size))))
	}
}

// Headers writes header fields in wire order.
func (p *Printer) Headers(h record.Header) {
	for _, f := range h {
		line := p.faint(EscapeLine(f.Name)+":") + " " + EscapeLine(f.Value)
		if !p.Pane {
			p.Line(line)
			continue
		}
		for i, part := range folded(line, max(p.Width-2, 1), true) {
			p.Line(strings.Repeat("  ", min(i, 1)) + part)
		}
	}
}

// Body writes a body: text escaped and cut at 16 KiB, any other only described.
func (p *Printer) Body(body []byte) {
	shown := body[:min(len(body), bodyShown)]
	text := string(shown)
	if len(body) > bodyShown { // the cut may have split a character
		text = strings.ToValidUTF8(text, "")
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		p.Line(p.faint(fmt.Sprintf("(%s of binary data; --body prints it)", units.RoundSize(int64(len(body))))))
		return
	}
	p.Line(strings.TrimSuffix(Escape(text), "\n"))
	if len(body) > len(shown) {
		p.Line(p.faint(fmt.Sprintf("(%s more; --body prints all)", units.RoundSize(int64(len(body)-len(shown))))))
	}
}

func (p *Printer) signature(x *record.Exchange) string {
	v := x.Verdict
	words := []string{}
	if x.Scheme != "" {
		words = append(words, EscapeLine(x.Scheme))
	}
	words = append(words, p.signed(x))
	if v.HasAge {
		words = append(words, "age "+Age(v.Age))
	}
	if v.Secret != "" {
		words = append(words, "secret "+EscapeLine(v.Secret))
	}
	return strings.Join(words, "  ")
}

// why says in plain English why a signature was refused or not checked; "" for others.
func (p *Printer) why(x *record.Exchange) string {
	if p.overlooked(x) {
		return "it was not checked when it came, though a secret is known for it"
	}
	if x.Verdict.Status != record.Invalid {
		return ""
	}
	return Reason(x.Verdict.Reason, x.Verdict.Tried)
}

// nextStep says what to do about a signature that was refused or not checked.
func (p *Printer) nextStep(x *record.Exchange) string {
	if p.overlooked(x) {
		return fmt.Sprintf("barb verify %d --explain checks it now", x.ID)
	}
	if x.Verdict.Status != record.Invalid {
		return ""
	}
	return joinNonEmpty("; ", Remedy(x.Verdict.Reason), fmt.Sprintf("barb verify %d --explain", x.ID))
}

func joinNonEmpty(with string, texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), with)
}

func threadNote(x *record.Exchange) string {
	switch {
	case x.Thread == 0:
		return ""
	case x.Attempt > 1:
		return fmt.Sprintf(", attempt %d of webhook %d", x.Attempt, x.Thread)
	}
	return fmt.Sprintf(", repeats %d", x.Thread)
}

func nextNote(x *record.Exchange) string {
	if x.NextIn == 0 {
		return ""
	}
	return "  next attempt in " + Duration(x.NextIn)
}

func failureNote(x *record.Exchange) string {
	if x.Err == nil {
		return ""
	}
	note := string(x.Err.Kind) + ": " + Clip(x.Err.Text, 300)
	if x.Err.Ambiguous {
		note += " (the request may have arrived)"
	}
	return note
}

func phases(f record.Phases) string {
	var parts []string
	for _, part := range []struct {
		name string
		d    time.Duration
	}{{"dns", f.DNS}, {"connect", f.Connect}, {"tls", f.TLS}, {"first byte", f.FirstByte}} {
		if part.d > 0 {
			parts = append(parts, part.name+" "+Duration(part.d))
		}
	}
	return strings.Join(parts, "  ")
}
