package gateway

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// Lane says how the requests of one route are checked and where they go.
type Lane struct {
	Route    *route.Route                      // nil for the paths that no route covers
	Verifier atomic.Pointer[verifier.Verifier] // nil: signatures are not checked. A handshake may bring it a secret
	Greeter  Greeter
	Name     string // of the route, by which webhooks are delivered in order
	Path     string // of the route, "" where none covers; pins hold for it
	Targets  route.Targets
	// Where reports whether a webhook that the route selects goes this way; nil: each does. One on which it fails does.
	Where func(*record.Exchange) (bool, error)

	PublicURL string // scheme and authority of the URL that senders use, "" for that of the gateway
	Upstream  Upstream
	Host      string // in lower case: a GET of a program may name it; "" for none

	learnt string // the secret that a handshake has brought; "" for none
}

// Upstream says how the apps of a lane are reached.
type Upstream struct {
	Client deliver.Doer  // nil: that of the gateway
	Header record.Header // sent with each webhook in place of what came under the same names
}

// upstream returns how a webhook gets to an app: as its lane says, or the first lane with that app where its own has
// none. The entries of an earlier listener name an app only.
func (g *Gateway) upstream(x *record.Exchange, target string) Upstream {
	isTarget := func(t route.Target) bool { return t.URL == target }
	for _, l := range append([]*Lane{g.laneFor(x)}, g.All()...) {
		if l != nil && slices.ContainsFunc(l.Targets, isTarget) {
			return g.upstreamOf(l)
		}
	}
	return Upstream{Client: g.Client}
}

// upstreamOf returns the upstream of a lane with a client.
func (g *Gateway) upstreamOf(l *Lane) Upstream {
	u := l.Upstream
	if u.Client == nil {
		u.Client = g.Client
	}
	return u
}

// Row returns the route of a lane in barb.toml; nil for the paths no route covers.
func (l *Lane) Row() *route.Route { return l.Route }

// Checks reports whether a lane checks signatures.
func (l *Lane) Checks() bool { return l.Verifier.Load() != nil }

// guards returns the lanes that check a request, in groups: one of each group has to find it valid.
func (g *Gateway) guards(r *record.Request) [][]*Lane {
	groups := g.Lanes.Guards(r.Method, r.Target)
	for _, group := range groups {
		g.shownFirst(group, r)
	}
	return groups
}

