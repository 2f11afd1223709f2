// Package signer signs a request on its way out. Its caller resolves the secrets, and masks them in what is stored.
package signer

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// Signer signs requests with one scheme. The zero value signs nothing, and gives each exchange a webhook id. It is safe
// for concurrent use.
type Signer struct {
	Scheme  sign.Scheme
	Secrets []sign.Secret     // none: nothing is signed
	Params  map[string]string // signed values that are not in the request
	UUIDs   bool              // new webhook ids are plain UUIDs
	IDField string            // the header for the webhook id of unsigned requests; "": none

	prepared *sign.Prepared // nil: the secrets are read for each request
}

// Prepare reads the secrets once for many requests. Nothing of s may change after it. The error is an *Error.
func (s *Signer) Prepare() (err error) {
	if !s.Signs() {
		return nil
	}
	if s.prepared, err = s.Scheme.PrepareSigning(s.Params, s.Secrets...); err != nil {
		return &Error{s.Scheme, err}
	}
	return nil
}

// Error says why a request cannot be signed: its scheme lacks a value, or cannot use the secret.
type Error struct {
	Scheme sign.Scheme
	Err    error
}

// Error returns the reason for people.
func (e *Error) Error() string {
	if reason, ok := errors.AsType[*sign.Error](e.Err); ok && reason.Detail != "" {
		return reason.Detail
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Signs reports whether requests are signed.
func (s *Signer) Signs() bool { return len(s.Secrets) > 0 }

// Describe sets the scheme, the webhook id and the event type of an exchange. Present values stay; others come from the
// scheme's places in the request. If there is no id, Describe makes one.
func (s *Signer) Describe(x *record.Exchange) {
	if s.Signs() {
		x.Scheme = s.Scheme.Name
		// The signature is valid because it is about to be made.
		x.Verdict = record.Verdict{Status: record.Valid, Version: s.Scheme.Version(), Secret: s.Secrets[0].Name}
		if x.WebhookID == "" || x.EventType == "" {
			m := s.message(x, time.Time{}, &x.Request)
			m.Header = x.Request.Header.HTTP()
			x.WebhookID = cmp.Or(x.WebhookID, s.Scheme.ID(m))
			x.EventType = cmp.Or(x.EventType, s.Scheme.Event(m))
		}
	}
	switch {
	case x.WebhookID != "":
	case s.UUIDs:
		x.WebhookID = uuid.Must(uuid.NewV7()).String()
	default:
		x.WebhookID = NewID()
	}
}

// NewID returns a new webhook id: msg_ and a UUIDv7 (RFC 9562, section 5.7) without its dashes, which sorts by time.
func NewID() string {
	return "msg_" + strings.ReplaceAll(uuid.Must(uuid.NewV7()).String(), "-", "")
}

// Sign signs the request of an exchange. The error is an *Error.
func (s *Signer) Sign(x *record.Exchange, now time.Time) error {
	x.Request.Header = slices.Clone(x.Request.Header)
	return s.SignRequest(x, now, &x.Request)
}

// Try signs a copy of the request, to find an unusable secret or payload before anything is sent.
func (s *Signer) Try(x *record.Exchange, now time.Time) error {
	r := x.Request
	r.Header = slices.Clone(r.Header)
	return s.SignRequest(x, now, &r)
}

// ForAttempt returns the function that signs each attempt of x (see deliver.Sender.Sign), nil without secrets.
func (s *Signer) ForAttempt(x *record.Exchange) func(time.Time, *record.Request) error {
	if !s.Signs() && s.IDField == "" {
		return nil
	}
	return func(now time.Time, r *record.Request) error { return s.SignRequest(x, now, r) }
}

// SignRequest signs r, a request of the exchange x. It writes into the header of r, which must belong to r alone.
func (s *Signer) SignRequest(x *record.Exchange, now time.Time, r *record.Request) error {
	if !s.Signs() {
		if s.IDField != "" {
			r.Header = r.Header.Set(s.IDField, x.WebhookID)
		}
		return nil
	}
	signed, err := s.sign(s.message(x, now, r))
	if err != nil {
		return &Error{s.Scheme, err}
	}
	for _, f := range signed.Fields {
		r.Header = r.Header.SetInPlace(record.Field(f))
	}
	if signed.URL != "" {
		r.URL, r.Target = signed.URL, ""
	}
	if signed.Body != nil && !s.carriesToken(r) {
		r.Body = signed.Body
		if r.Header.Has("Content-Length") {
			r.Header = r.Header.Set("Content-Length", strconv.Itoa(len(r.Body)))
		}
	}
	return nil
}

func (s *Signer) sign(m sign.Message) (sign.Signed, error) {
	if s.prepared != nil {
		return s.prepared.Sign(m)
	}
	return s.Scheme.Sign(m, s.Secrets...)
}

// message returns a request for package sign. It has the header only for a scheme that signs other headers, since
// making the map takes half the time of signing.
func (s *Signer) message(x *record.Exchange, now time.Time, r *record.Request) sign.Message {
	m := sign.Message{ID: x.WebhookID, Event: x.EventType, Time: now, Method: r.Method, URL: r.URL, Body: r.Body,
		Params: s.Params}
	if s.Scheme.Code != "" || s.Scheme.Nonce != "" || strings.Contains(s.Scheme.Content, "{header.") {
		m.Header = r.Header.HTTP()
	}
	return m
}

// carriesToken reports whether the body already holds the secret, however JSON spells it. Such a body stays as it is.
func (s *Signer) carriesToken(r *record.Request) bool {
	m := sign.Message{Header: r.Header.HTTP(), URL: r.URL, Body: r.Body}
	return s.Scheme.Auth == sign.Token && s.Scheme.Signature(m) == string(s.Secrets[0].Key)
}
