package gateway

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// pins are the schemes that the secrets of a listener have verified under auto. The first webhook that a secret
// verifies on a route pins the secret to the webhook's scheme, and a genuine webhook of a stricter scheme moves the
// pin to that scheme, so that a captured webhook cannot be moved to another scheme. The history keeps them, for a
// restart and for a second listener.
type pins struct {
	mu     sync.Mutex
	prints map[string]string            // fingerprints, by the key of the secret
	last   map[string]map[string]string // the schemes by fingerprint of each route, as they were read last
}

// finding is the result of a lane's check.
type finding struct {
	listen.Checked
	by  *Lane
	pin *pinning // to be kept when the whole request is accepted; nil: nothing
}

// pinning is a secret that has verified a scheme on a lane, and the scheme that it was pinned to before.
type pinning struct {
	lane           *Lane
	secret         sign.Secret
	scheme, before string
}

// checkIn judges the signature of a message by a lane, or describes it where nothing is checked.
func (g *Gateway) checkIn(l *Lane, m sign.Message, now time.Time) finding {
	v := l.Verifier.Load()
	if v == nil {
		return finding{Checked: g.describe(m), by: l}
	}
	var pinned map[string]string // nil where secrets are not held to schemes
	if v.Auto && g.History != nil {
		pinned = g.pinned(l, v)
	}
	c := v.CheckPinned(m, now, pinned)
	found := finding{by: l, Checked: listen.Checked{Verdict: c.Verdict, Scheme: c.Scheme, WebhookID: c.WebhookID,
		EventType: c.EventType}}
	if c.Verdict.Status == record.Valid && c.Spelling != "" {
		g.tellOnce([...]any{l, c.Scheme, c.Spelling},
			Event{Kind: SpellingRefused, Scheme: c.Scheme, Detail: c.Spelling.Words()})
	}
	before := pinned[string(c.Secret.Key)]
	switch {
	case pinned == nil:
	case c.Verdict.Reason == string(sign.WeakerSignature):
		// once for each scheme: a captured message can be sent in many ways, and a forgery does not come here
		g.tellOnce("weaker "+l.Path+" "+c.Scheme, Event{Kind: Weaker, Scheme: c.Scheme, Detail: c.Detail})
	case c.Verdict.Status == record.Valid && c.Scheme != before && !g.isToken(c.Scheme):
		found.pin = &pinning{l, c.Secret, c.Scheme, before}
	}
	return found
}

// settle judges a request, and pins the secrets that have verified it once it is accepted as a whole. When another
// listener has pinned one of them to another scheme meanwhile, that pin holds, and the request is judged again. If
// that happens too often the request is marked undecided, so that its sender comes again.
func (g *Gateway) settle(now time.Time, judge func() (found listen.Checked, pins []*pinning)) (found listen.Checked) {
	const rounds = 3 // a pin only ever moves to a stricter scheme
	for range rounds {
		var pins []*pinning
		found, pins = judge()
		if !slices.ContainsFunc(pins, func(p *pinning) bool { return !g.pin(p, now) }) {
			return found
		}
	}
	found.Marks = append(found.Marks, record.Mark{Kind: record.Undecided})
	return found
}

// isToken reports whether a scheme sends the secret itself. Nothing is weaker than that, so it pins nothing.
func (g *Gateway) isToken(name string) bool {
	scheme, _ := g.Schemes.Lookup(name)
	return scheme.Auth == sign.Token
}

// pinned returns the schemes that the secrets of a lane are pinned to, by their keys.
func (g *Gateway) pinned(l *Lane, v *verifier.Verifier) map[string]string {
	p := &g.pins
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx := context.Background()
	kept, err := g.History.Pinned(ctx, l.Path)
	if err != nil {
		g.tellOnce("pins", Event{Kind: PinsUnread, Err: err})
		kept = p.last[l.Path]
	}
	if p.last == nil {
		p.last = map[string]map[string]string{}
	}
	p.last[l.Path] = kept
	pinned := map[string]string{}
	for _, secret := range v.Secrets {
		if scheme := kept[p.printOf(ctx, g.History, secret)]; scheme != "" {
			pinned[string(secret.Key)] = scheme
		}
	}
	return pinned
}

// printOf returns a secret's fingerprint, or "", which pins nothing, when the history cannot be read.
func (p *pins) printOf(ctx context.Context, history *store.Store, secret sign.Secret) string {
	key := string(secret.Key)
	if p.prints[key] == "" {
		print, err := history.Fingerprint(ctx, secret.Key)
		if err != nil {
			return ""
		}
		if p.prints == nil {
			p.prints = map[string]string{}
		}
		p.prints[key] = print
	}
	return p.prints[key]
}

// pin pins a secret to the scheme that it has verified. It returns false when another listener has pinned it to
// another one since that was read. It returns true when the pin cannot be written, since the message is genuine.
func (g *Gateway) pin(n *pinning, now time.Time) bool {
	p := &g.pins
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx := context.Background()
	pin := store.Pin{Route: n.lane.Path, Secret: p.printOf(ctx, g.History, n.secret), Scheme: n.scheme}
	held, err := g.History.Pin(ctx, pin, n.before, now)
	if err != nil {
		g.tellOnce("pins", Event{Kind: PinUnkept, Secret: n.secret.Name, Scheme: n.scheme, Err: err})
		return true
	}
	if held != n.scheme {
		return false
	}
	g.tellOnce("pin "+n.secret.Name+" "+n.lane.Path+" "+n.scheme,
		Event{Kind: Pinned, Secret: n.secret.Name, Scheme: n.scheme, Path: n.lane.Path, Before: n.before})
	return true
}
