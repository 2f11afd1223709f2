package commands

import (
	"fmt"
	"strconv"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
)

// metrics counts what a listener does. All its methods do nothing on nil, which is a listener that nobody asked. No text
// of a stranger becomes a label: schemes are those there are, the rest are codes and kinds.
type metrics struct {
	*sentMetrics
	schemes         map[string]bool
	answer, forward *histogram
	duplicates      *counter
	handshakes      *counter
	valid, invalid  *counter
}

func newMetrics(sent *sentMetrics, schemes map[string]bool) *metrics {
	set := sent.set
	return &metrics{sentMetrics: sent, schemes: schemes,
		answer:     set.histogram("barb_answer_duration_seconds", buckets()),
		forward:    set.histogram("barb_forward_duration_seconds", buckets()),
		duplicates: set.counter("barb_duplicates_total"),
		handshakes: set.counter("barb_handshakes_total"),
		valid:      set.counter(`barb_signatures_total{verdict="valid"}`),
		invalid:    set.counter(`barb_signatures_total{verdict="invalid"}`),
	}
}

func (m *metrics) count(format string, args ...any) {
	m.set.counter(fmt.Sprintf(format, args...)).inc()
}

// answered counts a webhook that was answered.
func (m *metrics) answered(h *ui.Hook) {
	switch {
	case m == nil:
		return
	case isHandshake(h.Exchange):
		m.handshakes.inc()
		return
	}
	verdict := string(h.Verdict.Status)
	switch h.Verdict.Status {
	case record.Valid:
		m.valid.inc()
	case record.Invalid:
		m.invalid.inc()
	default:
		verdict = "unchecked"
	}
	m.count("barb_webhooks_received_total{scheme=%q,verdict=%q}", m.scheme(h.Scheme), verdict)
	m.count("barb_webhooks_answered_total{code=%q}", code(h.Exchange))
	if _, repeats := h.Marked(record.Duplicate); repeats {
		m.duplicates.inc()
	}
	m.answer.update(h.Took.Seconds()) // last: who sees the webhook there sees it in the others
}

// scheme is a scheme as a label.
func (m *metrics) scheme(name string) string {
	switch {
	case name == "":
		return "none"
	case m.schemes[name]:
		return name
	}
	return "other"
}

// code is the status of an exchange as a label, "" when there is none.
func code(x *record.Exchange) string {
	if status := x.Status(); status != 0 {
		return strconv.Itoa(status)
	}
	return ""
}

// forwarded counts a webhook that was handed to an app.
func (m *metrics) forwarded(app *record.Exchange) {
	if m != nil {
		m.count("barb_forward_total{code=%q,error=%q}", code(app), app.FailureKind())
		m.forward.update(app.Took.Seconds())
		m.attempt(app)
	}
}

// mirrored counts a webhook that a mirror got.
func (m *metrics) mirrored(f *record.Exchange) {
	if m != nil {
		m.attempt(f)
	}
}

// refused counts what did not become an exchange; a connection that was closed without an answer has no code.
func (m *metrics) refused(status int) {
	switch {
	case m == nil:
	case status == 0:
		m.count(`barb_refused_total{code=""}`)
	default:
		m.count("barb_refused_total{code=\"%d\"}", status)
	}
}

// countFor makes the counters and hands them to whoever has something to count.
func (g *gateway) countFor(port *metricsPort) {
	if port == nil {
		return
	}
	schemes := map[string]bool{}
	for _, s := range g.file.schemes() {
		schemes[s.Name] = true
	}
	g.watch.metrics, g.watch.metricsPort = newMetrics(newSentMetrics(g.version, g.history), schemes), port
}
