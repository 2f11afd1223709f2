package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/handshake"
)

// ownTolerance is the tolerance of an own scheme that has a timestamp and says nothing else.
const ownTolerance = 5 * time.Minute

// SourceOf returns file and line of an own scheme, "barb.toml:12"; "" for one of the catalogue.
func (c *File) SourceOf(name string) string {
	if !slices.ContainsFunc(c.Schemes.Own, func(s sign.Scheme) bool { return s.Name == name }) {
		return ""
	}
	return fmt.Sprintf("%s:%d", c.Path, c.lines.line("scheme", name))
}

// takeSchemes reads the tables [scheme.NAME]. It leaves out scheme = "NAME", the default of --scheme.
func (c *File) takeSchemes(plain map[string]any) error {
	tables, _ := plain["scheme"].(map[string]any)
	for _, name := range c.lines.inOrder(tables, "scheme") {
		r := schemeReader{c, sign.Scheme{Name: name}}
		if err := r.read(tables[name]); err != nil {
			return err
		}
		c.Schemes.Own = append(c.Schemes.Own, r.scheme)
	}
	return nil
}

// schemeReader makes a scheme of one table.
type schemeReader struct {
	file   *File
	scheme sign.Scheme
}

// fault returns the error for a key such as "time.unit", with its line.
func (r *schemeReader) fault(key, format string, args ...any) *fail.Error {
	return fail.Usage("%s", r.place(key)+": "+fmt.Sprintf(format, args...))
}

func (r *schemeReader) place(key string) string {
	at := append([]string{"scheme", r.scheme.Name}, strings.Split(key, ".")...)
	return fmt.Sprintf("%s:%d: scheme.%s", r.file.Path, r.file.lines.line(at...), r.scheme.Name)
}

func (r *schemeReader) read(value any) error {
	table, ok := value.(map[string]any)
	if !ok {
		return r.fault("", "is not a table").Hintf("write [scheme.%s] and its keys below", r.scheme.Name)
	}
	if s, taken := catalog.Lookup(r.scheme.Name); taken || r.scheme.Name == "auto" {
		f := r.fault("", "name: %s is the name of a built-in scheme", r.scheme.Name).
			Hintf("give it another name, such as my-%s", r.scheme.Name)
		if taken {
			f = f.Hintf("barb schemes %s", s.Name)
		}
		return f
	}
	if claims, _ := table["jwt"].(map[string]any); len(claims) > 0 {
		r.scheme.JWT = &sign.Claims{BodyEnc: sign.Hex}
	}
	if err := r.fill(table, ""); err != nil {
		return err
	}
	_, timed := table["time"]
	setDefaults(&r.scheme, timed)
	return r.validate()
}

