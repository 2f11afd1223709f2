package commands

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// A request is checked by the lanes of guards. What they verified, and nothing else that the sender says, then
// decides in forwardLane where the webhook goes: to a lane that wants no signature, or one whose own scheme and
// secret verified it.

// covering are the lanes of the routes that cover a reading of a path, those of the longest path first, and at the
// end the one for all other paths.
func (g *gateway) covering(path string) []*lane {
	if g.file == nil {
		return []*lane{g.fallback}
	}
	var lanes []*lane
	for i := range g.file.Routes {
		if r := &g.file.Routes[i]; r.covers(path) {
			lanes = append(lanes, g.lanes[r])
		}
	}
	slices.SortStableFunc(lanes, func(a, b *lane) int { return cmp.Compare(b.route.depth(), a.route.depth()) })
	return append(lanes, g.fallback)
}

// guards are the lanes that check a request, in groups: one of each group has to find it valid. There is one group,
// unless apps may read the path in several ways that different routes cover. The first group is that of routePath's
// reading.
func (g *gateway) guards(r *record.Request) [][]*lane {
	paths := readings(r.Target)
	if paths == nil { // as if it were each of them
		paths = []string{routePath(r.Target)}
		for i := range g.file.Routes {
			paths = append(paths, routePath(g.file.Routes[i].Path))
		}
	}
	for _, path := range paths {
		paths = append(paths, g.withFormat(path)...)
	}
	var groups [][]*lane
	for _, path := range paths {
		group := guardsOf(g.covering(path), r.Method)
		if !slices.ContainsFunc(groups, func(other []*lane) bool { return slices.Equal(group, other) }) {
			groups = append(groups, group)
		}
	}
	checked := func(group []*lane) bool { return group[0].checks() }
	if slices.ContainsFunc(groups, checked) {
		groups = slices.DeleteFunc(groups, func(group []*lane) bool { return !checked(group) })
	} else {
		groups = groups[:1]
	}
	for _, group := range groups {
		shownFirst(group, r, g.file)
	}
	return groups
}

// withFormat are the paths of the routes that a path is one of with an extension. A Rails route for /hook ends in (.:format), as
// `rails routes` shows, and takes /hook.json as well; Spring MVC did so before 5.3. A route that is written with the extension
// is for it alone.
func (g *gateway) withFormat(path string) (bases []string) {
	if g.file == nil {
		return nil
	}
	for i := range g.file.Routes {
		base := g.file.Routes[i].prefix()
		if base == "" || !strings.HasPrefix(path, base+".") {
			continue
		}
		own := func(r route) bool { return strings.HasPrefix(r.prefix(), base+".") && r.covers(path) }
		if !slices.ContainsFunc(g.file.Routes, own) {
			bases = append(bases, base)
		}
	}
	return bases
}

// guardsOf are, of the lanes that cover a path, those of the longest path with a signature. A longer path without one
// exempts what it covers, but not by an event type: that is the sender's word as long as nothing is verified. Where
// nothing is checked they are the lanes that check nothing.
func guardsOf(lanes []*lane, method string) (guards []*lane) {
	exempt := func(l *lane) bool { return l.route == nil || l.route.Event == "" && l.route.takes(method) }
	for i, l := range lanes {
		if !l.checks() {
			continue
		}
		depth := l.route.depth()
		if len(guards) > 0 && depth < guards[0].route.depth() {
			break
		}
		if slices.ContainsFunc(lanes[:i], func(o *lane) bool { return !o.checks() && o.route.depth() > depth && exempt(o) }) {
			break
		}
		if !slices.ContainsFunc(guards, l.checksAs) {
			guards = append(guards, l)
		}
	}
	if len(guards) > 0 {
		return guards
	}
	return slices.DeleteFunc(lanes, (*lane).checks)
}

