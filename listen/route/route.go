// Package route chooses the row of barb.toml that a request belongs to. Apps read the path of a request in different
// ways, so a row that wants a signature covers each way; what was verified then decides where a webhook goes.
package route

import (
	"slices"
	"strings"
)

// Route is one row of barb.toml: how to check and where to send the webhooks that arrive at a path.
type Route struct {
	Path      string            // begins with a slash; "" covers every path
	Methods   []string          // in upper case; none: all
	Event     string            // a pattern as Match reads it; "" selects every type
	Where     string            // an expression over the webhook; "" selects every one
	Scheme    string            // "" for none
	Secrets   []string          // references, in the order of trial
	Targets   Targets           // the first one answers the sender
	PublicURL string            // scheme and authority that senders use, "" where they use barb's own
	Params    map[string]string // of the scheme
	Way       Way
	Line      int // in barb.toml
}

// Way says how the apps of a route are reached. Its fields are the keys that are named like flags of curl.
type Way struct {
	Insecure          *bool    // any certificate will do; nil where nothing is said
	CACert, Cert, Key string   // paths, "" for none
	Proxy             string   // URL, which may hold a password
	Headers           []string // "Name: value", whose values may be secrets or references to them
}

// Target is an app that a route forwards to.
type Target struct {
	URL     string
	Written string // as it is written in barb.toml
	Mirror  bool   // its answer is compared and not given to the sender
}

// Targets are apps in the order of barb.toml.
type Targets []Target

// First returns the URL of the app that answers the sender, "" where there is none.
func (t Targets) First() string {
	if len(t) == 0 {
		return ""
	}
	return t[0].URL
}

// Covers reports whether a route is for a path, as Path returns it: a route without a path covers every path, a route
// at /a covers /a and /a/b.
func (r *Route) Covers(path string) bool {
	prefix := r.prefix()
	return prefix == "" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

// CoversAll reports whether a route selects every request.
func (r *Route) CoversAll() bool {
	return r.prefix() == "" && len(r.Methods) == 0 && r.Event == "" && r.Where == ""
}

// prefix returns the text that all paths that a route covers begin with.
func (r *Route) prefix() string { return strings.TrimSuffix(Path(r.Path), "/") }

// Depth returns the length of the route's path, by which the longest path is found. It is -1 for nil.
func (r *Route) Depth() int {
	if r == nil {
		return -1
	}
	return len(r.prefix())
}

// Name returns the methods, path, event type and expression of a route, which tell it from the other routes of its
// path.
func (r *Route) Name() string {
	parts := []string{strings.Join(r.Methods, ","), r.Path, r.Event, r.Where}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// Selects reports whether a webhook at a path that the route covers meets its conditions on method and event type. The
// scheme is none of them: the route must refuse a request that lacks its signature, which would otherwise get around
// it.
func (r *Route) Selects(method, event string) bool {
	return r.takes(method) && (r.Event == "" || Match(r.Event, event))
}

func (r *Route) takes(method string) bool {
	return len(r.Methods) == 0 || slices.Contains(r.Methods, method)
}

// Match reports whether text matches a pattern in which * stands for any part and everything else for itself.
func Match(pattern, text string) bool {
	first, rest, more := strings.Cut(pattern, "*")
	text, ok := strings.CutPrefix(text, first)
	for ok && more {
		var part string
		part, rest, more = strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(text, part)
		}
		_, text, ok = strings.Cut(text, part) // the earliest place leaves the most for what follows
	}
	return ok && text == ""
}
