package payload

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// Content makes the payload of each message of a run, from a sample event, a payload, or the events of a list. It is
// safe for concurrent use, and the same number gives the same payload.
type Content struct {
	Sample  *fixture.Event // nil: no sample event
	Scheme  sign.Scheme    // of the sample, for messages that are not signed
	Draft   *fixture.Draft // of the sample or the payload; nil for the events of a list
	Changes []Change
	// Values are the input of templates. Env is for the values of changes, and for the draft only with MayReadEnv.
	Values     fixture.Values
	MayReadEnv bool
	Type       string        // the Content-Type; "": guessed for each event of a list
	Given      record.Header // precedes the headers of a sample
	KeepID     bool          // the webhook id of an exchange stays, whatever its payload holds
	Edited     []byte        // the payload of every message after editing by hand; nil: not edited
}

// Error is the error for a payload that cannot be made.
type Error struct {
	What string // the part that is wrong
	Err  error
}

// Error names the part, then the cause.
func (e *Error) Error() string { return e.What + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// IsConstant reports whether every message has the same payload.
func (c *Content) IsConstant() bool {
	varies := slices.ContainsFunc(c.Changes, func(one Change) bool { return !one.value.Constant() })
	return c.Edited != nil || c.Draft.Constant() && !varies
}

// Message makes the payload of message n, the first being 1. The error is an *Error or a *ChangeError.
func (c *Content) Message(n int) (fixture.Payload, error) {
	v := c.Values
	v.Number = n
	if !c.MayReadEnv {
		v.Env = nil
	}
	p, err := c.Draft.Render(v)
	if err != nil {
		return p, &Error{"the payload", err}
	}
	v.Env = c.Values.Env
	if p.Body, err = Apply(c.Changes, p.Body, c.Type, v); err != nil {
		return p, err
	}
	if c.Edited != nil {
		p.Body = c.Edited
	}
	return p, nil
}

// Digest returns a digest of the payload that does not depend on the time.
func (c *Content) Digest() (string, error) {
	fixed := *c
	fixed.Values.Now = time.Unix(0, 0).UTC()
	p, err := fixed.Message(1)
	sum := sha256.Sum256(p.Body)
	return hex.EncodeToString(sum[:]), err
}

// Print returns a digest of what all messages have in common: the given headers, the payload of the first message and
// what is set in each, as they are at a moment.
func (c *Content) Print(now time.Time) (string, error) {
	at := *c
	at.Values.Now = now
	sum := sha256.New()
	for _, f := range c.Given {
		_, _ = fmt.Fprintf(sum, "%q %q\n", f.Name, f.Value) // never fails
	}
	for _, change := range c.Changes {
		value, err := change.value.Render(at.Values)
		if err != nil {
			return "", &ChangeError{Change: change.text, Err: err}
		}
		_, _ = fmt.Fprintf(sum, "%q %q\n", change.path, value)
	}
	if c.Draft == nil {
		return hex.EncodeToString(sum.Sum(nil)), nil
	}
	p, err := at.Message(1)
	_, _ = fmt.Fprintf(sum, "%q %q %q\n", p.ID, p.Header, p.Body)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// IsTimed reports whether the messages depend on the time.
func (c *Content) IsTimed() (bool, error) {
	early, err := c.Print(time.Unix(0, 0).UTC())
	if err != nil {
		return false, err
	}
	late, err := c.Print(time.Unix(0, 0).UTC().AddDate(1, 1, 1))
	return early != late, err
}

// Fill sets the body, the headers of a sample event, the webhook id and the event type of message n in x.
func (c *Content) Fill(x *record.Exchange, s *signer.Signer, n int) error {
	p, err := c.Message(n)
	if err != nil {
		return err
	}
	x.Request.Body = p.Body
	for _, f := range p.Header {
		if c.Given.Has(f.Name) {
			continue
		}
		if err := record.CheckField(record.Field(f)); err != nil {
			return &Error{fmt.Sprintf("%s:%s: header %s", c.Sample.Provider, c.Sample.Type, f.Name), err}
		}
		x.Request.Header = x.Request.Header.Set(f.Name, f.Value)
	}
	c.setNames(x, s, p.ID)
	return nil
}

// Take does the same for message n of a list, with the body of that event.
func (c *Content) Take(x *record.Exchange, s *signer.Signer, body []byte, n int) error {
	contentType := c.Type
	if contentType == "" && len(body) > 0 {
		contentType = GuessType(body)
	}
	v := c.Values
	v.Number = n
	body, err := Apply(c.Changes, body, contentType, v)
	if err != nil {
		return err
	}
	x.Request.Body = body
	if contentType != "" && !x.Request.Header.Has("Content-Type") {
		x.Request.Header = x.Request.Header.Set("Content-Type", contentType)
	}
	c.setNames(x, s, "")
	return nil
}

// setNames sets the webhook id and event type of x: those at the scheme's places in the payload, else those of the
// sample event. For an unsigned message it also sets their headers, which a signature would add.
func (c *Content) setNames(x *record.Exchange, s *signer.Signer, id string) {
	scheme := s.Scheme
	if !s.Signs() && c.Sample != nil {
		scheme = c.Scheme
	}
	m := sign.Message{Header: x.Request.Header.HTTP(), URL: x.Request.URL, Body: x.Request.Body}
	if !c.KeepID {
		x.WebhookID = cmp.Or(IDInBody(scheme, m), id, x.WebhookID)
	}
	if c.Sample == nil {
		s.Describe(x)
		return
	}
	x.EventType = ""
	s.Describe(x)
	x.EventType = cmp.Or(x.EventType, scheme.Event(m), c.Sample.EventName())
	if !s.Signs() {
		x.Request.Header = c.setHeader(x.Request.Header, scheme.IDIn, x.WebhookID)
		x.Request.Header = c.setHeader(x.Request.Header, scheme.EventIn, x.EventType)
	}
}

// setHeader sets a value in the scheme's header for it.
func (c *Content) setHeader(h record.Header, place sign.Place, value string) record.Header {
	name, inHeader := strings.CutPrefix(string(place), "header:")
	if !inHeader || c.Given.Has(name) {
		return h
	}
	return h.Set(name, value)
}

// IDInBody returns the webhook id in a payload, "" for a scheme with the id in a header.
func IDInBody(scheme sign.Scheme, m sign.Message) string {
	if strings.HasPrefix(string(scheme.IDIn), "header:") {
		return ""
	}
	return scheme.ID(m)
}

// GuessType returns the Content-Type that a body looks like.
func GuessType(body []byte) string {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(trimmed) > 0 && strings.IndexByte("{[", trimmed[0]) >= 0:
		return "application/json"
	case utf8.Valid(body):
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}