// shownFirst puts the lanes first whose schemes the request shows: they say why it is invalid.
func shownFirst(group []*lane, r *record.Request, file *configFile) {
	if len(group) < 2 || !group[0].checks() {
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

// verdict is what the guards of a request find, and the pins that follow from it. It is valid when each group has one that
// finds it valid, and so does the lane that it is then to be forwarded by.
func (g *gateway) verdict(r *record.Request, now time.Time) (found listen.Checked, pins []*pinning) {
	var valid []*lane
	for i, group := range g.guards(r) {
		judged := g.judge(group, r, now)
		if judged.Verdict.Status != record.Valid {
			return judged.Checked, nil
		}
		if valid, pins = append(valid, judged.by), append(pins, judged.pin); i == 0 {
			found = judged.Checked
		}
	}
	x := record.Exchange{Request: *r, Verdict: found.Verdict, Scheme: found.Scheme, EventType: plainEvent(found.EventType)}
	if to := g.forwardLane(&x); to.checks() && !slices.ContainsFunc(valid, to.checksAs) {
		own := g.judge([]*lane{to}, r, now)
		if own.Verdict.Status != record.Valid {
			return own.Checked, nil
		}
		pins = append(pins, own.pin)
	}
	return found, pins
}

// judge checks a request with the lanes of a group, one after the other, until one does not find it invalid. Of
// several that do, the first says why.
func (g *gateway) judge(group []*lane, r *record.Request, now time.Time) (found finding) {
	m := messageOf(r)
	for i, l := range group {
		m.URL = g.asSenderKnows(l, r)
		c := g.checkIn(l, m, now)
		if scheme, ok := g.file.catalog().Lookup(c.Scheme); ok && l.checks() {
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

// checks reports whether a lane checks signatures.
func (l *lane) checks() bool { return l.verifier.Load() != nil }

// isBeside reports whether a request was not checked although this listener checks others, and no route was written for it.
func (g *gateway) isBeside(found listen.Checked, r *record.Request) bool {
	if found.Verdict.Status != record.Unchecked {
		return false
	}
	checks := g.fallback.checks()
	for _, l := range g.lanes {
		checks = checks || l.checks()
	}
	x := record.Exchange{Request: *r, Scheme: found.Scheme, EventType: found.EventType}
	return checks && g.forwardLane(&x).route == nil
}

// isStray reports whether a webhook is beside the checked ones and nothing is done with it but to record it.
func (g *gateway) isStray(x *record.Exchange) bool {
	beside := g.isBeside(listen.Checked{Verdict: x.Verdict, Scheme: x.Scheme, EventType: x.EventType}, &x.Request)
	return beside && g.forwardLane(x).forwardTo == "" && g.respond == nil && (g.runner == nil || !g.runner.unverified)
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

// forwardLane is the lane that says where a webhook goes, by what its check has found: of those that accept it that
// of the longest path, then that with the most conditions. What none accepts goes nowhere.
func (g *gateway) forwardLane(x *record.Exchange) *lane {
	best, most := &lane{}, -1
	for _, l := range g.covering(routePath(x.Request.Target)) {
		switch {
		case !l.accepts(x) || l.route != nil && !l.route.selects(x.Request.Method, eventToSend(x.EventType)):
		case most >= 0 && l.route.depth() < best.route.depth():
			return best
		case l.conditions(x.Scheme) > most:
			best, most = l, l.conditions(x.Scheme)
		}
	}
	return best
}

// checkedBy is the lane that has found a webhook as it is.
func (g *gateway) checkedBy(x *record.Exchange) *lane {
	group := g.guards(&x.Request)[0]
	if i := slices.IndexFunc(group, func(l *lane) bool { return l.accepts(x) }); i >= 0 {
		return group[i]
	}
	return group[0]
}

// conditions is how many conditions besides its path a lane has that a webhook of a scheme met.
func (l *lane) conditions(scheme string) (n int) {
	if l.route == nil {
		return 0
	}
	shown := l.route.Scheme != "" && l.route.Scheme == scheme
	for _, met := range []bool{len(l.route.methods) > 0, l.route.Event != "", shown} {
		if met {
			n++
		}
	}
	return n
}

// messageOf is a received request as schemes read it.
func messageOf(r *record.Request) sign.Message {
	return sign.Message{Method: r.Method, URL: r.URL, Header: r.Header.HTTP(), Body: r.Body}
}
