package commands

import (
	"context"
	"net/http"
	"sync"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/store/record"
)

// hook is a received request from its head to its answer, and what was found out about it.
type hook struct {
	*gateway.Hook
	g *listener
	x *record.Exchange

	scripted func() *script.Script // the script that answers it; nil: none
	claim    *dedupe.Claim         // of what it repeats; nil: it is not compared, or not held back
	promised *promised             // its entries in the queue until its sender is answered; nil: none yet
	place    script.Position       // in what is scripted
	line     ui.Hook               // its line on the screen
	begun    bool                  // it counts as under way
}

// receive makes the hook of a request.
func (g *listener) receive(x *record.Exchange) *hook {
	h := &hook{Hook: g.gate.Receive(x), g: g, x: x}
	h.scripted = sync.OnceValue(func() *script.Script { return g.answers.ScriptFor(x) })
	return h
}

// isStray reports whether a webhook is beside the checked ones and nothing is done with it but to record it.
func (h *hook) isStray() bool {
	g := h.g
	return h.IsBeside() && h.Lane().ForwardTo() == "" && g.answers.Respond == nil &&
		(g.runner == nil || !g.runner.unverified)
}

// Record makes the exchange durable, and gives it its place in what is scripted.
func (h *hook) Record(ctx context.Context) (err error) {
	g, x := h.g, h.x
	if g.unlisted(x) {
		return nil
	}
	if !g.keepInvalid && (x.Verdict.Status == record.Invalid || h.isStray()) {
		x.Truncate(keptOfInvalid)
	}
	h.place, err = g.answers.Number(x, h.scripted(), func() error { return h.record(ctx) })
	return err
}

// record makes the exchange durable with its marks and its entries in the queue. A copy of one that is being recorded
// waits for that.
func (h *hook) record(ctx context.Context) error {
	g, x := h.g, h.x
	kept := g.history.Redacted(x) // what copies are compared by is what the history has of them
	claim, err := g.meet(ctx, x, kept)
	if err != nil {
		return err
	}
	if claim != nil {
		defer func() { claim.Settle(x.ID) }()
	}
	if g.once {
		h.claim = claim
	}
	// Whether a copy is handed on is known when what it is a copy of was answered: what it needs is put into the queue
	// then.
	if err = g.keep(ctx, h, kept, g.once && claim != nil && claim.IsCopy()); err != nil {
		return err
	}
	h.begun = true
	g.watch.Begin()
	return nil
}

// Reply says what the sender gets.
func (h *hook) Reply(ctx context.Context) listen.Answer {
	given := h.g.answers.Answer(h.place, listen.Answer{Response: h.reply(ctx)})
	if given.Fault.Kind == listen.Hang {
		h.g.suggest("%d hangs until its sender leaves (scripted)", h.x.ID)
	}
	return given
}

// reply is the response that the sender gets; nil where a script says it.
func (h *hook) reply(ctx context.Context) *record.Response {
	switch x := h.x; {
	case x.Verdict.Status == record.Invalid:
		return textAnswer(http.StatusUnauthorized, "invalid signature\n")
	case gateway.IsUndecided(x.Marks):
		return unavailable()
	case x.Handshake != "":
		return h.Greet()
	case isFiltered(x):
		return &record.Response{Status: http.StatusOK}
	case h.scripted() != nil:
		return nil
	}
	return h.handOnce(ctx, func() *record.Response { return h.handOn(ctx) })
}

// handOnce hands a webhook on unless it, or a copy of it, was accepted. Copies take turns: one that comes while
// another is handed on waits for its answer, and is handed on itself when that was not 2xx.
func (h *hook) handOnce(ctx context.Context, handOn func() *record.Response) *record.Response {
	g := h.g
	if h.claim == nil {
		return handOn()
	}
	patient, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	g.askNeighbour(patient, h.claim)
	flight, accepted, err := h.claim.Begin(patient)
	if (err != nil || accepted) && g.outbox != nil {
		g.outbox.forgo(context.WithoutCancel(ctx), h)
	}
	switch {
	case err != nil:
		busy := textAnswer(http.StatusServiceUnavailable, "a copy of this webhook is being worked on\n")
		busy.Header = append(busy.Header, record.Field{Name: "Retry-After", Value: "1"})
		return busy
	case accepted:
		return &record.Response{Status: http.StatusOK}
	}
	done := false
	defer func() { flight.End(done) }()
	response := handOn()
	done = response.Status/100 == 2
	return response
}

// handOn is what becomes of a webhook that is to be worked on.
func (h *hook) handOn(ctx context.Context) *record.Response {
	g := h.g
	if g.answersFirst(h.x) {
		return g.outbox.queued(ctx, h)
	}
	if failed := g.execute(ctx, h.x); failed != nil {
		return failed
	}
	if h.Lane().ForwardTo() != "" {
		return g.forwarded(ctx, h)
	}
	return &record.Response{Status: http.StatusOK}
}

// Answered records how the exchange ended, with what was done to the sender and whether its provider would have
// waited, and says so.
func (h *hook) Answered(ctx context.Context) error {
	g := h.g
	x := h.judged()
	g.count(h, x)
	if g.unlisted(x) {
		return nil
	}
	err, kept := g.history.Answer(ctx, x), g.history.Redacted(x)
	h.line.Exchange = kept
	g.watch.end(h)
	g.printing.Lock()
	defer g.printing.Unlock()
	if g.json {
		if jsonErr := g.emitExchange(kept, g.with); jsonErr != nil && g.broken == nil {
			g.broken = jsonErr // said at the end: a listener does not stop for a wrong --jq
		}
		return err
	}
	g.hook(&h.line)
	return err
}

// judged is the exchange with what --fail-rate did to its sender, and whether its provider would have waited. The
// exchange itself stays as it is, since the server goes by how the connection fared.
func (h *hook) judged() *record.Exchange {
	x, p := *h.x, h.g.provider
	h.place.Judge(&x)
	late := p != nil && x.Took > p.Timeout
	if late && (x.Err == nil || x.Scripted != "") { // else the sender had left by itself
		x.TooSlow(p.Name, p.Timeout)
	}
	return &x
}
