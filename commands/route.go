package commands

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

// route is one [[route]]: what is known of the webhooks that arrive at a path.
type route struct {
	Path      string            `toml:"path"`
	Method    any               `toml:"method"` // one or a list
	Event     string            `toml:"event"`  // * matches any part
	Scheme    string            `toml:"scheme"`
	Secret    any               `toml:"secret"`     // one reference or a list of them, never a literal
	Forward   any               `toml:"forward_to"` // see takeTargets
	PublicURL string            `toml:"public_url"`
	Params    map[string]string `toml:"params"`

	ForwardTo string `toml:"-"` // the first of the targets
	targets   []forwardTarget
	methods   []string
	secrets   []string
}

func (c *configFile) checkRoutes() error {
	for i := range c.Routes {
		r := &c.Routes[i]
		where := fmt.Sprintf("%s: route %d", c.path, i+1)
		if r.Path != "" && !strings.HasPrefix(r.Path, "/") {
			return usage(`%s: path = %q does not begin with "/"`, where, r.Path)
		}
		if r.Scheme != "" && r.Scheme != "auto" {
			if _, err := c.lookupScheme(r.Scheme); err != nil {
				return usage("%s: scheme = %q is not known", where, r.Scheme).hint("barb schemes")
			}
			c.rename(&r.Scheme)
		}
		if err := r.takeSecrets(where); err != nil {
			return err
		}
		if err := r.takeTargets(where); err != nil {
			return err
		}
		if err := r.takeMethods(where); err != nil {
			return err
		}
	}
	return nil
}

func (r *route) takeSecrets(where string) error {
	list, isList := r.Secret.([]any)
	if !isList && r.Secret != nil {
		list = []any{r.Secret}
	}
	for _, item := range list {
		ref, ok := item.(string)
		if !ok || !isReference(ref) {
			return usage("%s: secret is not a reference", where).
				hint(`write secret = "env:NAME", "file:PATH", "cmd:COMMAND" or "keyring:NAME"; a secret itself does not belong in a file that is committed`)
		}
		r.secrets = append(r.secrets, ref)
	}
	return nil
}

// routeFor is the route of a request path: the longest route path that is the path or a parent of it.
func (c *configFile) routeFor(at string) *route {
	var best *route
	for i := range c.Routes {
		r := &c.Routes[i]
		if !r.covers(at) {
			continue
		}
		if best == nil || len(r.Path) > len(best.Path) {
			best = r
		}
	}
	return best
}

// covers: a route without a path covers every path, a route at /a covers /a and /a/b.
func (r *route) covers(at string) bool {
	prefix := strings.TrimSuffix(r.Path, "/")
	return prefix == "" || at == prefix || strings.HasPrefix(at, prefix+"/")
}

// coversAll reports whether a route selects every request.
func (r *route) coversAll() bool {
	return strings.TrimSuffix(r.Path, "/") == "" && len(r.methods) == 0 && r.Event == ""
}

// routePath is the path of a request target as a route is matched against: what an app's router would make of it, so that
// no other spelling of a path goes around the check of its signature.
func routePath(target string) string {
	if i := strings.Index(target, "://"); i >= 0 && target[0] != '/' { // absolute form
		_, rest, _ := strings.Cut(target[i+3:], "/")
		target = "/" + rest
	}
	target, _, _ = strings.Cut(target, "?")
	if decoded, err := url.PathUnescape(target); err == nil {
		target = decoded
	}
	return path.Clean("/" + target)
}

// routeOf is the route whose secret a command uses when it names a scheme: the one that covers the path, else the first
// of the scheme.
func (c *configFile) routeOf(scheme, at string) *route {
	if r := c.routeFor(at); r != nil && at != "" && (scheme == "" || r.Scheme == scheme) {
		return r
	}
	i := slices.IndexFunc(c.Routes, func(r route) bool { return scheme != "" && r.Scheme == scheme })
	if i < 0 {
		return nil
	}
	return &c.Routes[i]
}
