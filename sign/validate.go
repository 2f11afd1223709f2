package sign

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Validate says what is wrong with a scheme, every fault beginning with the field it is in: "content: …". It is for rows
// that people write; each row of the catalogue is valid.
func (s Scheme) Validate() error {
	return errors.Join(
		s.validateName(),
		s.validateAlgorithm(),
		s.validateKey(),
		s.validateContent(),
		s.validateHeaders(),
		s.validateFormat(),
		s.validateTime(),
		s.validateBound(),
		s.validateProof(),
	)
}

func (s *Scheme) validateName() error {
	if s.Name == "" {
		return errors.New("name: is empty")
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

func (s *Scheme) validateAlgorithm() error {
	errs := []error{oneOf("auth", s.Auth, HMAC, Digest, Token, Ed25519, ECDSA, RSA)}
	if s.Auth == HMAC || s.Auth == Digest {
		errs = append(errs, oneOf("hash", s.Hash, SHA256, SHA1, SHA384, SHA512, MD5))
	}
	if s.Auth == ECDSA || s.Auth == RSA {
		errs = append(errs, oneOf("hash", s.Hash, SHA256, SHA384, SHA512))
	}
	switch {
	case s.JWT != nil:
		errs = append(errs, oneOf("enc", s.Enc, Base64URL), s.JWT.validate(s))
	case s.Auth == Token:
		errs = append(errs, oneOf("enc", s.Enc, Plain, Base64))
	default:
		errs = append(errs, oneOf("enc", s.Enc, Hex, Base64, Base64URL))
	}
	if s.Code != "" {
		errs = append(errs, oneOf("code", s.Code, codes()...))
	}
	return errors.Join(errs...)
}

func (s *Scheme) validateKey() error {
	switch s.Auth {
	case Token:
		return oneOf("key", s.Key, Raw)
	case Ed25519:
		return oneOf("key", s.Key, Hex32, Base6432, Whpk, SPKI, PEM)
	case ECDSA, RSA:
		return oneOf("key", s.Key, SPKI, PEM)
	default:
		return oneOf("key", s.Key, Raw, Base64Key, HexKey, Whsec, WhsecOrRaw, WhsecAndRaw, KeyPair)
	}
}

func (s *Scheme) validateContent() error {
	if s.Auth == Token || s.Code != "" || s.JWT != nil {
		if s.Content != "" {
			return errors.New("content: is not used by this kind of scheme")
		}
		return nil
	}
	if s.Content == "" {
		return errors.New("content: is empty")
	}
	secret := strings.Contains(s.Content, "{secret}")
	if (s.Auth == Digest) != secret {
		return errors.New("content: {secret} belongs into a digest, and only there")
	}
	if strings.Contains(s.Content, "{ts}") && s.Time.Unit == "" {
		return errors.New("content: has {ts}, but time says nothing of a timestamp")
	}
	if strings.Contains(s.Content, "{id}") && s.IDIn == "" {
		return errors.New("content: has {id}, but id_in does not say where it is")
	}
	return validateTemplate("content", s.Content, isContentName)
}

// validateTemplate refuses stray braces and names that ok does not know.
func validateTemplate(field, template string, ok func(name string) bool) error {
	for rest := template; rest != ""; {
		var p piece
		p, rest = nextPiece(rest)
		switch {
		case !p.named && strings.ContainsAny(p.text, "{}"):
			return fmt.Errorf("%s: %q has a brace without its pair", field, template)
		case p.named && !ok(p.text):
			return fmt.Errorf("%s: %q is not a name that can stand in braces", field, p.text)
		}
	}
	return nil
}

func isContentName(name string) bool {
	switch name {
	case "body", "body|sha256hex", "body|crc32", "body|json", "form|sorted", "ts", "id", "url", "method", "path", "secret", "lb", "rb":
		return true
	}
	kind, rest, _ := strings.Cut(name, ".")
	return rest != "" && (kind == "param" || kind == "json" || kind == "item" || kind == "header" && isHeaderName(rest))
}

func (s *Scheme) validateHeaders() error {
	errs := []error{validatePlace("header", s.carrier(0), false)}
	for _, name := range s.Alt {
		errs = append(errs, validatePlace("alt", Place("header:"+name), false))
	}
	errs = append(errs,
		validatePlace("time.in", s.Time.In, true),
		validatePlace("id_in", s.IDIn, true),
		validatePlace("event_in", s.EventIn, true),
		validatePlace("nonce", s.Nonce, true))
	for _, f := range s.Fixed {
		errs = append(errs, validatePlace("fixed", Place("header:"+f.Name), false),
			CheckValue("fixed", "value of "+f.Name, f.Value))
	}
	if s.Stronger != "" {
		errs = append(errs, validatePlace("stronger", Place("header:"+s.Stronger), false))
	}
	return errors.Join(errs...)
}

func validatePlace(field string, p Place, optional bool) error {
	switch name := p.name(); p.kind() {
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
	return fmt.Errorf("%s: %q is none of header:NAME, json:PATH, form:NAME, query:NAME", field, string(p))
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

func (s *Scheme) validateFormat() error {
	isName := func(name string) bool { return name == "sig" || name == "ts" || strings.HasPrefix(name, "item.") }
	errs := []error{validateTemplate("format", s.Format, isName), validateTemplate("more", s.More, isName)}
	if s.Format != "" && !strings.Contains(s.Format, s.Prefix+"{sig}") {
		errs = append(errs, fmt.Errorf("format: %q does not hold the prefix and {sig}", s.Format))
	}
	if s.More != "" && (s.Split == "" || !strings.Contains(s.More, "{sig}")) {
		errs = append(errs, errors.New("more: needs split and {sig}, or it cannot be read back"))
	}
	if s.More != "" && len(s.Alt) > 0 {
		errs = append(errs, errors.New("more: further signatures go either there or into alt"))
	}
	if err := errors.Join(errs...); err != nil || s.JWT != nil || s.Code != "" {
		return err
	}
	return s.validateReadBack()
}

// validateReadBack writes two signatures, or the one there is room for, and reads them.
func (s *Scheme) validateReadBack() error {
	const stamp = "1700000000"
	sigs := [][]byte{[]byte(strings.Repeat("x", max(s.signatureSize(), 1))), []byte(strings.Repeat("y", max(s.signatureSize(), 1)))}
	if s.More == "" {
		sigs = sigs[:1]
	}
	var r reading
	value, err := s.write(sigs, &values{time: stamp, item: func(string) (string, bool) { return "x", true }})
	if err == nil {
		err = s.readValue(value, &r)
	}
	if err != nil || len(r.candidates) < len(sigs) || s.Time.Key != "" && r.time != stamp {
		return errors.New("format: with split, prefix and time.key as they are, what it writes cannot be read back")
	}
	return nil
}

func (s *Scheme) validateTime() error {
	if s.Time.Unit == "" {
		if s.Time != (Timestamp{}) || s.Tolerance != (Tolerance{}) {
			return errors.New("time.unit: is empty, but time.in, time.key or tolerance is given")
		}
		return nil
	}
	errs := []error{oneOf("time.unit", s.Time.Unit, Seconds, Milliseconds, RFC3339, RFC3339Millis)}
	if s.JWT == nil && s.Code != RFC9421 && (s.Time.In == "") == (s.Time.Key == "") {
		errs = append(errs, errors.New("time: give either in, or the key of a timestamp inside the signature"))
	}
	if s.Time.Key != "" && !strings.Contains(s.Format, s.Time.Key+"{ts}") {
		errs = append(errs, errors.New("format: does not hold time.key and {ts}"))
	}
	if s.Tolerance.Past <= 0 || s.Tolerance.Future <= 0 {
		errs = append(errs, errors.New("tolerance: must be above zero to either side"))
	}
	return errors.Join(errs...)
}
