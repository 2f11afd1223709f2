package commands

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// asking is what of a request routes select by.
type asking struct {
	path, method, event string
	schemes             []string // that it may be of
}

// takeMethods reads method: one or a list.
func (r *route) takeMethods(where string) error {
	list, isList := r.Method.([]any)
	if !isList && r.Method != nil {
		list = []any{r.Method}
	}
	for _, item := range list {
		method, ok := item.(string)
		if !ok || record.CheckField(record.Field{Name: method}) != nil {
			return usage("%s: method = %v is not a method", where, item).hint(`method = "POST", or ["POST", "PUT"]`)
		}
		r.methods = append(r.methods, strings.ToUpper(method))
	}
	return nil
}

// name tells routes of one path apart.
func (r *route) name() string {
	return strings.Join(slices.DeleteFunc([]string{strings.Join(r.methods, ","), r.Path, r.Event}, func(s string) bool { return s == "" }), " ")
}

// selects reports whether a request meets all conditions of a route. Its scheme is none of them: what should be signed and
// is not has to be refused by the route, not to get around it.
func (r *route) selects(a *asking) bool {
	if !r.covers(a.path) || len(r.methods) > 0 && !slices.Contains(r.methods, a.method) {
		return false
	}
	return r.Event == "" || matchesGlob(r.Event, a.event)
}

// matchesGlob matches as --event does: * is any part, all else is itself.
func matchesGlob(glob, text string) bool {
	first, rest, more := strings.Cut(glob, "*")
	text, ok := strings.CutPrefix(text, first)
	for ok && more {
		var part string
		part, rest, more = strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(text, part)
		}
		_, text, ok = strings.Cut(text, part) // the earliest leaves the most for what follows
	}
	return ok && text == ""
}

// weight ranks the routes that select a request: the longest path first, then the most conditions, of which a scheme that
// the request shows is one.
func (r *route) weight(a *asking) int {
	n := r.depth() * 4
	for _, meets := range []bool{len(r.methods) > 0, r.Event != "", r.Scheme != "" && slices.Contains(a.schemes, r.Scheme)} {
		if meets {
			n++
		}
	}
	return n
}

// routesFor are the route that says how a request is checked and the one that says where it is forwarded, nil for none.
// They differ when a route of a longer path wants a signature but does not select the request: that is checked all the
// same, so that no choice of a method or an event type gets around a signature.
func (c *configFile) routesFor(a *asking) (checks, forwards *route) {
	for i := range c.Routes {
		if r := &c.Routes[i]; r.selects(a) && (forwards == nil || r.weight(a) > forwards.weight(a)) {
			forwards = r
		}
	}
	checks = forwards
	for i := range c.Routes {
		r := &c.Routes[i]
		if r.covers(a.path) && (r.Scheme != "" || len(r.secrets) > 0) && r.depth() > checks.depth() {
			checks = r
		}
	}
	return checks, forwards
}

// depth is the length of a route's path, -1 of no route.
func (r *route) depth() int {
	if r == nil {
		return -1
	}
	return len(strings.TrimSuffix(r.Path, "/"))
}

// selective reports whether routes select by more than the path.
func (c *configFile) selective() bool {
	paths := map[string]bool{}
	for i := range c.Routes {
		r := &c.Routes[i]
		if len(r.methods) > 0 || r.Event != "" || paths[strings.TrimSuffix(r.Path, "/")] {
			return true
		}
		paths[strings.TrimSuffix(r.Path, "/")] = true
	}
	return false
}

// asks is what routes select a request by before it was checked: what it says of itself.
func (g *gateway) asks(r *record.Request) *asking {
	a := &asking{path: routePath(r.Target), method: r.Method}
	if !g.selective {
		return a
	}
	m := sign.Message{Method: r.Method, URL: r.URL, Header: r.Header.HTTP(), Body: r.Body}
	for _, scheme := range sign.Detect(m, g.file.ownSchemes()...) {
		a.schemes = append(a.schemes, scheme.Name)
		if a.event == "" {
			a.event = scheme.Event(m)
		}
	}
	return a
}

// checkLane is the lane that says how a request is checked.
func (g *gateway) checkLane(r *record.Request) *lane {
	if g.file == nil || len(g.file.Routes) == 0 {
		return g.fallback
	}
	checks, _ := g.file.routesFor(g.asks(r))
	return g.laneOf(checks)
}

// forwardLane is the lane that says where a checked webhook goes.
func (g *gateway) forwardLane(x *record.Exchange) *lane {
	if g.file == nil || len(g.file.Routes) == 0 {
		return g.fallback
	}
	_, forwards := g.file.routesFor(&asking{path: routePath(x.Request.Target), method: x.Request.Method,
		event: eventToSend(x.EventType), schemes: []string{x.Scheme}})
	return g.laneOf(forwards)
}

func (g *gateway) laneOf(r *route) *lane {
	if l, ok := g.lanes[r]; ok {
		return l
	}
	return g.fallback
}
