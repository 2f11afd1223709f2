package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
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
			return fail.Usage(`%s: path = %q does not begin with "/"`, where, r.Path)
		}
		if i := strings.IndexAny(r.Path, "?#"); i >= 0 {
			return fail.Usage(`%s: path = %q is more than a path`, where, r.Path).Hintf("path = %q", r.Path[:i])
		}
		if r.Scheme != "" && r.Scheme != "auto" {
			if _, err := c.lookupScheme(r.Scheme); err != nil {
				return fail.Usage("%s: scheme = %q is not known", where, r.Scheme).Hint("barb schemes")
			}
			r.Scheme = c.catalog().Name(r.Scheme)
		}
		if r.PublicURL != "" {
			if _, _, err := splitPublic(r.PublicURL); err != nil {
				return fail.Usage("%s: public_url = %w", where, err).Hint(`public_url = "https://abc.example.com"`)
			}
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
			return fail.Usage("%s: secret is not a reference", where).
				Hint(`write secret = "env:NAME", "file:PATH", "cmd:COMMAND" or "keyring:NAME"; a secret itself does not belong in a file that is committed`)
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
		if r.depth() > best.depth() {
			best = r
		}
	}
	return best
}

// covers: a route without a path covers every path, a route at /a covers /a and /a/b. at is a reading.
func (r *route) covers(at string) bool {
	prefix := r.prefix()
	return prefix == "" || at == prefix || strings.HasPrefix(at, prefix+"/")
}

// coversAll reports whether a route selects every request.
func (r *route) coversAll() bool {
	return r.prefix() == "" && len(r.methods) == 0 && r.Event == ""
}

// prefix is what the readings that a route covers begin with.
func (r *route) prefix() string { return strings.TrimSuffix(routePath(r.Path), "/") }

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
