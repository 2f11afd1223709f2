package sign

import (
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// maxDetected is the longest body, in bytes, in which a signature is looked for: providers that write theirs there send
// far less, and a stranger's body would be read for every such scheme in turn.
const maxDetected = 1 << 20

// Fits returns how well a message fits the scheme by what it carries, 0 for not at all. A scheme fits by the form of
// its signature's value and never by a header's name alone, since many providers share names. A scheme does not fit
// when a stronger signature is there. A token proves least, so every signature scores higher.
func (s *Scheme) Fits(m *Message) int {
	if len(m.Body) > maxDetected && strings.IndexByte(s.Header, ':') > 0 {
		return 0
	}
	if s.Wrapped != "" {
		inner := *m
		if s.unwrap(&inner) != nil {
			return 1 // for Verify to say what is wrong with it
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
		score += 100 // more than all of the above
	}
	return score
}

// inHeader reports whether the place is a header, and that header is there.
func (p Place) inHeader(m *Message) bool {
	name, ok := p.header()
	if !ok {
		return false
	}
	_, n := field.Header(m.Header, name)
	return n > 0
}

// readable reports whether the place of the signature holds something of this scheme's form. A header that is there
// twice counts by one of its values: Verify will say that it is there twice.
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

// fits reports whether a token claims what the scheme's tokens do.
func (c *Claims) fits(t *token) bool {
	_, hasBody := t.claims[c.Body]
	_, hasURL := t.claims[c.URL]
	return (c.Issuer == "" || t.text("iss") == c.Issuer) && (c.Body == "" || hasBody || c.BodyOptional) &&
		(c.URL == "" || hasURL)
}
