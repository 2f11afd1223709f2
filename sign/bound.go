package sign

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// Identity is a signed value that names the receiver or the source of a message. Where a provider uses one key for
// all customers, a valid signature proves only the provider; this value says which customer the message is for.
type Identity struct {
	Param string // name of the param with the expected value; several names are joined by commas
	In    Place  // where the value stands; in a token also "claim:NAME"
	// Confirmed is a claim that must be true for the value to count, "email_verified"; "" for none.
	Confirmed string
	// Optional says that a message is accepted when the param is not given.
	Optional bool
	// Else says who could send a valid message when the value is not checked; one clause.
	Else string
}

// BoundBy says what binds a message to its receiver: a shared secret or a checked value. The text begins with
// "nothing" where every customer of the provider can obtain messages with a valid signature.
func (s Scheme) BoundBy() string {
	if s.Binds != "" {
		return s.Binds
	}
	if s.symmetric() {
		return "the secret"
	}
	return "the key, if its owner signs for no one else"
}

// Unbound warns a receiver who does not say which messages are his; "" when the signature or the params say it.
func (s Scheme) Unbound(params map[string]string) string {
	if !strings.HasPrefix(s.Binds, "nothing") {
		return ""
	}
	for _, b := range s.Bound {
		if params[b.Param] != "" {
			return ""
		}
	}
	text := "a valid " + s.Name + " webhook is not necessarily meant for you: nothing in it says so" +
		strings.TrimPrefix(s.Binds, "nothing")
	if len(s.Bound) > 0 {
		text += "; --param " + s.Bound[0].Param + "=… accepts only yours"
	}
	return text
}

// CheckParams returns an *Error with MissingParam when a param is missing without which no message can be verified.
func (s Scheme) CheckParams(params map[string]string) error {
	m := &Message{Params: params}
	for p := range Pieces(s.Content) {
		if name, ok := strings.CutPrefix(p.Text, "param."); ok && p.Named {
			if _, err := param(m, name); err != nil {
				return err
			}
		}
	}
	if s.JWT != nil {
		for _, name := range [...]string{s.JWT.IssuerParam, s.JWT.AudienceParam} {
			if name == "" {
				continue
			}
			if _, err := param(m, name); err != nil {
				return err
			}
		}
	}
	for _, b := range s.Bound {
		if !b.Optional && params[b.Param] == "" {
			return b.missing()
		}
	}
	return nil
}

func (b *Identity) missing() error {
	return missingParam(b.Param, " must be given: "+b.Else+"; --param "+b.Param+"=… names yours")
}

// checkBound compares the identities in a genuine message with those its receiver expects.
func (s *Scheme) checkBound(m *Message, r *reading) error {
	for i := range s.Bound {
		b := &s.Bound[i]
		want := m.Params[b.Param]
		if want == "" {
			continue // optional: CheckParams has refused the others
		}
		got, err := b.read(m, r)
		if err != nil {
			return err
		}
		if got == "" || !slices.Contains(strings.Split(want, ","), got) {
			return refuse(WrongClaim, "the signature is correct, but "+b.String()+" is not the given "+b.Param)
		}
	}
	return nil
}

// read returns the identity's value in a message whose signature was checked, "" when it is absent or not confirmed.
func (b *Identity) read(m *Message, r *reading) (string, error) {
	claim, ok := b.In.claim()
	if !ok {
		value, n := b.In.Read(m)
		if n > 1 {
			return "", refuseTwice(b.In)
		}
		return value, nil
	}
	if r.token == nil || b.Confirmed != "" && r.token.claims[b.Confirmed] != true {
		return "", nil
	}
	return r.token.text(claim), nil
}

// String names the place of the identity for error messages, such as "the token's email".
func (b *Identity) String() string {
	if claim, ok := b.In.claim(); ok {
		return "the token's " + claim
	}
	return b.In.String()
}

func (p Place) claim() (string, bool) { return strings.CutPrefix(string(p), "claim:") }

// writeBound writes the params that travel in a header into a message to be signed, unless it has them.
func (s *Scheme) writeBound(m *Message) error {
	for _, b := range s.Bound {
		if b.In.kind() != "header" || m.Params[b.Param] == "" || b.In.inHeader(m) {
			continue
		}
		value, _, _ := strings.Cut(m.Params[b.Param], ",")
		if err := CheckValue(MissingParam, "param "+b.Param, value); err != nil {
			return err
		}
		if err := b.In.write(m, value); err != nil {
			return err
		}
	}
	return nil
}

// boundFields appends the header lines of identities.
func (s *Scheme) boundFields(fields []Field, m *Message) []Field {
	for _, b := range s.Bound {
		if name, ok := b.In.header(); ok {
			value, _ := field.Header(m.Header, name)
			fields = appendHeader(fields, b.In, value)
		}
	}
	return fields
}

// Signs reports whether the scheme signs the value at a place. Callers may ask about a scheme made by code only
// where that code signs all of its places.
func (s Scheme) Signs(p Place) bool {
	kind, name := p.kind(), p.name()
	inBody := kind == "json" || kind == "form"
	switch {
	case s.JWT != nil:
		return kind == "claim" || inBody && s.JWT.Body != "" && !s.JWT.BodyOptional || kind == "query" && s.JWT.URL != ""
	case s.Auth == Token:
		return false
	case s.Code != "":
		return true
	case inBody && s.CoversBody():
		return kind == "form" || !strings.Contains(s.Content, "{form|") || strings.Contains(s.Content, "{body")
	case kind == "query":
		return strings.Contains(s.Content, "{url}")
	}
	return strings.Contains(s.Content, "{"+kind+"."+name+"}")
}
