package commands

import (
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// longestUnderAuto is how old a message of a scheme that takes any age may be where the sender's header has chosen the scheme.
// A scheme that was named keeps its own rule.
const longestUnderAuto = 5 * time.Minute

// checkPinned is check where secrets may be pinned: pinned has the scheme for a secret's key.
func (v *verifier) checkPinned(m sign.Message, now time.Time, pinned map[string]string) checked {
	m.Params = v.params
	if !v.auto {
		c := v.checkWith(v.scheme, m, now, v.secrets)
		c.WebhookID, c.EventType = v.scheme.ID(m), v.scheme.Event(m)
		return c
	}
	m.Sums = new(sign.Sums)
	a := &autoCheck{verifier: v, message: m, now: now, pinned: pinned}
	c := a.run()
	if scheme, ok := v.file.scheme(c.Scheme); ok { // for the scheme that is reported alone: both may read the whole body
		c.WebhookID, c.EventType = scheme.ID(m), scheme.Event(m)
	}
	return c
}

// autoCheck is one check of a message whose scheme was not named. The secrets decide which schemes may be tried, and of these
// the strictest that the message shows comes first: a sender must not choose a weaker one than its message has.
type autoCheck struct {
	*verifier
	message sign.Message
	now     time.Time
	pinned  map[string]string

	best    *checked // what a message that no scheme accepts is refused with
	tried   []string
	passed  []string // schemes that were not tried beside a timestamped one
	isTimed bool     // a scheme with a timestamp reads the message
	isToken bool     // a token in the message is a scheme's, which refuses the message
}

func (a *autoCheck) run() checked {
	candidates := sign.Detect(a.message, a.file.ownSchemes()...)
	if len(candidates) == 0 { // nothing has the form of a signature; a header's name still says what is malformed
		candidates = slices.DeleteFunc(a.file.schemes(), func(s sign.Scheme) bool { return a.message.Header.Get(s.Header) == "" })
	}
	sign.Strictest(a.message, candidates)
	for _, scheme := range candidates {
		if c := a.try(scheme); c.Verdict.Status == record.Valid || c.Verdict.Reason == string(sign.WrongSpelling) {
			return c // a genuine one is not tried as a less strict provider's
		}
	}
	if a.best == nil {
		return checked{Verdict: record.Verdict{Status: record.Invalid, Reason: string(sign.MissingSignature)},
			detail: "no header of a known scheme", coversBody: true}
	}
	if len(a.tried) > 1 {
		a.best.detail += " (tried " + strings.Join(a.tried, ", ") + ")"
	}
	if len(a.passed) > 0 && a.best.Verdict.Reason != string(sign.WeakerSignature) { // which names what to type itself
		a.best.detail += " (not tried beside a signed timestamp: " + strings.Join(a.passed, ", ") + "; -s " + a.passed[0] + " asks for it)"
	}
	return *a.best
}

// try checks the message with one scheme.
func (a *autoCheck) try(scheme sign.Scheme) checked {
	free, held := a.secretsFor(scheme)
	timed := scheme.Timed()
	switch {
	case a.isToken && scheme.JWT != nil: // which asks less of the token
		return checked{}
	case len(free)+len(held) == 0: // says which form of secret the scheme needs
		return a.note(a.checkWith(scheme, a.message, a.now, a.secrets))
	case a.isTimed && !timed:
		a.passed = append(a.passed, scheme.Name)
		return checked{}
	}
	a.tried = append(a.tried, scheme.Name)
	a.isTimed = a.isTimed || timed && scheme.ShowsTime(a.message)
	c := checked{}
	if len(free) > 0 {
		if c = a.checkFree(scheme, free); c.Verdict.Status == record.Valid {
			return c
		}
	}
	if len(held) > 0 && c.Verdict.Reason != string(sign.WeakerSignature) {
		c = a.checkHeld(scheme, held)
	}
	a.isToken = a.isToken || scheme.JWT != nil && (c.genuine || c.Verdict.Reason == string(sign.MissingParam))
	return a.note(c)
}

// checkFree checks with the secrets that may verify the scheme.
func (a *autoCheck) checkFree(scheme sign.Scheme, secrets []sign.Secret) checked {
	isPinned := slices.ContainsFunc(secrets, func(s sign.Secret) bool { return a.pinned[string(s.Key)] == scheme.Name })
	if scheme.Outlasts() && !isPinned {
		scheme.Tolerance.Past = longestUnderAuto
	}
	c := a.checkWith(scheme, a.message, a.now, secrets)
	if c.Verdict.Status != record.Valid {
		return c
	}
	takes := ", -s " + scheme.Name + " takes it"
	if from, moved := scheme.MovedFrom(a.message, a.now, a.file.schemes()); moved {
		return weaker(c, "what "+scheme.Name+" signs here has the form of what "+from.Name+
			" signs, with a timestamp that nothing would judge; if it is no captured one"+takes)
	}
	if why := scheme.Ambiguous(a.message); why != "" {
		return weaker(c, "it may be cut from a webhook of another scheme: "+why+"; if it is not"+takes)
	}
	if isLoose(scheme, c, a.message) {
		return weaker(c, "the token says nothing of this body, so that one made for anything else would pass; if it is a webhook's"+takes)
	}
	return c
}

// isLoose reports whether a valid message comes with a token that is bound neither to its body nor to its URL. Applications make
// such tokens with a shared secret for other purposes, to let a participant into a room for hours, and give them away.
func isLoose(s sign.Scheme, c checked, m sign.Message) bool {
	return s.JWT != nil && s.Auth == sign.HMAC && s.JWT.URL == "" && !c.coversBody && (s.JWT.Body == "" || len(m.Body) > 0)
}

// checkHeld tells a message that is signed with a secret which is pinned to another scheme from a forgery.
func (a *autoCheck) checkHeld(scheme sign.Scheme, secrets []sign.Secret) checked {
	c := a.checkWith(scheme, a.message, a.now, secrets)
	if c.Verdict.Status != record.Valid {
		return c
	}
	return weaker(c, "secret "+c.Verdict.Secret+" verifies "+a.pinned[string(c.secret.Key)]+" on this route; -s "+scheme.Name+" takes it, and barb prune --pins forgets what secrets have verified")
}

func weaker(c checked, detail string) checked {
	c.Verdict = record.Verdict{Status: record.Invalid, Reason: string(sign.WeakerSignature)}
	c.detail = detail
	return c
}

// note keeps what the refusal is reported with: of what was tried the first, but that a signature matched says more, and that no
// secret has the form of the scheme says less.
func (a *autoCheck) note(c checked) checked {
	rank := func(c *checked) int {
		switch {
		case c.Verdict.Reason == string(sign.WeakerSignature):
			return 2
		case c.Verdict.Reason == string(sign.WrongKeyForm):
			return 0
		}
		return 1
	}
	if a.best == nil || rank(&c) > rank(a.best) {
		a.best = &c
	}
	return c
}

// secretsFor are the secrets that have the form of the scheme's keys: those that may verify it, and those that are held to
// another scheme which is as strict, or stricter.
func (a *autoCheck) secretsFor(scheme sign.Scheme) (free, held []sign.Secret) {
	for _, secret := range a.secrets {
		if scheme.CheckSecret(secret, false) != nil {
			continue
		}
		name := a.pinned[string(secret.Key)]
		pin, known := a.file.scheme(name)
		if name == "" || name == scheme.Name || !known || scheme.Stricter(pin) { // a scheme that is no more verifies nothing
			free = append(free, secret)
		} else {
			held = append(held, secret)
		}
	}
	return free, held
}