// fill sets what a table says, in the order it says it.
func (r *schemeReader) fill(table map[string]any, within string) error {
	setters := schemeKeys(&r.scheme)
	for _, key := range r.file.lines.inOrder(table, "scheme", r.scheme.Name) {
		name := within + key
		inner, isTable := table[key].(map[string]any)
		parts := slices.DeleteFunc(slices.Sorted(maps.Keys(setters)),
			func(k string) bool { return !strings.HasPrefix(k, name+".") })
		set, known := setters[name]
		var err error
		switch {
		case isTable && len(parts) > 0:
			err = r.fill(inner, name+".")
		case known:
			if wrong := set(table[key]); wrong != nil {
				err = r.fault(name, "%s: %v", name, wrong)
			}
		case len(parts) > 0:
			err = r.fault(name, "%s: must be a table of %s", name, strings.Join(parts, ", "))
		default:
			near := fail.Nearest(name, slices.Collect(maps.Keys(setters)))
			slices.Sort(near)
			err = r.fault(name, "unknown key %q", name).Hint(fail.DidYouMean("", near, "docs/schemes.md explains the "+
				"keys there are"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// validate is catalog.Validate, each fault with the line of its key.
func (r *schemeReader) validate() error {
	err := catalog.Validate(r.scheme)
	if _, ok := handshake.Lookup(r.scheme.Handshake); r.scheme.Handshake != "" && !ok {
		err = errors.Join(fmt.Errorf("handshake: unknown %q", r.scheme.Handshake), err)
	}
	if err == nil {
		return nil
	}
	faults := strings.Split(err.Error(), "\n") // of errors.Join
	for i, fault := range faults {
		key, _, _ := strings.Cut(fault, ":")
		faults[i] = r.place(key) + ": " + fault
	}
	return fail.Usage("%s", strings.Join(faults, "\n")).Hint("docs/schemes.md explains the keys and has examples")
}

// setDefaults completes what was left out: HMAC-SHA256 in hex over the body, keyed with the secret as it is.
func setDefaults(s *sign.Scheme, timed bool) {
	s.Auth = cmp.Or(s.Auth, sign.HMAC)
	switch s.Auth {
	case sign.HMAC, sign.Digest:
		s.Hash, s.Key = cmp.Or(s.Hash, sign.SHA256), cmp.Or(s.Key, sign.Raw)
	case sign.ECDSA:
		s.Hash, s.Key = cmp.Or(s.Hash, sign.SHA256), cmp.Or(s.Key, sign.SPKI)
	case sign.RSA:
		s.Hash, s.Key = cmp.Or(s.Hash, sign.SHA256), cmp.Or(s.Key, sign.PEM)
	case sign.Ed25519:
		s.Key = cmp.Or(s.Key, sign.Hex32)
	case sign.Token:
		s.Key = cmp.Or(s.Key, sign.Raw)
	}
	switch {
	case s.JWT != nil:
		s.Enc = cmp.Or(s.Enc, sign.Base64URL)
	case s.Auth != sign.Token:
		s.Enc, s.Content = cmp.Or(s.Enc, sign.Hex), cmp.Or(s.Content, "{body}")
	}
	if !timed {
		return
	}
	s.Time.Unit = cmp.Or(s.Time.Unit, sign.Seconds)
	s.Tolerance.Past, s.Tolerance.Future = cmp.Or(s.Tolerance.Past, ownTolerance), cmp.Or(s.Tolerance.Future, ownTolerance)
	if s.Time.Key != "" {
		s.Split = cmp.Or(s.Split, ",")
		s.Format = cmp.Or(s.Format, s.Time.Key+"{ts}"+s.Split[:1]+s.Prefix+"{sig}")
	}
}

// Catalog returns the schemes of barb.toml and of the catalogue.
func (c *File) Catalog() *catalog.Set {
	if c == nil {
		return nil
	}
	return &c.Schemes
}

// LookupScheme finds a scheme by its name or alias; the error of an unknown one names the nearest.
func (c *File) LookupScheme(name string) (sign.Scheme, error) {
	if s, ok := c.Catalog().Lookup(strings.ToLower(name)); ok {
		return s, nil
	}
	var names []string
	for _, s := range c.Catalog().All() {
		names = append(append(names, s.Name), s.Aliases...)
	}
	return sign.Scheme{}, fail.Unsupported("unknown scheme %q", name).
		Hint(fail.DidYouMean("-s ", fail.Nearest(strings.ToLower(name), names), "barb schemes lists what there is"))
}

// ChooseSchemes finds the named schemes; whole says that each name was exact, so that they are shown in full.
func (c *File) ChooseSchemes(names []string) (chosen []sign.Scheme, whole bool, err error) {
	if len(names) == 0 {
		return c.Catalog().All(), false, nil
	}
	whole = true
	for _, name := range names {
		if s, ok := c.Catalog().Lookup(strings.ToLower(name)); ok {
			chosen = append(chosen, s)
			continue
		}
		found := slices.DeleteFunc(c.Catalog().All(), func(s sign.Scheme) bool {
			known := append([]string{s.Name, strings.ToLower(s.Title)}, s.Aliases...)
			return !slices.ContainsFunc(known, func(k string) bool { return strings.Contains(k, strings.ToLower(name)) })
		})
		if len(found) == 0 {
			_, err := c.LookupScheme(name)
			return nil, false, err
		}
		whole = false
		chosen = append(chosen, found...)
	}
	return chosen, whole, nil
}