// shownFirst puts the lanes first whose schemes the request shows: they say why it is invalid.
func (g *Gateway) shownFirst(group []*Lane, r *record.Request) {
	if len(group) < 2 || !group[0].Checks() {
		return
	}
	shown := map[string]bool{}
	for _, scheme := range g.Schemes.Detect(MessageOf(r)) {
		shown[scheme.Name] = true
	}
	rank := func(l *Lane) int {
		v := l.Verifier.Load()
		if shown[v.Scheme.Name] || v.Auto && len(shown) > 0 {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(group, func(a, b *Lane) int { return rank(a) - rank(b) })
}

// judge checks a request r, which schemes read as m, with the lanes of a group, one after the other, until one does not
// find it invalid. Of several that do, the first says why.
func (g *Gateway) judge(group []*Lane, m sign.Message, r *record.Request, now time.Time) (found finding) {
	for i, l := range group {
		m.URL = g.asSenderKnows(l, r)
		c := g.checkIn(l, m, now)
		if scheme := g.named(c.Scheme); scheme != nil && l.Checks() {
			g.TellHost(l, *scheme)
		}
		switch {
		case c.Verdict.Status != record.Invalid:
			return c
		case i == 0:
			found = c
		}
	}
	return found
}

// ChecksAs reports whether what one of two lanes that check verifies, the other verifies as well.
func (l *Lane) ChecksAs(other *Lane) bool {
	a, b := l.Verifier.Load(), other.Verifier.Load()
	same := func(a, b sign.Secret) bool { return a.Name == b.Name && bytes.Equal(a.Key, b.Key) }
	sameKeys := slices.EqualFunc(a.Secrets, b.Secrets, same) && maps.Equal(a.Params, b.Params)
	samePins := !a.Auto || l.Path == other.Path
	sameScheme := a.Auto == b.Auto && a.Scheme.Name == b.Scheme.Name && l.PublicURL == other.PublicURL
	return l == other || sameScheme && samePins && sameKeys
}

// accepts reports whether a lane forwards a checked exchange. A lane that wants a signature forwards only what its own
// scheme and secret have verified.
func (l *Lane) accepts(x *record.Exchange) bool {
	v := l.Verifier.Load()
	if v == nil {
		return true
	}
	if x.Verdict.Status != record.Valid || !v.Auto && v.Scheme.Name != x.Scheme {
		return false
	}
	return slices.ContainsFunc(v.Secrets, func(s sign.Secret) bool { return s.Name == x.Verdict.Secret })
}

// laneFor returns the lane that decides where a webhook goes, by what its check has found; an empty one where no
// lane accepts it.
func (g *Gateway) laneFor(x *record.Exchange) *Lane {
	l, _ := g.laneAndDoubts(x)
	return l
}

// laneAndDoubts is laneFor with the errors of the expressions that failed on the webhook.
func (g *Gateway) laneAndDoubts(x *record.Exchange) (lane *Lane, doubts []error) {
	r := &x.Request
	found := route.Found{Method: r.Method, Target: r.Target, Event: record.EventToSend(x.EventType), Scheme: x.Scheme}
	l, ok := g.Lanes.Forward(found, func(l *Lane) bool {
		goes, err := l.takes(x)
		if err != nil {
			doubts = append(doubts, err)
		}
		return goes
	})
	if !ok {
		return &Lane{}, doubts
	}
	return l, doubts
}

// takes reports whether a checked exchange goes the way of a lane that selects it by path, method and event type. The
// expression sees what is the same whenever it is asked: the request and what its check found.
func (l *Lane) takes(x *record.Exchange) (bool, error) {
	if !l.accepts(x) {
		return false, nil
	}
	if l.Where == nil {
		return true, nil
	}
	goes, err := l.Where(&record.Exchange{Kind: record.Received, Attempt: 1, Start: x.Start, Request: x.Request,
		Verdict: x.Verdict, Scheme: x.Scheme, WebhookID: x.WebhookID, EventType: x.EventType})
	return goes || err != nil, err
}

// wouldTake reports whether a lane verifies a recorded exchange, or no lane checks it.
func (g *Gateway) wouldTake(x *record.Exchange) bool {
	m, checks := MessageOf(&x.Request), false
	for _, l := range slices.Concat(g.guards(&x.Request)...) {
		v := l.Verifier.Load()
		if v == nil {
			continue
		}
		checks = true
		if m.URL = g.asSenderKnows(l, &x.Request); v.Check(m, x.Start).Verdict.Status == record.Valid {
			return true
		}
	}
	return !checks
}

// All returns the lanes of all routes and the one for what no route covers, which may be among them already.
func (g *Gateway) All() []*Lane { return append(slices.Clone(g.Lanes.Rows), g.Lanes.Rest) }

// Publicly returns a request's URL as its sender knows it: scheme and authority are those of base, path and query as
// they came. No base: as it came.
func Publicly(base string, r *record.Request) string {
	if base == "" {
		return r.URL
	}
	return base + strings.TrimPrefix((&record.Request{URL: r.URL}).WireTarget(), "*")
}

// asSenderKnows returns the URL that the sender signed, which behind a tunnel is not the one that arrived here.
func (g *Gateway) asSenderKnows(l *Lane, r *record.Request) string {
	return Publicly(cmp.Or(l.PublicURL, g.PublicURL), r)
}

// TellHost tells once that a scheme signs the URL, whose host only the sender names here. Somebody who got hold of a
// webhook for another receiver could send it here.
func (g *Gateway) TellHost(l *Lane, scheme sign.Scheme) {
	if g.PublicURL == "" && l.PublicURL == "" && scheme.SignsHost() {
		g.tellOnce("host", Event{Kind: HostUnchecked, Scheme: scheme.Name})
	}
}
