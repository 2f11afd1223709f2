package config

import (
	"cmp"
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
	jwt := cmp.Or(s.JWT, new(sign.Claims)) // without a table jwt nothing is set there
	return map[string]setter{
		"title":     text(&s.Title),
		"docs":      text(&s.Docs),
		"auth":      text(&s.Auth),
		"hash":      text(&s.Hash),
		"enc":       text(&s.Enc),
		"key":       text(&s.Key),
		"content":   text(&s.Content),
		"header":    text(&s.Header),
		"alt":       texts(&s.Alt),
		"split":     text(&s.Split),
		"prefix":    text(&s.Prefix),
		"format":    text(&s.Format),
		"more":      text(&s.More),
		"repeat":    boolean(&s.Repeat),
		"any_hash":  boolean(&s.AnyHash),
		"wrapped":   text(&s.Wrapped),
		"nonce":     text(&s.Nonce),
		"cert_name": text(&s.CertName),
		"handshake": text(&s.Handshake),
		"stronger":  text(&s.Stronger),
		"id_in":     text(&s.IDIn),
		"event_in":  text(&s.EventIn),
		"fixed": pairs(`headers, { X-Algorithm = "sha256" }`, "value", func(name, value string) {
			s.Fixed = append(s.Fixed, sign.Field{Name: name, Value: value})
		}),
		"bound": pairs(`params, { account = "json:account_id" }`, "place", func(name, in string) {
			s.Bound = append(s.Bound, sign.Identity{Param: name, In: sign.Place(in), Else: "it says whose webhook it is"})
		}),
		"unsigned_time":    boolean(&s.UnsignedTime),
		"no_separator":     boolean(&s.NoSeparator),
		"time.in":          text(&s.Time.In),
		"time.key":         text(&s.Time.Key),
		"time.unit":        text(&s.Time.Unit),
		"tolerance":        tolerance(&s.Tolerance.Past, &s.Tolerance.Future),
		"tolerance.past":   tolerance(&s.Tolerance.Past),
		"tolerance.future": tolerance(&s.Tolerance.Future),

		"jwt.issuer":         text(&jwt.Issuer),
		"jwt.issuer_param":   text(&jwt.IssuerParam),
		"jwt.audience_param": text(&jwt.AudienceParam),
		"jwt.body":           text(&jwt.Body),
		"jwt.body_enc":       text(&jwt.BodyEnc),
		"jwt.body_optional":  boolean(&jwt.BodyOptional),
		"jwt.url":            text(&jwt.URL),
		"jwt.url_hash":       boolean(&jwt.URLHash),
		"jwt.expires":        boolean(&jwt.Expires),
		"jwt.id":             boolean(&jwt.ID),
	}
}

func boolean(field *bool) setter {
	return func(value any) error {
		b, ok := value.(bool)
		if !ok {
			return errors.New("must be true or false")
		}
		*field = b
		return nil
	}
}

func text[T ~string](field *T) setter {
	return func(value any) error {
		s, ok := value.(string)
		if !ok {
			return errors.New("must be text")
		}
		*field = T(s)
		return nil
	}
}

func texts(field *[]string) setter {
	return func(value any) error {
		list, ok := value.([]any)
		for _, item := range list {
			s, isText := item.(string)
			ok = ok && isText
			*field = append(*field, s)
		}
		if !ok {
			return errors.New(`must be a list of texts, such as ["X-Signature-2"]`)
		}
		return nil
	}
}

// pairs reads a table of names and texts. A TOML table has no order, so they are taken sorted.
func pairs(example, what string, add func(name, value string)) setter {
	return func(value any) error {
		table, ok := value.(map[string]any)
		if !ok {
			return fmt.Errorf("must be a table of %s", example)
		}
		for _, name := range slices.Sorted(maps.Keys(table)) {
			var s string
			if err := text(&s)(table[name]); err != nil {
				return fmt.Errorf("%s of %s %w", what, name, err)
			}
			add(name, s)
		}
		return nil
	}
}

// tolerance reads "5m" or "unlimited".
func tolerance(sides ...*time.Duration) setter {
	return func(value any) error {
		var s string
		if err := text(&s)(value); err != nil {
			return fmt.Errorf(`%w such as "5m", or { past = "5m", future = "unlimited" }`, err)
		}
		limit := sign.NoLimit
		if s != "unlimited" {
			var err error
			if limit, err = units.ParseDuration(s); err != nil {
				return fmt.Errorf(`%w, or write "unlimited"`, err)
			}
			if limit == 0 {
				return errors.New("must be more than 0")
			}
		}
		for _, side := range sides {
			*side = limit
		}
		return nil
	}
}
