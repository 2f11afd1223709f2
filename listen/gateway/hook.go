package gateway

import (
	"net/http"
	"slices"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/handshake"
	"github.com/barbhq/barb/store/record"
)

// Hook is a received request from its head to its answer, and what was found out about it.
type Hook struct {
	Gateway  *Gateway
	Exchange *record.Exchange

	groups   [][]*Lane           // that check it; nil: not found yet
	message  sign.Message        // see read
	greeter  *Lane               // that answers it as a handshake; nil: it is none
	greeting handshake.Handshake // which one
	to       *Lane               // that says where it goes; nil: not chosen yet

	isExact  bool               // nothing was masked in it when it was recorded
	doubts   []error            // of expressions that failed on it; told once it is recorded
	script   *script.Script     // that answers it; nil: none
	position script.Position    // among the scripted answers
	claim    *dedupe.Claim      // its place among its copies; nil: it is not compared, or not held back
	reserved *reserved          // its entries in the queue until its sender is answered; nil: none yet
	apps     []*record.Exchange // its forwards that have ended, as they may be shown
}

// lane returns the lane that decides where the webhook goes, an empty one where it goes nowhere. It is asked after
// Check.
func (h *Hook) lane() *Lane {
	if h.to == nil {
		h.to = h.choose(h.Exchange)
	}
	return h.to
}

// choose returns the lane for what was found out about the request, and keeps the errors of expressions.
func (h *Hook) choose(x *record.Exchange) *Lane {
	to, doubts := h.Gateway.laneAndDoubts(x)
	h.doubts = append(h.doubts, doubts...)
	return to
}

// guards returns the lanes that check the request.
func (h *Hook) guards() [][]*Lane {
	if h.groups == nil {
		h.groups = h.Gateway.guards(&h.Exchange.Request)
	}
	return h.groups
}

// checkedBy returns the lane whose check gave the verdict.
func (h *Hook) checkedBy() *Lane {
	group := h.guards()[0]
	if i := slices.IndexFunc(group, func(l *Lane) bool { return l.accepts(h.Exchange) }); i >= 0 {
		return group[i]
	}
	return group[0]
}

// isBeside reports whether the request was not checked although this listener checks others, and no route was written
// for it.
func (h *Hook) isBeside() bool {
	isUnchecked := h.Exchange.Verdict.Status == record.Unchecked
	checks := slices.ContainsFunc(h.Gateway.All(), (*Lane).Checks)
	return isUnchecked && (checks || h.isUnrouted()) && h.lane().Route == nil
}

// isUnrouted reports whether the request is for a path that no route covers, and is answered 404 for that.
func (h *Hook) isUnrouted() bool {
	g, target := h.Gateway, h.Exchange.Request.Target
	return g.OnlyRoutes && !g.Lanes.Cover(target) && !g.Answers.Covers(target)
}

// Check verifies the request, and reports which handshake, scheme and event it is.
func (h *Hook) Check(now time.Time) listen.Checked {
	if found, ok := h.checkHandshake(now); ok {
		return found
	}
	g, x := h.Gateway, h.Exchange
	found := g.settle(now, func() (listen.Checked, []*pinning) { return h.verdict(now) })
	found.EventType = record.PlainEvent(found.EventType)
	h.mark(&found, now)
	x.Verdict, x.Scheme, x.EventType = found.Verdict, found.Scheme, found.EventType
	if found.Verdict.Status == record.Invalid || isUndecided(found.Marks) || h.isBeside() {
		found.Uncounted = true // a limit waits for accepted webhooks: what anybody can send must not end it
	}
	return found
}

