package sign

import (
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// maxDetected is the longest body, in bytes, that is searched for a signature. Providers that write one into the
// body send far less, and an attacker's body would be read once for every such scheme.
const maxDetected = 1 << 20

// Fits returns how well a message fits the scheme by its headers and fields; 0 means not at all. The form of the
// signature's value decides, never a header's name alone, since many providers share names. A scheme does not fit
// when a stronger signature is present. A token proves least, so every signature scores higher.
func (s *Scheme) Fits(m *Message) int {
	if len(m.Body) > maxDetected && strings.IndexByte(s.Header, ':') > 0 {
		return 0
	}
	if s.Wrapped != "" {
		inner := *m
		if s.unwrap(&inner) != nil {
			return 1 // Verify will say what is wrong with it
		}
		m = &inner
	}
	if s.weaker(m) || !s.readable(m) {
		return 0
	}
	score := 1
	for _, p := range []Place{s.Time.In, s.IDIn, s.EventIn} {
		if p.inHeader(m) {
			score++
		}
	}
	for _, f := range s.Fixed {
		if value, _ := field.Header(m.Header, f.Name); value == f.Value {
			score++
		}
	}
	if s.Auth != Token {
		score += 100 // more than the sum of the above
	}
	return score
}

// inHeader reports whether the place is a header that the message has.
func (p Place) inHeader(m *Message) bool {
	name, ok := p.header()
	if !ok {
		return false
	}
	_, n := field.Header(m.Header, name)
	return n > 0
}

// readable reports whether the place of the signature holds a value of this scheme's form. A duplicate header
// counts by one of its values: Verify reports the duplicate.
func (s *Scheme) readable(m *Message) bool {
	if own, ok := s.ownReader(); ok {
		r, err := own(m)
		return err == nil && (s.JWT == nil || s.JWT.fits(r.token))
	}
	value, n := s.readCarrier(m, 0)
	if n == 0 || value == "" || len(value) > maxSignature {
		return false
	}
	var r reading
	if s.readValue(value, &r) != nil {
		return true
	}
	return len(r.candidates) > 0 || r.stamped
}

// fits reports whether a token has the claims of the scheme's tokens.
func (c *Claims) fits(t *token) bool {
	_, hasBody := t.claims[c.Body]
	_, hasURL := t.claims[c.URL]
	return (c.Issuer == "" || t.text("iss") == c.Issuer) && (c.Body == "" || hasBody || c.BodyOptional) &&
		(c.URL == "" || hasURL)
}
