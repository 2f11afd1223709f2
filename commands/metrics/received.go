package metrics

import (
	"fmt"
	"strconv"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Received counts received and delivered webhooks. A nil *Received counts nothing, so that a listener without --metrics
// needs no conditions. No text of a sender becomes a label: only known schemes are counted by name, and the other
// labels are codes and kinds.
type Received struct {
	*Sent
	schemes         map[string]bool
	answer, forward *histogram
	duplicates      *counter
	handshakes      *counter
	valid, invalid  *counter
}

// NewReceived returns the counters of a listener, at 0. The history reports its transactions to them, and schemes are
// the names that may become labels.
func NewReceived(version string, history *store.Store, schemes map[string]bool) *Received {
	sent := NewSent(version, history)
	return &Received{Sent: sent, schemes: schemes,
		answer:     sent.set.histogram("barb_answer_duration_seconds", buckets()),
		forward:    sent.set.histogram("barb_forward_duration_seconds", buckets()),
		duplicates: sent.set.counter("barb_duplicates_total"),
		handshakes: sent.set.counter("barb_handshakes_total"),
		valid:      sent.set.counter(`barb_signatures_total{verdict="valid"}`),
		invalid:    sent.set.counter(`barb_signatures_total{verdict="invalid"}`),
	}
}

func (m *Received) count(format string, args ...any) {
	m.set.counter(fmt.Sprintf(format, args...)).inc()
}

// Handshake counts an answered handshake, which is not a webhook.
func (m *Received) Handshake() {
	if m != nil {
		m.handshakes.inc()
	}
}

// Answered counts an answered webhook.
func (m *Received) Answered(x *record.Exchange) {
	if m == nil {
		return
	}
	verdict := string(x.Verdict.Status)
	switch x.Verdict.Status {
	case record.Valid:
		m.valid.inc()
	case record.Invalid:
		m.invalid.inc()
	default:
		verdict = "unchecked"
	}
	m.count("barb_webhooks_received_total{scheme=%q,verdict=%q}", m.scheme(x.Scheme), verdict)
	m.count("barb_webhooks_answered_total{code=%q}", code(x.Status()))
	if _, repeats := x.Marked(record.Duplicate); repeats {
		m.duplicates.inc()
	}
	m.answer.update(x.Took.Seconds()) // last: a reader that sees the webhook here sees it in the others
}

// scheme returns the label of a scheme: its name, "none" or "other".
func (m *Received) scheme(name string) string {
	switch {
	case name == "":
		return "none"
	case m.schemes[name]:
		return name
	}
	return "other"
}

// code returns a status as a label, "" without a response.
func code(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status)
}

// Forwarded counts an attempt to forward a webhook to an app.
func (m *Received) Forwarded(app *record.Exchange) {
	if m != nil {
		m.count("barb_forward_total{code=%q,error=%q}", code(app.Status()), app.FailureKind())
		m.forward.update(app.Took.Seconds())
		m.Attempt(app)
	}
}

// Mirrored counts an attempt to forward a webhook to a mirror.
func (m *Received) Mirrored(f *record.Exchange) {
	if m != nil {
		m.Attempt(f)
	}
}

// Refused counts a request that did not become an exchange. status is 0 for a connection closed without a response.
func (m *Received) Refused(status int) {
	if m != nil {
		m.count("barb_refused_total{code=%q}", code(status))
	}
}