// verdict returns what the guards of a request find, and the pins that follow from it. It is valid when in
// each group a lane finds it valid, and so does the lane that then forwards it.
func (h *Hook) verdict(now time.Time) (found listen.Checked, pins []*pinning) {
	g, r := h.Gateway, &h.Exchange.Request
	h.to, h.doubts = nil, nil
	valid := make([]*Lane, 0, 4)
	for i, group := range h.guards() {
		judged := g.judge(group, h.read(), r, now)
		if judged.Verdict.Status != record.Valid {
			return judged.Checked, nil
		}
		if valid = append(valid, judged.by); judged.pin != nil {
			pins = append(pins, judged.pin)
		}
		if i == 0 {
			found = judged.Checked
		}
	}
	x := record.Exchange{Start: h.Exchange.Start, Request: *r, Verdict: found.Verdict, Scheme: found.Scheme,
		WebhookID: found.WebhookID, EventType: record.PlainEvent(found.EventType)}
	to := h.choose(&x)
	if to.Checks() && !slices.ContainsFunc(valid, to.ChecksAs) {
		own := g.judge([]*Lane{to}, h.read(), r, now)
		if own.Verdict.Status != record.Valid {
			return own.Checked, nil
		}
		if own.pin != nil {
			pins = append(pins, own.pin)
		}
	}
	h.to = to
	return found, pins
}

// recognise returns the handshake that the request looks like, and the lane that answers it. It goes by the URL that
// arrived.
func (h *Hook) recognise() (*Lane, handshake.Handshake, bool) {
	for _, group := range h.guards() {
		for _, l := range group {
			if l.Greeter.Off {
				continue
			}
			if found, ok := handshake.Find(h.read(), l.Greeter.Names...); ok {
				return l, found, true
			}
		}
	}
	return nil, handshake.Handshake{}, false
}

// read returns the request as schemes read it. It is made once, for the first lane that asks.
func (h *Hook) read() sign.Message {
	if h.message.Header == nil {
		h.message = MessageOf(&h.Exchange.Request)
	}
	return h.message
}

// checkHandshake checks a request that is a handshake, and returns false for any other.
func (h *Hook) checkHandshake(now time.Time) (found listen.Checked, ok bool) {
	g, r := h.Gateway, &h.Exchange.Request
	l, greeting, ok := h.recognise()
	if !ok {
		return found, false
	}
	m := l.asked(r)
	if h.isUnrouted() {
		_, isBrought := greeting.Learnt(m)
		if _, err := l.answer(greeting, m); err != nil || isBrought {
			return found, false
		}
	}
	switch found.Scheme = l.schemeOf(greeting); {
	case greeting.Steps[0].Signed:
		found = g.settle(now, func() (listen.Checked, []*pinning) {
			judged := g.judge([]*Lane{l}, h.read(), r, now)
			if _, err := l.answer(greeting, m); err != nil {
				judged.pin = nil // it is going to be refused
			}
			if judged.pin == nil {
				return judged.Checked, nil
			}
			return judged.Checked, []*pinning{judged.pin}
		})
	case l.Checks() && g.isWebhook(l, greeting, r, now):
		return found, false
	}
	h.greeter, h.greeting = l, greeting
	found.EventType, found.Handshake, found.Uncounted = "", greeting.Name, true
	return found, true
}

// refusedText answers the sender of a handshake that brings a secret which is not taken.
const refusedText = "handshake refused\n"

// Greet returns the answer to a handshake. Its signature, where it has one, was found valid or not checked.
func (h *Hook) Greet() *record.Response {
	g, x, l, greeting := h.Gateway, h.Exchange, h.greeter, h.greeting
	m := l.asked(&x.Request)
	reply, err := l.answer(greeting, m)
	if err != nil {
		g.tellRefused(l, x.ID, greeting, err)
		return responseOf(reply)
	}
	if secret, ok := greeting.Learnt(m); ok {
		about := Event{ID: x.ID, Handshake: greeting}
		if about.Detail = g.fromPage(&x.Request); about.Detail != "" {
			about.Kind = HandshakeFromPage
			g.Tell(about)
			return textAnswer(http.StatusForbidden, refusedText)
		}
		if err := g.learn(l, x.ID, greeting, secret); err != nil {
			about.Kind, about.Err = SecretUnkept, err
			g.Tell(about)
			return textAnswer(http.StatusInternalServerError, refusedText)
		}
	}
	g.advise(x, greeting, m)
	return responseOf(reply)
}

// MessageOf returns a received request as schemes read it.
func MessageOf(r *record.Request) sign.Message {
	return sign.Message{Method: r.Method, URL: r.URL, Header: r.Header.HTTP(), Body: r.Body}
}
