package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/units"
)

// setter puts the value of one key into a scheme.
type setter func(value any) error

// schemeKeys are the keys of [scheme.NAME], which docs/schemes.md explains. A dot stands for a table within.
func schemeKeys(s *sign.Scheme) map[string]setter {
	return map[string]setter{
		"title":            text(&s.Title),
		"docs":             text(&s.Docs),
		"auth":             text(&s.Auth),
		"hash":             text(&s.Hash),
		"enc":              text(&s.Enc),
		"key":              text(&s.Key),
		"content":          text(&s.Content),
		"header":           text(&s.Header),
		"alt":              texts(&s.Alt),
		"split":            text(&s.Split),
		"prefix":           text(&s.Prefix),
		"format":           text(&s.Format),
		"more":             text(&s.More),
		"repeat":           boolean(&s.Repeat),
		"any_hash":         boolean(&s.AnyHash),
		"wrapped":          text(&s.Wrapped),
		"nonce":            text(&s.Nonce),
		"cert_name":        text(&s.CertName),
		"handshake":        text(&s.Handshake),
		"stronger":         text(&s.Stronger),
		"id_in":            text(&s.IDIn),
		"event_in":         text(&s.EventIn),
		"fixed":            fields(&s.Fixed),
		"bound":            identities(&s.Bound),
		"unsigned_time":    boolean(&s.UnsignedTime),
		"no_separator":     boolean(&s.NoSeparator),
		"time.in":          text(&s.Time.In),
		"time.key":         text(&s.Time.Key),
		"time.unit":        text(&s.Time.Unit),
		"tolerance":        tolerance(&s.Tolerance.Past, &s.Tolerance.Future),
		"tolerance.past":   tolerance(&s.Tolerance.Past),
		"tolerance.future": tolerance(&s.Tolerance.Future),

		"jwt.issuer":         claim(s, func(c *sign.Claims) setter { return text(&c.Issuer) }),
		"jwt.issuer_param":   claim(s, func(c *sign.Claims) setter { return text(&c.IssuerParam) }),
		"jwt.audience_param": claim(s, func(c *sign.Claims) setter { return text(&c.AudienceParam) }),
		"jwt.body":           claim(s, func(c *sign.Claims) setter { return text(&c.Body) }),
		"jwt.body_enc":       claim(s, func(c *sign.Claims) setter { return text(&c.BodyEnc) }),
		"jwt.body_optional":  claim(s, func(c *sign.Claims) setter { return boolean(&c.BodyOptional) }),
		"jwt.url":            claim(s, func(c *sign.Claims) setter { return text(&c.URL) }),
		"jwt.url_hash":       claim(s, func(c *sign.Claims) setter { return boolean(&c.URLHash) }),
		"jwt.expires":        claim(s, func(c *sign.Claims) setter { return boolean(&c.Expires) }),
		"jwt.id":             claim(s, func(c *sign.Claims) setter { return boolean(&c.ID) }),
	}
}

// claim sets something of the token, which makes the scheme one of tokens.
func claim(s *sign.Scheme, of func(*sign.Claims) setter) setter {
	return func(value any) error {
		if s.JWT == nil {
			s.JWT = &sign.Claims{BodyEnc: sign.Hex}
		}
		return of(s.JWT)(value)
	}
}

func boolean(field *bool) setter {
	return func(value any) error {
		b, ok := value.(bool)
		if !ok {
			return errors.New("is neither true nor false")
		}
		*field = b
		return nil
	}
}

func text[T ~string](field *T) setter {
	return func(value any) error {
		s, ok := value.(string)
		if !ok {
			return errors.New("is not text")
		}
		*field = T(s)
		return nil
	}
}

func texts(field *[]string) setter {
	return func(value any) error {
		list, ok := value.([]any)
		for _, item := range list {
			var s string
			if text(&s)(item) != nil {
				ok = false
			}
			*field = append(*field, s)
		}
		if !ok {
			return errors.New(`is not a list of texts, ["X-Signature-2"]`)
		}
		return nil
	}
}

// fields reads a table of header names and values. A TOML table has no order, so they are sent sorted.
func fields(field *[]sign.Field) setter {
	return func(value any) error {
		table, ok := value.(map[string]any)
		if !ok {
			return errors.New(`is not a table of headers, { X-Algorithm = "sha256" }`)
		}
		for _, name := range slices.Sorted(maps.Keys(table)) {
			f := sign.Field{Name: name}
			if err := text(&f.Value)(table[name]); err != nil {
				return fmt.Errorf("value of %s %w", name, err)
			}
			*field = append(*field, f)
		}
		return nil
	}
}

// identities reads a table of params and of where the value stands that each must equal.
func identities(bound *[]sign.Identity) setter {
	return func(value any) error {
		table, ok := value.(map[string]any)
		if !ok {
			return errors.New(`is not a table of params, { account = "json:account_id" }`)
		}
		for _, name := range slices.Sorted(maps.Keys(table)) {
			b := sign.Identity{Param: name, Else: "it says whose webhook it is"}
			if err := text(&b.In)(table[name]); err != nil {
				return fmt.Errorf("place of %s %w", name, err)
			}
			*bound = append(*bound, b)
		}
		return nil
	}
}

// tolerance reads "5m" or "unlimited".
func tolerance(sides ...*time.Duration) setter {
	return func(value any) error {
		var s string
		if err := text(&s)(value); err != nil {
			return fmt.Errorf(`%w such as "5m", nor { past = "5m", future = "unlimited" }`, err)
		}
		limit := sign.NoLimit
		if s != "unlimited" {
			var err error
			if limit, err = units.ParseDuration(s); err != nil {
				return fmt.Errorf(`%w, nor "unlimited"`, err)
			}
			if limit == 0 {
				return errors.New("must be above zero")
			}
		}
		for _, side := range sides {
			*side = limit
		}
		return nil
	}
}
