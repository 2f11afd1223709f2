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

// ErrGone says that a piece of an exchange is lost for ever.
var ErrGone = errors.New("it is not in the history and no longer in the queue")

// Whole returns the exchange with all masked pieces restored. The error is ErrGone for a lost piece; any other error
// means a missing secret. The masks of x should have the pieces of the queue, see store.Store.Pieces. x is not changed.
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
	return nil, fmt.Errorf("%s, and the history does not store it", missing[0].Why)
}

// Names returns the distinct names of the missing pieces: "header Cookie".
func Names(missing []Missing) []string {
	var x record.Exchange
	for _, m := range missing {
		x.Masks = append(x.Masks, m.Mask)
	}
	return x.Masked()
}

// IsMasked reports whether a part of the request is masked.
func (r *Redactor) IsMasked(x *record.Exchange) bool {
	return r.IsMaskedOld(x) || slices.ContainsFunc(x.Masks,
		func(m record.Mask) bool { return !strings.HasPrefix(m.Part, answerName) })
}

// IsMaskedOld reports whether barb before schema 8 masked the exchange's secret, without noting what it replaced.
func (r *Redactor) IsMaskedOld(x *record.Exchange) bool {
	if len(x.Masks) > 0 || r.carrier(x.Scheme) == nil {
		return false
	}
	scheme, _ := r.scheme(x.Scheme)
	m := sign.Message{Header: x.Request.Header.HTTP(), Body: x.Request.Body, URL: x.Request.URL}
	return strings.Contains(scheme.Signature(m), Placeholder)
}

// Unsigned returns the names of the masked pieces that may be part of the exchange's signature under a scheme; without
// them the signature cannot be checked again. Credentials that the scheme does not sign are left out.
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

// learntIn returns the secret that a received handshake brings, and its header or "json:PATH".
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
