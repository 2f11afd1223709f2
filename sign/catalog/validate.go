package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
)

// Validate checks a scheme that a user wrote. Its error lists every fault, each beginning with its field: "content: …".
func Validate(s sign.Scheme) error {
	return errors.Join(
		validateName(&s),
		validateAlgorithm(&s),
		validateKey(&s),
		validateContent(&s),
		validateHeaders(&s),
		validateFormat(&s),
		validateTime(&s),
		validateBound(&s),
		validateProof(&s),
	)
}

func validateName(s *sign.Scheme) error {
	if s.Name == "" {
		return errors.New("name: is missing")
	}
	if strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || s.Name[0] == '-' {
		return fmt.Errorf("name: %q is not lower-case letters, digits and hyphens", s.Name)
	}
	return nil
}

func oneOf[T ~string](field string, value T, allowed ...T) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	return fmt.Errorf("%s: %q is not one of %s", field, value, strings.Join(names, ", "))
}

func validateAlgorithm(s *sign.Scheme) error {
	errs := []error{oneOf("auth", s.Auth, sign.HMAC, sign.Digest, sign.Token, sign.Ed25519, sign.ECDSA, sign.RSA)}
	if s.Auth == sign.HMAC || s.Auth == sign.Digest {
		errs = append(errs, oneOf("hash", s.Hash, sign.SHA256, sign.SHA1, sign.SHA384, sign.SHA512, sign.MD5))
	}
	if s.Auth == sign.ECDSA || s.Auth == sign.RSA {
		errs = append(errs, oneOf("hash", s.Hash, sign.SHA256, sign.SHA384, sign.SHA512))
	}
	switch {
	case s.JWT != nil:
		errs = append(errs, oneOf("enc", s.Enc, sign.Base64URL), validateClaims(s))
	case s.Auth == sign.Token:
		errs = append(errs, oneOf("enc", s.Enc, sign.Plain, sign.Base64))
	default:
		errs = append(errs, oneOf("enc", s.Enc, sign.Hex, sign.Base64, sign.Base64URL))
	}
	if s.Code != "" {
		errs = append(errs, oneOf("code", s.Code, sign.Codes()...))
	}
	return errors.Join(errs...)
}

func validateKey(s *sign.Scheme) error {
	switch s.Auth {
	case sign.Token:
		return oneOf("key", s.Key, sign.Raw)
	case sign.Ed25519:
		return oneOf("key", s.Key, sign.Hex32, sign.Base6432, sign.Whpk, sign.SPKI, sign.PEM)
	case sign.ECDSA, sign.RSA:
		return oneOf("key", s.Key, sign.SPKI, sign.PEM)
	default:
		return oneOf("key", s.Key, sign.Raw, sign.Base64Key, sign.HexKey, sign.Whsec, sign.WhsecOrRaw, sign.WhsecAndRaw,
			sign.KeyPair)
	}
}

func validateContent(s *sign.Scheme) error {
	if s.Auth == sign.Token || s.Code != "" || s.JWT != nil {
		if s.Content != "" {
			return errors.New("content: this kind of scheme does not use it")
		}
		return nil
	}
	if s.Content == "" {
		return errors.New("content: is empty")
	}
	secret := strings.Contains(s.Content, "{secret}")
	if (s.Auth == sign.Digest) != secret {
		return errors.New("content: {secret} is required with auth = \"digest\", and not allowed otherwise")
	}
	if strings.Contains(s.Content, "{ts}") && s.Time.Unit == "" {
		return errors.New("content: has {ts}, but time does not say where the timestamp is")
	}
	if strings.Contains(s.Content, "{id}") && s.IDIn == "" {
		return errors.New("content: has {id}, but id_in does not say where it is")
	}
	return validateTemplate("content", s.Content, isContentName)
}

// validateTemplate refuses stray braces and names that ok does not accept.
func validateTemplate(field, template string, ok func(name string) bool) error {
	for p := range sign.Pieces(template) {
		switch {
		case !p.Named && strings.ContainsAny(p.Text, "{}"):
			return fmt.Errorf("%s: %q has an unmatched brace", field, template)
		case p.Named && !ok(p.Text):
			return fmt.Errorf("%s: %q is not a name that may be used in braces", field, p.Text)
		}
	}
	return nil
}

func isContentName(name string) bool {
	switch name {
	case "body", "body|sha256hex", "body|crc32", "body|json", "form|sorted", "ts", "id", "url", "method", "path", "secret",
		"lb", "rb":
		return true
	}
	kind, rest, _ := strings.Cut(name, ".")
	return rest != "" && (kind == "param" || kind == "json" || kind == "item" || kind == "header" && isHeaderName(rest))
}

func validateHeaders(s *sign.Scheme) error {
	errs := []error{validatePlace("header", s.Carrier(), false)}
	for _, name := range s.Alt {
		errs = append(errs, validatePlace("alt", sign.Place("header:"+name), false))
	}
	errs = append(errs,
		validatePlace("time.in", s.Time.In, true),
		validatePlace("id_in", s.IDIn, true),
		validatePlace("event_in", s.EventIn, true),
		validatePlace("nonce", s.Nonce, true))
	for _, f := range s.Fixed {
		errs = append(errs, validatePlace("fixed", sign.Place("header:"+f.Name), false),
			sign.CheckValue("fixed", "value of "+f.Name, f.Value))
	}
	if s.Stronger != "" {
		errs = append(errs, validatePlace("stronger", sign.Place("header:"+s.Stronger), false))
	}
	return errors.Join(errs...)
}

