// Package verifier checks a received request against its scheme. It finds no secret itself and keeps nothing.
package verifier

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

// Verifier checks messages against one scheme, or against the schemes that their headers show, with the secrets it
// holds. Its methods may be called from several goroutines at once.
type Verifier struct {
	Scheme    sign.Scheme  // the zero scheme with auto
	Auto      bool         // the headers of a message choose its scheme
	Schemes   *catalog.Set // that auto chooses from
	Secrets   []sign.Secret
	Params    map[string]string
	Tolerance *time.Duration // how old or how far ahead a timestamp may be; nil: the scheme's own rule
	Strict    bool           // refuse a signature that the provider's own SDK refuses for how it is written

	prepared *sign.Prepared // of Scheme and all Secrets; nil: the secrets are read for each message
}

// Prepare reads the secrets once for many messages. Nothing of v may change after it. Secrets that cannot be read
// are a Fault of each check, as they are without Prepare.
func (v *Verifier) Prepare() {
	if !v.Auto {
		v.prepared, _ = v.tolerant(v.Scheme).PrepareVerifying(v.Params, v.Secrets...)
	}
}

// tolerant returns a scheme with the tolerance that applies here.
func (v *Verifier) tolerant(scheme sign.Scheme) sign.Scheme {
	if v.Tolerance != nil {
		scheme.Tolerance = sign.Both(*v.Tolerance)
	}
	return scheme
}

// Result is the result of a check.
type Result struct {
	Verdict    record.Verdict
	Scheme     string        // the name of the scheme that the verdict is about, "" for none
	WebhookID  string        // as the scheme finds it in the message
	EventType  string        // as the scheme finds it in the message
	Detail     string        // why the message is refused, for a person
	CoversBody bool          // the signature covers the body
	Spelling   sign.Spelling // how a genuine signature is written where the provider's own SDK refuses that
	Secret     sign.Secret   // the one that matched, of a valid message
	genuine    bool          // the signature matched, although the message is refused
	Fault      error         // the secrets or parameters given cannot check this message; nil: they can
}

// Check verifies a message with the scheme that was named, or else with the strictest that the message and the secrets
// allow.
func (v *Verifier) Check(m sign.Message, now time.Time) Result {
	return v.CheckPinned(m, now, nil)
}

// CheckPinned is check where secrets are held to schemes: pinned has the name of the scheme that a secret verifies, by
// the secret's key. Only auto goes by it.
func (v *Verifier) CheckPinned(m sign.Message, now time.Time, pinned map[string]string) Result {
	m.Params = v.Params
	c := v.check(m, now, pinned)
	if c.Verdict.Status == record.Invalid && c.Verdict.Tried == "" {
		c.Verdict.Tried = namesOf(v.Secrets)
	}
	return c
}

// namesOf returns the references of secrets, for a person.
func namesOf(secrets []sign.Secret) string {
	names := make([]string, len(secrets))
	for i, secret := range secrets {
		names[i] = secret.Name
	}
	return strings.Join(names, ", ")
}

func (v *Verifier) check(m sign.Message, now time.Time, pinned map[string]string) Result {
	if !v.Auto {
		c := v.checkAll(m, now)
		c.WebhookID, c.EventType = v.Scheme.ID(m), v.Scheme.Event(m)
		return c
	}
	m.Sums = new(sign.Sums)
	a := &autoCheck{Verifier: v, message: m, now: now, pinned: pinned}
	c := a.run()
	// only for the scheme that is reported: ID and Event may read the whole body
	if scheme, ok := v.Schemes.Lookup(c.Scheme); ok {
		c.WebhookID, c.EventType = scheme.ID(m), scheme.Event(m)
	}
	return c
}

// checkAll verifies a message with the scheme that was named and all secrets.
func (v *Verifier) checkAll(m sign.Message, now time.Time) Result {
	if v.prepared == nil {
		return v.checkWith(v.Scheme, m, now, v.Secrets)
	}
	match, err := v.prepared.Verify(m, now)
	return v.result(&v.Scheme, match, err, v.Secrets)
}

// checkWith verifies a message with one scheme and some of the secrets.
func (v *Verifier) checkWith(scheme sign.Scheme, m sign.Message, now time.Time, secrets []sign.Secret) Result {
	match, err := v.tolerant(scheme).Verify(m, now, secrets...)
	return v.result(&scheme, match, err, secrets)
}

// result is what a scheme said of a message.
func (v *Verifier) result(scheme *sign.Scheme, match sign.Match, err error, secrets []sign.Secret) Result {
	c := Result{Scheme: scheme.Name, CoversBody: scheme.CoversBody()}
	if err == nil {
		c.CoversBody, c.Secret = !match.BodyUnsigned, secrets[match.Secret]
		c.Verdict = record.Verdict{Status: record.Valid, Version: match.Version, Secret: match.SecretName,
			Age: match.Age, HasAge: match.HasAge}
		c.Spelling = match.Spelling
		if v.Strict && c.Spelling != "" {
			c.Verdict.Status, c.Verdict.Reason, c.Verdict.Secret = record.Invalid, string(sign.WrongSpelling), ""
			c.Verdict.Tried = match.SecretName
			c.Detail = "the signature is genuine, but the provider's SDK rejects " + c.Spelling.Words()
		}
		return c
	}
	c.Verdict.Status, c.Verdict.Tried = record.Invalid, cmp.Or(match.SecretName, namesOf(secrets))
	e, ok := errors.AsType[*sign.Error](err)
	if !ok {
		c.Fault = err // of reading the payload
		return c
	}
	c.Verdict.Reason, c.Detail = string(e.Reason), e.Detail
	c.Verdict.Version, c.Verdict.Age, c.Verdict.HasAge = match.Version, match.Age, match.HasAge
	c.genuine = match.SecretName != ""
	switch e.Reason {
	case sign.EmptySecret, sign.WrongKeyForm, sign.MissingURL, sign.MissingParam: // of what was given, not of the message
		c.Fault = err
	}
	return c
}
