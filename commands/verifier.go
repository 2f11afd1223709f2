package commands

import (
	"context"
	"errors"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// verifier checks messages against one scheme, or whichever the headers show, with the secrets it holds.
type verifier struct {
	scheme    sign.Scheme // zero when auto
	auto      bool
	file      *configFile // whose own schemes auto tries too
	secrets   []sign.Secret
	params    map[string]string
	tolerance *time.Duration
	strict    bool // what the provider's own SDK refuses for its spelling is invalid
}

type verifierOptions struct {
	schemeFlags
	path      string        // of the request, to find a route; "" when not known
	route     *route        // when the route is known already
	message   *sign.Message // that is to be checked, when it is known already
	learns    bool          // a scheme whose handshake brings the secret may begin without one
	tolerance *time.Duration
	strict    bool
}

// verifier makes a verifier; nil when there is neither a scheme nor a secret to check with.
func (sh *shell) verifier(ctx context.Context, o verifierOptions) (*verifier, error) {
	file, err := sh.configuration()
	if err != nil {
		return nil, err
	}
	r := o.route
	if r == nil {
		file.rename(&o.scheme)
		r = file.routeOf(o.scheme, o.path)
	}
	name := o.scheme
	if name == "" && r != nil {
		name = r.Scheme
	}
	refs := sh.secretRefs(o.secrets, r)
	if name == "" && len(refs) == 0 {
		return nil, nil
	}
	v := &verifier{file: file, tolerance: o.tolerance, strict: o.strict, auto: name == "" || name == "auto"}
	if v.params, err = o.paramMap(r); err != nil {
		return nil, err
	}
	if !v.auto {
		if v.scheme, err = file.lookupScheme(name); err != nil {
			return nil, err
		}
		if v.scheme, err = v.scheme.WithParams(v.params); err != nil {
			return nil, err
		}
		if err = v.scheme.CheckParams(v.params); err != nil {
			return nil, err
		}
		sh.warnOfScheme(v)
		if o.learns && len(refs) == 0 && learnsSecret(v.scheme) {
			return v, nil
		}
		v.secrets, err = sh.schemeSecrets(ctx, v.scheme, o.secrets, r, false)
		return v, err
	}
	if len(refs) == 0 {
		return nil, fail.Usage("scheme auto needs a secret").Hint(referenceHelp)
	}
	if v.secrets, err = sh.secrets(ctx, refs); err != nil {
		return nil, err
	}
	for _, secret := range v.secrets {
		if secret.Kind() == sign.UnknownKey {
			return nil, sh.unknownKey(secret, o, r)
		}
		if len(secret.Key) < 16 {
			sh.warn("secret %s is shorter than 16 bytes: it can be guessed", secret.Name)
		}
	}
	return v, err
}

// warnOfScheme says what a message that verifies does not prove: whose it is, and of an own scheme what its row admits.
func (sh *shell) warnOfScheme(v *verifier) {
	if text := v.scheme.Unbound(v.params); text != "" {
		sh.warn("%s", text)
	}
	source := v.file.sourceOf(v.scheme.Name)
	if source == "" {
		return
	}
	for _, text := range v.scheme.Weaknesses() {
		sh.warn("%s: scheme.%s: %s", source, v.scheme.Name, text)
	}
}

// checked is the result of a check. fault is set when the caller gave something that cannot be checked with.
type checked struct {
	Verdict    record.Verdict
	Scheme     string
	WebhookID  string
	EventType  string
	detail     string
	coversBody bool
	spelling   sign.Spelling // of a genuine message, which the provider's own SDK refuses
	secret     sign.Secret   // that matched, of a valid message
	genuine    bool          // the signature matched, although the message is refused
	fault      error
}

// check verifies a message with the scheme that was named, or with the strictest that the message and the secrets allow.
func (v *verifier) check(m sign.Message, now time.Time) checked {
	return v.checkPinned(m, now, nil)
}

func (v *verifier) checkWith(scheme sign.Scheme, m sign.Message, now time.Time, secrets []sign.Secret) checked {
	if v.tolerance != nil {
		scheme.Tolerance = sign.Both(*v.tolerance)
	}
	c := checked{Scheme: scheme.Name, coversBody: scheme.CoversBody()}
	match, err := scheme.Verify(m, now, secrets...)
	if err == nil {
		c.coversBody, c.secret = !match.BodyUnsigned, secrets[match.Secret]
		c.Verdict = record.Verdict{Status: record.Valid, Version: match.Version, Secret: match.SecretName, Age: match.Age, HasAge: match.HasAge}
		c.spelling = match.Spelling
		if v.strict && c.spelling != "" {
			c.Verdict.Status, c.Verdict.Reason, c.Verdict.Secret = record.Invalid, string(sign.WrongSpelling), ""
			c.detail = "the signature is genuine, but the provider's SDK refuses " + c.spelling.Words()
		}
		return c
	}
	c.Verdict.Status = record.Invalid
	e, ok := errors.AsType[*sign.Error](err)
	if !ok {
		c.fault = err // reading the payload
		return c
	}
	c.Verdict.Reason, c.detail = string(e.Reason), e.Detail
	c.Verdict.Version, c.Verdict.Age, c.Verdict.HasAge, c.genuine = match.Version, match.Age, match.HasAge, match.SecretName != ""
	if isCallersFault(e.Reason) {
		c.fault = err
	}
	return c
}

// isCallersFault tells what the one who checks gave wrongly from what the message fails by.
func isCallersFault(r sign.Reason) bool {
	switch r {
	case sign.EmptySecret, sign.WrongKeyForm, sign.MissingURL, sign.MissingParam:
		return true
	}
	return false
}
