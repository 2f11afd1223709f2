package sign

import (
	"cmp"
	"slices"
	"strings"
)

// maxDetected is the longest body, in bytes, in which a signature is looked for: whoever sends his there sends far less, and
// a stranger's body would be read for every such scheme in turn.
const maxDetected = 1 << 20

// Detect returns the schemes of the catalogue and of own, the caller's, that a message may have been signed with, the best
// fit first and of equal ones the caller's; none when nothing fits. A scheme fits by the form of its signature's value and
// never by a header's name alone, since many providers share names. A scheme is not offered when a stronger signature is
// there.
func Detect(m Message, own ...Scheme) []Scheme {
	type fit struct {
		scheme *Scheme
		score  int
	}
	var fits []fit
	for _, schemes := range [][]Scheme{own, catalog[:]} {
		for i := range schemes {
			if score := schemes[i].fit(&m); score > 0 {
				fits = append(fits, fit{&schemes[i], score})
			}
		}
	}
	slices.SortStableFunc(fits, func(a, b fit) int { return cmp.Compare(b.score, a.score) })
	found := make([]Scheme, len(fits))
	for i, f := range fits {
		found[i] = f.scheme.clone()
	}
	return found
}

// fit scores how well a message fits a scheme by what it carries, 0 for not at all. A token proves least, so it comes
// after every signature.
func (s *Scheme) fit(m *Message) int {
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
		if value, _ := headerValue(m.Header, f.Name); value == f.Value {
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
	_, n := headerValue(m.Header, name)
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
	return (c.Issuer == "" || t.text("iss") == c.Issuer) && (c.Body == "" || hasBody || c.BodyOptional) && (c.URL == "" || hasURL)
}