func validatePlace(field string, p sign.Place, optional bool) error {
	switch kind, name, _ := strings.Cut(string(p), ":"); kind {
	case "":
		if optional {
			return nil
		}
	case "header":
		if !isHeaderName(name) {
			return fmt.Errorf("%s: %q is not a header name", field, name)
		}
		return nil
	case "json", "form", "query":
		if name != "" {
			return nil
		}
	}
	return fmt.Errorf("%s: %q is not a place: use header:NAME, json:PATH, form:NAME or query:NAME", field, string(p))
}

func isHeaderName(s string) bool {
	const others = "!#$%&'*+-.^_`|~0123456789"
	for i := range len(s) {
		letter := 'a' <= s[i]|0x20 && s[i]|0x20 <= 'z'
		if !letter && strings.IndexByte(others, s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

func validateFormat(s *sign.Scheme) error {
	isName := func(name string) bool { return name == "sig" || name == "ts" || strings.HasPrefix(name, "item.") }
	errs := []error{validateTemplate("format", s.Format, isName), validateTemplate("more", s.More, isName)}
	if s.Format != "" && !strings.Contains(s.Format, s.Prefix+"{sig}") {
		errs = append(errs, fmt.Errorf("format: %q does not contain the prefix and {sig}", s.Format))
	}
	if s.More != "" && (s.Split == "" || !strings.Contains(s.More, "{sig}")) {
		errs = append(errs, errors.New("more: needs split and {sig}; without them the signature cannot be parsed"))
	}
	if s.More != "" && len(s.Alt) > 0 {
		errs = append(errs, errors.New("more: use either more or alt for further signatures"))
	}
	if err := errors.Join(errs...); err != nil || s.JWT != nil || s.Code != "" {
		return err
	}
	if !s.ReadsBack() {
		return errors.New("format: what it writes cannot be parsed with these values of split, prefix and time.key")
	}
	return nil
}

func validateTime(s *sign.Scheme) error {
	if s.Time.Unit == "" {
		if s.Time != (sign.Timestamp{}) || s.Tolerance != (sign.Tolerance{}) {
			return errors.New("time.unit: is empty, but time.in, time.key or tolerance is given")
		}
		return nil
	}
	errs := []error{oneOf("time.unit", s.Time.Unit, sign.Seconds, sign.Milliseconds, sign.RFC3339, sign.RFC3339Millis)}
	if s.JWT == nil && s.Code != sign.RFC9421 && (s.Time.In == "") == (s.Time.Key == "") {
		errs = append(errs, errors.New("time: give either in, or the key of a timestamp inside the signature"))
	}
	if s.Time.Key != "" && !strings.Contains(s.Format, s.Time.Key+"{ts}") {
		errs = append(errs, errors.New("format: does not contain time.key and {ts}"))
	}
	if s.Tolerance.Past <= 0 || s.Tolerance.Future <= 0 {
		errs = append(errs, errors.New("tolerance: must be above zero, for the past and the future"))
	}
	return errors.Join(errs...)
}

// validateBound refuses an identity that the signature does not cover, because any sender could write it.
func validateBound(s *sign.Scheme) error {
	var errs []error
	for _, b := range s.Bound {
		isClaim := strings.HasPrefix(string(b.In), "claim:")
		switch {
		case b.Param == "" || strings.ContainsAny(b.Param, "=,"):
			errs = append(errs, fmt.Errorf("bound: %q is not the name of a param", b.Param))
		case isClaim && s.JWT == nil:
			errs = append(errs, fmt.Errorf("bound: %s is a claim, and the scheme has no token", b.Param))
		case !isClaim && validatePlace("bound", b.In, false) != nil:
			errs = append(errs, validatePlace("bound", b.In, false))
		case !s.Signs(b.In):
			errs = append(errs, fmt.Errorf("bound: %s is not signed, so anybody can write it", b.In))
		}
	}
	return errors.Join(errs...)
}

// validateProof refuses a row whose signature proves less than a reader would expect, unless the row says so.
func validateProof(s *sign.Scheme) error {
	var errs []error
	switch {
	case !s.UnsignedTime && !s.TimeSigned():
		errs = append(errs, errors.New("time: is not signed ({ts} is not in content), so anybody can send an old webhook "+
			"as a new one; if the provider really does this, set unsigned_time = true"))
	case s.UnsignedTime && s.TimeSigned():
		errs = append(errs, errors.New("unsigned_time: the time is signed, or there is none"))
	}
	switch {
	case !s.NoSeparator && !s.Separated():
		errs = append(errs, errors.New("content: two of its parts have no separator, so the end of one can pass for "+
			"the beginning of the next; if the provider really does this, set no_separator = true"))
	case s.NoSeparator && s.Code == "" && s.Separated():
		errs = append(errs, errors.New("no_separator: all parts of content are separated"))
	}
	for _, f := range [...][2]string{
		{"prefix", s.Prefix}, {"split", s.Split}, {"format", s.Format}, {"more", s.More}, {"time.key", s.Time.Key},
	} {
		if strings.ContainsFunc(f[1], func(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 }) {
			errs = append(errs, errors.New(f[0]+": contains a control character, which headers may not contain"))
		}
	}
	return errors.Join(errs...)
}

func validateClaims(s *sign.Scheme) error {
	var errs []error
	if s.Auth != sign.HMAC && s.Auth != sign.ECDSA && s.Auth != sign.RSA && s.Auth != sign.Ed25519 {
		errs = append(errs, errors.New("auth: a token is signed with hmac, ecdsa, rsa or ed25519"))
	}
	if s.JWT.Body != "" {
		errs = append(errs, oneOf("jwt.body_enc", s.JWT.BodyEnc, sign.Hex, sign.Base64, sign.Base64URL))
	}
	if s.Split != "" || s.More != "" || s.Format != "" || len(s.Alt) > 0 {
		errs = append(errs, errors.New("jwt: a token is alone after its prefix; remove split, format, more and alt"))
	}
	return errors.Join(errs...)
}
