package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

// routeKeys is one [[route]] of barb.toml as it is written there.
type routeKeys struct {
	Path      string            `toml:"path"`
	Method    any               `toml:"method"` // one or a list
	Event     string            `toml:"event"`  // * matches any part
	Where     string            `toml:"where"`  // an expression
	Scheme    string            `toml:"scheme"`
	Secret    any               `toml:"secret"`     // one reference or a list of them, never a literal
	Forward   any               `toml:"forward_to"` // see targets
	PublicURL string            `toml:"public_url"`
	Params    map[string]string `toml:"params"`

	Insecure *bool  `toml:"insecure"`
	CACert   string `toml:"cacert"`
	Cert     string `toml:"cert"`
	Key      string `toml:"key"`
	Proxy    string `toml:"proxy"`
	Headers  any    `toml:"headers"` // see headerLines
}

// takeRoutes reads the [[route]] tables into routes.
func (c *File) takeRoutes() error {
	places := c.tableLines("route", len(c.Rows))
	for i := range c.Rows {
		where := fmt.Sprintf("%s: route %d", c.Path, i+1)
		r, err := c.Rows[i].route(c, where)
		if err != nil {
			return err
		}
		if r.Way, err = c.Rows[i].way(c, where); err != nil {
			return err
		}
		r.Line = places[i].line()
		c.Routes = append(c.Routes, r)
	}
	return nil
}

// route returns the route that the keys describe. where begins the text of an error.
func (k *routeKeys) route(c *File, where string) (r route.Route, err error) {
	r = route.Route{Path: k.Path, Event: k.Event, Where: k.Where, Scheme: k.Scheme, PublicURL: k.PublicURL,
		Params: k.Params}
	if r.Path != "" && !strings.HasPrefix(r.Path, "/") {
		return r, fail.Usage(`%s: path = %q does not begin with "/"`, where, r.Path)
	}
	if i := strings.IndexAny(r.Path, "?#"); i >= 0 {
		return r, fail.Usage(`%s: path = %q must be a path alone`, where, r.Path).Hintf("path = %q", r.Path[:i])
	}
	if _, err := Condition(r.Where, "", ""); err != nil {
		return r, fail.Usage("%s: where: %w", where, err).Hint(jq.Hint(err, "where = '.body.amount > 1000'"))
	}
	if r.Scheme != "" && r.Scheme != "auto" {
		if _, err := c.LookupScheme(r.Scheme); err != nil {
			return r, fail.Usage("%s: scheme = %q is not known", where, r.Scheme).Hint("barb schemes")
		}
		r.Scheme = c.Catalog().Name(r.Scheme)
	}
	if r.PublicURL != "" {
		if _, _, err := flags.SplitPublic(r.PublicURL); err != nil {
			return r, fail.Usage("%s: public_url = %w", where, err).Hint(`public_url = "https://abc.example.com"`)
		}
	}
	if r.Secrets, err = k.secrets(where); err != nil {
		return r, err
	}
	if r.Targets, err = k.targets(where); err != nil {
		return r, err
	}
	r.Methods, err = k.methods(where)
	return r, err
}

// way returns how the apps of a route are reached. Paths are those from the folder of barb.toml. What is in the files
// is checked where they are used.
func (k *routeKeys) way(c *File, where string) (w route.Way, err error) {
	w = route.Way{Insecure: k.Insecure, Proxy: k.Proxy, CACert: c.beside(k.CACert), Cert: c.beside(k.Cert),
		Key: c.beside(k.Key)}
	if w.Key != "" && w.Cert == "" {
		return w, fail.Usage("%s: key needs cert", where).Hint(`cert = "client.pem"`)
	}
	if w.Proxy != "" {
		if err := flags.CheckProxy(w.Proxy); err != nil {
			return w, fail.Usage("%s: %w", where, err).Hint(`proxy = "http://proxy.example.com:3128"`)
		}
	}
	if w.Headers, err = headerLines(k.Headers); err != nil {
		return w, fail.Usage("%s: headers: %w", where, err).Hint("headers" + headersExample)
	}
	return w, nil
}

// beside returns a path of barb.toml as it is used: from the folder of the file. "" stays "".
func (c *File) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.Path), path)
}

// secrets returns the references of secret: one or a list.
func (k *routeKeys) secrets(where string) (refs []string, err error) {
	for _, item := range listOf(k.Secret) {
		ref, ok := item.(string)
		if !ok || !secret.IsReference(ref) {
			return nil, fail.Usage("%s: secret is not a reference", where).
				Hint(
					`write secret = "env:NAME", "file:PATH", "cmd:COMMAND" or "keyring:NAME"; a secret itself does not ` +
						`belong in a file that is committed`)
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// methods returns the methods of method, one or a list, in upper case.
func (k *routeKeys) methods(where string) (methods []string, err error) {
	for _, item := range listOf(k.Method) {
		method, ok := item.(string)
		if !ok || record.CheckField(record.Field{Name: method}) != nil {
			return nil, fail.Usage("%s: method = %v is not a method", where, item).Hint(`method = "POST", or ["POST", "PUT"]`)
		}
		methods = append(methods, strings.ToUpper(method))
	}
	return methods, nil
}

// listOf returns a value of barb.toml as a list: its own, or the value alone.
func listOf(value any) []any {
	if list, isList := value.([]any); isList || value == nil {
		return list
	}
	return []any{value}
}

// targets returns the apps of forward_to: a URL, or a list of URLs and of tables { url = "…", mirror = true }.
func (k *routeKeys) targets(where string) (targets []route.Target, err error) {
	for i, item := range listOf(k.Forward) {
		t, err := targetOf(item)
		if err == nil && t.Mirror && i == 0 {
			err = errors.New("the first target answers the sender, so it cannot be a mirror")
		}
		if err != nil {
			return nil, fail.Usage("%s: forward_to: %w", where, err).
				Hint(`forward_to = ":3000", or [":3000", { url = ":3001", mirror = true }]`)
		}
		targets = append(targets, t)
	}
	if len(targets) == 0 && k.Forward != nil {
		return nil, fail.Usage("%s: forward_to is an empty list", where)
	}
	return targets, nil
}

func targetOf(item any) (t route.Target, err error) {
	address, isText := item.(string)
	if table, ok := item.(map[string]any); ok {
		address, isText = table["url"].(string)
		for key, value := range table {
			mirror, isBool := value.(bool)
			switch {
			case key == "mirror" && isBool:
				t.Mirror = mirror
			case key != "url":
				return t, fmt.Errorf("%s = %v is unknown: a target has url and mirror = true", key, value)
			}
		}
	}
	if !isText {
		return t, fmt.Errorf("%v is not a URL", item)
	}
	t.Written = address
	if t.URL, err = flags.Target(address); err != nil {
		err = fmt.Errorf("%q: %w", flags.WithoutUser(address), err)
	}
	return t, err
}

// WrittenTargets returns forward_to as barb config shows it.
func WrittenTargets(targets []route.Target) string {
	var words []string
	for _, t := range targets {
		word := flags.WithoutUser(t.Written)
		if t.Mirror {
			word = "mirror " + word
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
