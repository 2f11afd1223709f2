package gateway

import (
	"errors"
	"net/http"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/handshake"
	"github.com/barbhq/barb/store/record"
)

// Greeter finds the handshakes that a lane answers.
type Greeter struct {
	Off    bool
	Names  []string // none: the ones that nothing else looks like
	Params map[string]string
}

// isWebhook reports whether what looks like an unsigned handshake is signed as a webhook of another provider: its URL
// or its body then happens to hold what the handshake is known by. A token signs nothing, and Okta's comes with its
// handshake too, which is a GET.
func (g *Gateway) isWebhook(l *Lane, h handshake.Handshake, r *record.Request, now time.Time) bool {
	found := g.judge([]*Lane{l}, MessageOf(r), r, now)
	scheme, _ := g.Schemes.Lookup(found.Scheme)
	token := scheme.Auth == sign.Token && r.Method != http.MethodPost
	return found.Verdict.Status == record.Valid && scheme.Handshake != h.Name && !token
}

// schemeOf returns the scheme of the webhooks that follow a handshake, "" when it is not known.
func (l *Lane) schemeOf(h handshake.Handshake) string {
	if v := l.Verifier.Load(); v != nil && !v.Auto && v.Scheme.Handshake == h.Name {
		return v.Scheme.Name
	}
	scheme, _ := catalog.Lookup(h.Name)
	return scheme.Name
}

// asked returns a request as handshakes are answered by the lane.
func (l *Lane) asked(r *record.Request) sign.Message {
	m := MessageOf(r)
	m.Params = l.Greeter.Params
	return m
}

func responseOf(r handshake.Reply) *record.Response {
	response := &record.Response{Status: r.Status, Body: r.Body}
	for _, f := range r.Fields {
		response.Header = append(response.Header, record.Field(f))
	}
	return response
}

// answer answers a handshake with the secrets of the lane. They count as the provider's own only where its scheme is
// named. Under auto, or without a scheme, they may be another provider's.
func (l *Lane) answer(h handshake.Handshake, m sign.Message) (handshake.Reply, error) {
	v := l.Verifier.Load()
	if v == nil || v.Auto {
		return h.Answer(m, sign.Scheme{})
	}
	return h.Answer(m, v.Scheme, v.Secrets...)
}

// tellRefused tells why a handshake was not answered. It tells only once that a secret is needed, since strangers may
// ask for a proof as often as they like.
func (g *Gateway) tellRefused(l *Lane, id int64, h handshake.Handshake, err error) {
	about := Event{Kind: HandshakeRefused, ID: id, Handshake: h, Err: err}
	if e, ok := errors.AsType[*sign.Error](err); ok && e.Reason == sign.EmptySecret {
		about.Kind, about.Scheme = NeedsSecret, l.schemeOf(h)
		g.tellOnce([...]any{l, h.Name}, about)
		return
	}
	g.Tell(about)
}

// advise tells what is left to be done after a handshake, and what was not looked at.
func (g *Gateway) advise(x *record.Exchange, h handshake.Handshake, m sign.Message) {
	for _, param := range h.Unagreed(m.Params) {
		g.Tell(Event{Kind: Unagreed, ID: x.ID, Handshake: h, Detail: param})
	}
	host, genuine := h.ConfirmAt(m)
	about := Event{Kind: Confirm, ID: x.ID, Handshake: h, Detail: host}
	switch {
	case host == "":
		return
	case !genuine:
		about.Kind = ConfirmElsewhere
	case x.Verdict.Status != record.Valid:
		about.Kind = ConfirmUnchecked
	}
	g.Tell(about)
}

// shownOfSecret is how many characters of a learnt secret are told, so that a person recognises it. A secret has
// sixteen at least.
const shownOfSecret = 4

// learn keeps the secret of a handshake, and verifies with it on a lane that has no secret yet. Only the first secret
// counts: a handshake is not signed, so the next one may come from a stranger.
func (g *Gateway) learn(l *Lane, id int64, h handshake.Handshake, secret sign.Secret) error {
	v := l.Verifier.Load()
	if v != nil && !v.Auto {
		if err := v.Scheme.CheckSecret(secret, false); err != nil { // a public key, say, with which anybody could then sign
			return err
		}
	}
	g.learning.Lock()
	defer g.learning.Unlock()
	about := Event{Kind: Learnt, ID: id, Handshake: h, Scheme: l.schemeOf(h), Secret: string(secret.Key[:shownOfSecret])}
	if l.learnt != "" {
		if about.Kind = AnotherSecret; l.learnt != string(secret.Key) {
			g.Tell(about)
		}
		return nil
	}
	if g.Keep != nil && !g.kept {
		if err := g.Keep(secret); err != nil {
			return err
		}
		g.kept, about.Kept = true, true
	}
	l.learnt = string(secret.Key)
	about.Checks = l.takeSecret(h, secret)
	if !about.Checks && v != nil && v.Scheme.Handshake == h.Name && len(v.Secrets) > 0 {
		about.Before = v.Secrets[0].Name
	}
	g.Tell(about)
	return nil
}

// takeSecret has the lane check with the secret, unless it has another one or does not check this scheme.
func (l *Lane) takeSecret(h handshake.Handshake, secret sign.Secret) bool {
	v := l.Verifier.Load()
	if v == nil || v.Auto || len(v.Secrets) > 0 || v.Scheme.Handshake != h.Name {
		return false
	}
	with := *v
	with.Secrets = []sign.Secret{secret}
	with.Prepare()
	l.Verifier.Store(&with)
	return true
}
