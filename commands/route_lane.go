package commands

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// Row returns the route of a lane in barb.toml; nil for the paths no route covers.
func (l *lane) Row() *route.Route { return l.route }

// Checks reports whether a lane checks signatures.
func (l *lane) Checks() bool { return l.verifier.Load() != nil }

// guards returns the lanes that check a request, in groups: one of each group has to find it valid.
func (g *gateway) guards(r *record.Request) [][]*lane {
	groups := g.lanes.Guards(r.Method, r.Target)
	for _, group := range groups {
		shownFirst(group, r, g.file)
	}
	return groups
}

// shownFirst puts the lanes first whose schemes the request shows: they say why it is invalid.
func shownFirst(group []*lane, r *record.Request, file *configFile) {
	if len(group) < 2 || !group[0].Checks() {
		return
	}
	shown := map[string]bool{}
	for _, scheme := range file.catalog().Detect(messageOf(r)) {
		shown[scheme.Name] = true
	}
	isShown := func(l *lane) bool {
		v := l.verifier.Load()
		return shown[v.Scheme.Name] || v.Auto && len(shown) > 0
	}
	slices.SortStableFunc(group, func(a, b *lane) int {
		switch {
		case isShown(a) == isShown(b):
			return 0
		case isShown(a):
			return -1
		}
		return 1
	})
}

// verdict is what the guards of a request find, and the pins that follow from it. It is valid when each group has one
// that finds it valid, and so does the lane that it is then to be forwarded by.
func (h *hook) verdict(now time.Time) (found listen.Checked, pins []*pinning) {
	g, r := h.g, &h.x.Request
	h.to = nil
	var valid []*lane
	for i, group := range h.guards() {
		judged := g.judge(group, r, now)
		if judged.Verdict.Status != record.Valid {
			return judged.Checked, nil
		}
		if valid, pins = append(valid, judged.by), append(pins, judged.pin); i == 0 {
			found = judged.Checked
		}
	}
	x := record.Exchange{Request: *r, Verdict: found.Verdict, Scheme: found.Scheme, EventType: plainEvent(found.EventType)}
	to := g.forwardLane(&x)
	if to.Checks() && !slices.ContainsFunc(valid, to.checksAs) {
		own := g.judge([]*lane{to}, r, now)
		if own.Verdict.Status != record.Valid {
			return own.Checked, nil
		}
		pins = append(pins, own.pin)
	}
	h.to = to
	return found, pins
}

// judge checks a request with the lanes of a group, one after the other, until one does not find it invalid. Of
// several that do, the first says why.
func (g *gateway) judge(group []*lane, r *record.Request, now time.Time) (found finding) {
	m := messageOf(r)
	for i, l := range group {
		m.URL = g.asSenderKnows(l, r)
		c := g.checkIn(l, m, now)
		if scheme, ok := g.file.catalog().Lookup(c.Scheme); ok && l.Checks() {
			g.tellHost(l, scheme)
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

// checksAs reports whether what one of two lanes that check verifies, the other verifies as well.
func (l *lane) checksAs(other *lane) bool {
	a, b := l.verifier.Load(), other.verifier.Load()
	same := func(a, b sign.Secret) bool { return a.Name == b.Name && bytes.Equal(a.Key, b.Key) }
	sameKeys := slices.EqualFunc(a.Secrets, b.Secrets, same) && maps.Equal(a.Params, b.Params)
	samePins := !a.Auto || l.path == other.path
	return l == other || a.Auto == b.Auto && samePins && a.Scheme.Name == b.Scheme.Name && sameKeys && l.publicURL == other.publicURL
}

// accepts reports whether a lane forwards what was checked so: where it wants a signature, only what its own scheme and
// secret may have verified.
func (l *lane) accepts(x *record.Exchange) bool {
	v := l.verifier.Load()
	if v == nil {
		return true
	}
	if x.Verdict.Status != record.Valid || !v.Auto && v.Scheme.Name != x.Scheme {
		return false
	}
	return slices.ContainsFunc(v.Secrets, func(s sign.Secret) bool { return s.Name == x.Verdict.Secret })
}

// forwardLane returns the lane that decides where a webhook goes, by what its check has found; an empty one where no
// lane accepts it.
func (g *gateway) forwardLane(x *record.Exchange) *lane {
	found := route.Found{Method: x.Request.Method, Target: x.Request.Target, Event: eventToSend(x.EventType), Scheme: x.Scheme}
	l, ok := g.lanes.Forward(found, func(l *lane) bool { return l.accepts(x) })
	if !ok {
		return &lane{}
	}
	return l
}

// checkedBy is the lane that has found a webhook as it is.
func (h *hook) checkedBy() *lane {
	group := h.guards()[0]
	if i := slices.IndexFunc(group, func(l *lane) bool { return l.accepts(h.x) }); i >= 0 {
		return group[i]
	}
	return group[0]
}

// messageOf is a received request as schemes read it.
func messageOf(r *record.Request) sign.Message {
	return sign.Message{Method: r.Method, URL: r.URL, Header: r.Header.HTTP(), Body: r.Body}
}
