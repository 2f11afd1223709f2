package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

// keptOfInvalid is how many bytes of the body of a webhook with a bad signature, or of a stray one, are recorded:
// anybody can send it, and a flood of large ones would fill the disk.
const keptOfInvalid = 64 << 10

// flightTimeout is how long a copy waits for the one before it to be answered, then it is told to come again.
const flightTimeout = 30 * time.Second

// isStray reports whether a webhook is beside the checked ones and nothing is done with it but to record it.
func (h *Hook) isStray() bool {
	g := h.Gateway
	return h.isBeside() && h.lane().Targets.First() == "" && g.Answers.Respond == nil &&
		(g.Runner == nil || !g.Runner.Unverified)
}

// isUnlisted reports whether an exchange is neither recorded nor shown.
func (h *Hook) isUnlisted() bool { return h.Gateway.Filter.Unlisted && isFiltered(h.Exchange) }

// Record makes the exchange durable, and gives it its place in what is scripted.
func (h *Hook) Record(ctx context.Context) (err error) {
	g, x := h.Gateway, h.Exchange
	if h.isUnlisted() {
		return nil
	}
	if !g.KeepInvalid && (x.Verdict.Status == record.Invalid || h.isStray()) {
		x.Truncate(keptOfInvalid)
	}
	var doubts []error
	h.script, doubts = g.Answers.ScriptFor(x)
	h.doubts = append(h.doubts, doubts...)
	if h.answersAtOnce() { // see store.Announce
		x.Took = max(g.Now().Sub(x.Start), 1)
	}
	if h.position, err = g.Answers.Number(x, h.script, func() error { return h.record(ctx) }); err == nil {
		h.tellDoubts()
	}
	return err
}

// record makes the exchange durable with its marks and its entries in the queue. A copy of a webhook that is being
// recorded waits for that.
func (h *Hook) record(ctx context.Context) error {
	g, x := h.Gateway, h.Exchange
	kept := g.History.Redacted(x) // what copies are compared by is what the history has of them
	if x.Foreseen && kept.Response.Head != x.Response.Head {
		x.Foreseen, x.Response = false, nil // secrets in an answer are masked once it went out
		kept = g.History.Redacted(x)
	}
	h.isExact = kept == x
	claim, err := g.meet(ctx, x, kept)
	if err != nil {
		return err
	}
	if claim != nil {
		defer func() { claim.Settle(x.ID) }()
	}
	if g.Once {
		h.claim = claim
	}
	if err = h.enlist(ctx, kept); err != nil {
		return err
	}
	g.open.Add(1)
	return nil
}

// Reply returns what the sender gets.
func (h *Hook) Reply(ctx context.Context) listen.Answer {
	given := h.Gateway.Answers.Answer(h.position, listen.Answer{Response: h.reply(ctx)})
	if given.Fault.Kind == listen.Hang {
		h.Gateway.Tell(Event{Kind: Hangs, ID: h.Exchange.ID})
	}
	h.announce(ctx, given.Delay)
	return given
}

// answersAtOnce reports whether the answer goes out as soon as the webhook is recorded: nothing is waited for.
func (h *Hook) answersAtOnce() bool {
	g, x := h.Gateway, h.Exchange
	switch {
	case x.Verdict.Status == record.Invalid || isUndecided(x.Marks):
		return true
	case g.Answers.Latency.Max > 0 || g.Answers.FailRate > 0 || h.script != nil && !h.script.AtOnce():
		return false
	case x.Handshake != "" || isFiltered(x) || isUnrouted(x) || h.script != nil:
		return true
	case g.Queue != nil && g.Queue.Ack:
		return true
	}
	return !g.runs(x) && h.lane().Targets.First() == ""
}

// Foreseen returns the answer to a webhook that is only recorded. It is nil where anything is to be done with the
// webhook or to its answer: see reply.
func (h *Hook) Foreseen() *record.Response {
	g, x := h.Gateway, h.Exchange
	isPlain := x.Verdict.Status != record.Invalid && x.Handshake == "" && len(x.Marks) == 0
	if !isPlain || g.Once || g.Queue != nil || g.Runner != nil || g.Answers.Ordered() || g.Provider != nil ||
		len(h.lane().Targets) > 0 {
		return nil
	}
	return &record.Response{Status: http.StatusOK}
}

// announce has readers wait for the answer, which goes out after a delay, unless they do already. Where that cannot be
// kept they find the webhook without an answer for some milliseconds.
func (h *Hook) announce(ctx context.Context, delay time.Duration) {
	if g, x := h.Gateway, h.Exchange; g.History != nil && x.ID != 0 && x.Took == 0 {
		_ = g.History.Announce(context.WithoutCancel(ctx), x.ID, g.Now().Sub(x.Start)+delay)
	}
}

