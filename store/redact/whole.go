package redact

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/handshake"
	"github.com/barbhq/barb/store/record"
)

// ErrGone says that nobody can put back a piece of an exchange.
var ErrGone = errors.New("the history does not keep it, and the queue no longer does")

// Whole returns the exchange as it came, to the byte, or says why it cannot: an ErrGone is for ever, any other error is
// for want of a secret. The masks of x should have the pieces that the queue keeps of it; see store.Store.Pieces. x
// stays as it is.
func (r *Redactor) Whole(x *record.Exchange) (*record.Exchange, error) {
	if len(x.Masks) == 0 {
		return r.RestoreOld(x)
	}
	came, missing := r.Restore(x)
	switch {
	case len(missing) == 0:
		return came, nil
	case slices.ContainsFunc(missing, func(m Missing) bool { return m.Mask.Proof == "" }):
		return nil, fmt.Errorf("it came with %s: %w", strings.Join(Names(missing), ", "), ErrGone)
	}
	return nil, fmt.Errorf("%s, and the history does not keep it", missing[0].Why)
}

// Names returns the names of what is missing, each once: "header Cookie".
func Names(missing []Missing) []string {
	var x record.Exchange
	for _, m := range missing {
		x.Masks = append(x.Masks, m.Mask)
	}
	return x.Masked()
}

// IsMasked reports whether the history keeps less of a request than came.
func (r *Redactor) IsMasked(x *record.Exchange) bool {
	return r.IsMaskedOld(x) || slices.ContainsFunc(x.Masks,
		func(m record.Mask) bool { return !strings.HasPrefix(m.Part, answerName) })
}

// IsMaskedOld reports whether a barb before schema 8 put the placeholder in the place of the exchange's secret, which
// did not note what it replaced.
func (r *Redactor) IsMaskedOld(x *record.Exchange) bool {
	scheme, ok := r.scheme(x.Scheme)
	if !ok || scheme.Auth != sign.Token || len(x.Masks) > 0 {
		return false
	}
	m := sign.Message{Header: x.Request.Header.HTTP(), Body: x.Request.Body, URL: x.Request.URL}
	return strings.Contains(scheme.Signature(m), Placeholder)
}

// Unsigned returns the names of what the history does not keep of an exchange and what may be a part of its signature
// under a scheme; without them the signature cannot be checked again. Credentials that the scheme does not sign do not
// matter.
func (r *Redactor) Unsigned(x *record.Exchange, scheme string) []string {
	if !r.IsMasked(x) {
		return nil
	}
	names := slices.DeleteFunc(x.Masked(), func(name string) bool { return strings.HasPrefix(name, "response ") })
	s, known := r.scheme(scheme)
	if !known || s.Auth == sign.Token || s.JWT != nil || s.Code != "" || strings.Contains(s.Content, "{header.") {
		return names
	}
	signed := append([]string{s.Header}, s.Alt...)
	for _, place := range []sign.Place{s.IDIn, s.Time.In, s.Nonce, s.EventIn} {
		signed = append(signed, strings.TrimPrefix(string(place), "header:"))
	}
	return slices.DeleteFunc(names, func(name string) bool {
		header, ok := strings.CutPrefix(name, "header ")
		return ok && !slices.ContainsFunc(signed, func(s string) bool { return strings.EqualFold(s, header) })
	})
}

// learntIn returns the secret that a received handshake brings, and the header or "json:PATH" where it stands.
func learntIn(x *record.Exchange) (secret sign.Secret, at string, ok bool) {
	if x.Handshake == "" {
		return secret, "", false
	}
	h, _ := handshake.Lookup(x.Handshake)
	r := &x.Request
	secret, ok = h.Learnt(sign.Message{Method: r.Method, URL: r.URL, Header: r.Header.HTTP(), Body: r.Body})
	for _, step := range h.Steps {
		if step.Learns != "" {
			at = strings.TrimPrefix(string(step.Learns), "header:")
		}
	}
	return secret, at, ok
}
