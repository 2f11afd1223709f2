package commands

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

// pins are the schemes that the secrets of a listener have verified under auto. The first webhook that a secret verifies on a
// route pins it to its scheme, and a genuine one of a stricter scheme to that: a sender who has captured a webhook has no
// other scheme to move it to. They are in the history, so that a restart and a second listener know them too.
type pins struct {
	mu     sync.Mutex
	prints map[string]string            // fingerprints, by the key of the secret
	last   map[string]map[string]string // of each route what was read last, for when the history cannot be read
	told   map[string]bool              // refusals that were explained
}

// finding is what a lane finds a request to be.
type finding struct {
	listen.Checked
	by  *lane
	pin *pinning // what follows when the whole request is accepted; nil: nothing
}

// pinning is a secret that has verified a scheme on a lane, and the scheme that it was pinned to before.
type pinning struct {
	lane           *lane
	secret         sign.Secret
	scheme, before string
}

// checkIn judges the signature of a message by a lane, or describes it where nothing is checked.
func (g *gateway) checkIn(l *lane, m sign.Message, now time.Time) finding {
	v := l.verifier.Load()
	if v == nil {
		return finding{Checked: describe(m, g.file), by: l}
	}
	var c verifier.Result
	var pin *pinning
	if v.Auto && g.history != nil {
		c, pin = g.checkAuto(l, v, m, now)
	} else {
		c = v.Check(m, now)
	}
	if c.Verdict.Status == record.Valid && c.Spelling != "" {
		if _, told := l.told.LoadOrStore("spelling "+c.Scheme+string(c.Spelling), true); !told {
			g.note("warning: %s: the provider's SDK refuses %s, which came; --strict refuses it as well", c.Scheme, c.Spelling.Words())
		}
	}
	return finding{listen.Checked{Verdict: c.Verdict, Scheme: c.Scheme, WebhookID: c.WebhookID, EventType: c.EventType}, l, pin}
}

// checkAuto is check for a lane whose scheme is found from what comes.
func (g *gateway) checkAuto(l *lane, v *verifier.Verifier, m sign.Message, now time.Time) (c verifier.Result, pin *pinning) {
	pinned := g.pinned(l, v)
	c = v.CheckPinned(m, now, pinned)
	before := pinned[string(c.Secret.Key)]
	switch {
	case c.Verdict.Reason == string(sign.WeakerSignature):
		g.explainOnce(l, c)
	case c.Verdict.Status == record.Valid && c.Scheme != before && !isToken(g.file, c.Scheme):
		pin = &pinning{l, c.Secret, c.Scheme, before}
	}
	return c, pin
}

// settle judges a request and pins the secrets that have verified it, once it is accepted as a whole. When another listener
// has pinned one of them to another scheme meanwhile, that holds for this request too: it is judged again. Where that does
// not come to an end, the sender is to come again.
func (g *gateway) settle(judge func() (found listen.Checked, pins []*pinning)) (found listen.Checked) {
	const rounds = 3 // a pin only ever moves to a stricter scheme
	for range rounds {
		var pins []*pinning
		found, pins = judge()
		if !slices.ContainsFunc(pins, func(p *pinning) bool { return p != nil && !g.pin(p) }) {
			return found
		}
	}
	found.Marks = append(found.Marks, record.Mark{Kind: record.Undecided})
	return found
}

// isToken reports whether a scheme sends the secret itself. Nothing is weaker than that, so it pins nothing.
func isToken(file *configFile, name string) bool {
	scheme, _ := file.catalog().Lookup(name)
	return scheme.Auth == sign.Token
}

// pinned are the schemes that the secrets of a lane are pinned to, by their keys.
func (g *gateway) pinned(l *lane, v *verifier.Verifier) map[string]string {
	p := &g.pins
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx := context.Background()
	kept, err := g.history.Pinned(ctx, l.path)
	if err != nil {
		g.explain("pins", "warning: which scheme a secret verifies cannot be read: %v", err)
		return p.last[l.path]
	}
	pinned := map[string]string{}
	for _, secret := range v.Secrets {
		if scheme := kept[p.printOf(ctx, g.history, secret)]; scheme != "" {
			pinned[string(secret.Key)] = scheme
		}
	}
	if p.last == nil {
		p.last = map[string]map[string]string{}
	}
	p.last[l.path] = pinned
	return pinned
}

// printOf is a secret's fingerprint; "", which nothing is pinned by, where the history cannot be read.
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

// pin pins a secret to the scheme that it has verified. It returns false when another listener has pinned it to another one
// since that was read. What cannot be written is said, and the message is taken: it is genuine.
func (g *gateway) pin(n *pinning) bool {
	p := &g.pins
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx := context.Background()
	held, err := g.history.Pin(ctx, store.Pin{Route: n.lane.path, Secret: p.printOf(ctx, g.history, n.secret), Scheme: n.scheme}, n.before, g.Now())
	if err != nil {
		g.explain("pins", "warning: that %s verifies %s is not kept: %v", n.secret.Name, n.scheme, err)
		return true
	}
	if held != n.scheme {
		return false
	}
	where := ""
	if n.lane.path != "" {
		where = " on " + n.lane.path
	}
	instead := ""
	if n.before != "" {
		instead = ", no longer " + n.before
	}
	if said := n.secret.Name + " " + n.lane.path + " " + n.scheme; !p.hasTold(said) {
		g.suggest("%s verifies %s%s from now on%s", n.secret.Name, n.scheme, where, instead)
	}
	return true
}

// explainOnce says why a message with a good signature is refused. Forgeries have none, so they do not come here.
// Who has captured one can send it in many ways: one line a scheme has to do.
func (g *gateway) explainOnce(l *lane, c verifier.Result) {
	g.pins.mu.Lock()
	defer g.pins.mu.Unlock()
	g.explain(l.path+" "+c.Scheme, "refused: %s", c.Detail)
}

// explain says something once. The pins are locked.
func (g *gateway) explain(about, format string, args ...any) {
	if !g.pins.hasTold(about) {
		g.note(format, args...)
	}
}

// hasTold reports whether something was said already, and notes that it is.
func (p *pins) hasTold(what string) bool {
	if p.told == nil {
		p.told = map[string]bool{}
	}
	told := p.told[what]
	p.told[what] = true
	return told
}