// reply is the response that the sender gets; nil where a script says it.
func (h *Hook) reply(ctx context.Context) *record.Response {
	switch x := h.Exchange; {
	case x.Verdict.Status == record.Invalid:
		return textAnswer(http.StatusUnauthorized, "invalid signature\n")
	case isUndecided(x.Marks):
		return unavailable()
	case x.Handshake != "":
		return h.Greet()
	case isUnrouted(x):
		g := h.Gateway
		g.tellOnce("unrouted", Event{Kind: NoRoute, ID: x.ID, Path: route.Path(x.Request.Target)})
		return textAnswer(http.StatusNotFound, "no route\n")
	case isFiltered(x):
		return &record.Response{Status: http.StatusOK}
	case h.script != nil:
		return nil
	}
	return h.handOnce(ctx, func() *record.Response { return h.handOn(ctx) })
}

// handOnce hands a webhook on unless it, or a copy of it, was accepted. A copy that comes while another is handed on
// waits for its answer, and is handed on itself when that was not 2xx.
func (h *Hook) handOnce(ctx context.Context, handOn func() *record.Response) *record.Response {
	g := h.Gateway
	if h.claim == nil {
		return handOn()
	}
	patient, cancel := context.WithTimeout(ctx, flightTimeout)
	defer cancel()
	g.askNeighbour(patient, h.claim)
	flight, accepted, err := h.claim.Begin(patient)
	if err != nil || accepted {
		h.cancelEntries(context.WithoutCancel(ctx))
	}
	switch {
	case err != nil:
		return comeAgain("1", "another delivery of this webhook is in progress\n")
	case accepted:
		return &record.Response{Status: http.StatusOK}
	}
	done := false
	defer func() { flight.End(done) }()
	response := handOn()
	done = response.Status/100 == 2
	return response
}

// handOn hands a webhook to the command and the apps, and returns what the sender gets.
func (h *Hook) handOn(ctx context.Context) *record.Response {
	g := h.Gateway
	if g.Queue != nil && g.Queue.Ack && g.runs(h.Exchange) { // the sender has its answer before the command runs
		return h.queued(ctx)
	}
	if failed := h.execute(ctx); failed != nil {
		return failed
	}
	switch {
	case h.lane().Targets.First() == "":
		return &record.Response{Status: http.StatusOK}
	case g.Queue != nil:
		return h.queued(ctx)
	}
	return h.forward(ctx)
}

// Answered records how the exchange ended, with what was done to the sender and whether its provider would have
// waited, and tells of it.
func (h *Hook) Answered(ctx context.Context) error {
	g := h.Gateway
	if h.isUnlisted() {
		g.Tell(Event{Kind: LeftOut})
		return nil
	}
	h.tellDoubts()
	x := h.judged()
	err := g.History.Answer(ctx, x)
	g.open.Add(-1)
	shown := x
	if !x.Foreseen || !h.isExact { // what was recorded with its answer was looked through with it
		shown = g.History.Redacted(x)
	}
	g.Tell(Event{Kind: Answered, ID: x.ID, Exchange: shown, Apps: h.apps, IsBeside: h.isBeside()})
	return err
}

// judged returns the exchange with what --fail-rate did to its sender, and whether its provider would have waited. The
// exchange itself stays as it is, since the server goes by how the connection ended.
func (h *Hook) judged() *record.Exchange {
	p := h.Gateway.Provider
	if p == nil && !h.position.Fails() {
		return h.Exchange
	}
	x := *h.Exchange
	h.position.Judge(&x)
	late := p != nil && x.Took > p.Timeout
	if late && (x.Err == nil || x.Scripted != "") { // else the sender had left by itself
		x.TooSlow(p.Name, p.Timeout)
	}
	return &x
}

func textAnswer(status int, text string) *record.Response {
	return &record.Response{Status: status, Body: []byte(text),
		Header: record.Header{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}}}
}

// comeAgain asks the sender to come again after so many seconds.
func comeAgain(seconds, text string) *record.Response {
	busy := textAnswer(http.StatusServiceUnavailable, text)
	busy.Header = append(busy.Header, record.Field{Name: "Retry-After", Value: seconds})
	return busy
}

// unavailable asks the sender to come again, without a body.
func unavailable() *record.Response {
	return &record.Response{Status: http.StatusServiceUnavailable,
		Header: record.Header{{Name: "Retry-After", Value: "5"}}}
}
