package verifier

import (
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/proof"
	"github.com/barbhq/barb/store/record"
)

// longestUnderAuto is how old a message may be under auto when its scheme takes any age, because the sender's header
// has chosen that scheme. A scheme that was named keeps its own rule.
const longestUnderAuto = 5 * time.Minute

// autoCheck is one check of a message whose scheme was not named. The secrets decide which schemes may be tried. The
// strictest of them that the message shows is tried first, so that a sender cannot choose a weaker scheme than its
// message has.
type autoCheck struct {
	*Verifier
	message sign.Message
	now     time.Time
	pinned  map[string]string

	best    *Result  // the refusal that is reported when no scheme accepts the message
	tried   []string // names of schemes
	passed  []string // names of schemes that were not tried because one with a timestamp reads the message
	isTimed bool     // a scheme with a timestamp reads the message
	isToken bool     // the message has a token of a scheme that refuses it
}

// run tries the schemes that the message shows, the strictest first.
func (a *autoCheck) run() Result {
	candidates := a.Schemes.Detect(a.message)
	if len(candidates) == 0 { // nothing has the form of a signature, but a header's name still says which one is malformed
		candidates = slices.DeleteFunc(a.Schemes.All(),
			func(s sign.Scheme) bool { return a.message.Header.Get(s.Header) == "" })
	}
	proof.Strictest(a.message, candidates)
	for _, scheme := range candidates {
		if c := a.try(scheme); c.Verdict.Status == record.Valid || c.Verdict.Reason == string(sign.WrongSpelling) {
			return c // a genuine message is not tried as a less strict provider's
		}
	}
	if a.best == nil {
		return Result{Verdict: record.Verdict{Status: record.Invalid, Reason: string(sign.MissingSignature)},
			Detail: "no signature header of a known scheme", CoversBody: true}
	}
	if len(a.tried) > 1 {
		a.best.Detail += " (tried " + strings.Join(a.tried, ", ") + ")"
	}
	if len(a.passed) > 0 && a.best.Verdict.Reason != string(sign.WeakerSignature) { // that one says itself what to type
		a.best.Detail += " (not tried, because the webhook has a signed timestamp: " + strings.Join(a.passed, ", ") +
			"; -s " + a.passed[0] + " checks it)"
	}
	return *a.best
}

// try checks the message with one scheme.
func (a *autoCheck) try(scheme sign.Scheme) Result {
	free, held := a.secretsFor(scheme)
	timed := scheme.Timed()
	switch {
	case a.isToken && scheme.JWT != nil: // this scheme asks less of the token
		return Result{}
	case len(free)+len(held) == 0: // the refusal says which form of secret the scheme needs
		return a.note(a.checkWith(scheme, a.message, a.now, a.Secrets))
	case a.isTimed && !timed:
		a.passed = append(a.passed, scheme.Name)
		return Result{}
	}
	a.tried = append(a.tried, scheme.Name)
	a.isTimed = a.isTimed || timed && scheme.ShowsTime(a.message)
	c := Result{}
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
func (a *autoCheck) checkFree(scheme sign.Scheme, secrets []sign.Secret) Result {
	isPinned := slices.ContainsFunc(secrets, func(s sign.Secret) bool { return a.pinned[string(s.Key)] == scheme.Name })
	if scheme.Outlasts() && !isPinned {
		scheme.Tolerance.Past = longestUnderAuto
	}
	c := a.checkWith(scheme, a.message, a.now, secrets)
	if c.Verdict.Status != record.Valid {
		return c
	}
	takes := ", -s " + scheme.Name + " accepts it"
	if from, moved := proof.MovedFrom(scheme, a.message, a.now, a.Schemes.All()); moved {
		return weaker(c, "the content that "+scheme.Name+" signs here has the form of what "+from.Name+
			" signs, with a timestamp that nothing would check; if it is not a captured webhook"+takes)
	}
	if why := scheme.Ambiguous(a.message); why != "" {
		return weaker(c, "it may be a part of another scheme's webhook: "+why+"; if it is not"+takes)
	}
	if isLoose(scheme, c, a.message) {
		return weaker(c, "the token does not cover this body, so a token made for any other purpose would pass; "+
			"if it is a webhook's"+takes)
	}
	return c
}

// isLoose reports whether a valid message has a token that is bound neither to its body nor to its URL. Applications
// make such tokens with the same secret for other purposes, such as letting somebody into a room for hours, and give
// them away.
func isLoose(s sign.Scheme, c Result, m sign.Message) bool {
	return s.JWT != nil && s.Auth == sign.HMAC && s.JWT.URL == "" && !c.CoversBody && (s.JWT.Body == "" || len(m.Body) > 0)
}

// checkHeld checks with secrets that are pinned to another scheme. A match is refused, but reported as that and not as
// a forgery.
func (a *autoCheck) checkHeld(scheme sign.Scheme, secrets []sign.Secret) Result {
	c := a.checkWith(scheme, a.message, a.now, secrets)
	if c.Verdict.Status != record.Valid {
		return c
	}
	return weaker(c, "secret "+c.Verdict.Secret+" verifies "+a.pinned[string(c.Secret.Key)]+
		" on this route; -s "+scheme.Name+" accepts it; barb prune --pins forgets which scheme each secret verified")
}

// weaker refuses a message whose signature matched, since its scheme proves too little.
func weaker(c Result, detail string) Result {
	c.Verdict = record.Verdict{Status: record.Invalid, Reason: string(sign.WeakerSignature)}
	c.Detail = detail
	return c
}

// note keeps the refusal to report. That is the first one, but a signature that matched goes before it, and any other
// refusal goes before one for the form of the secret.
func (a *autoCheck) note(c Result) Result {
	rank := func(c *Result) int {
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

// secretsFor returns the secrets that have the form of the scheme's keys: free are those that may verify it, held are
// those that are pinned to another scheme which is as strict or stricter.
func (a *autoCheck) secretsFor(scheme sign.Scheme) (free, held []sign.Secret) {
	for _, secret := range a.Secrets {
		if scheme.CheckSecret(secret, false) != nil {
			continue
		}
		name := a.pinned[string(secret.Key)]
		pin, known := a.Schemes.Lookup(name)
		// a scheme that is gone verifies nothing
		if name == "" || name == scheme.Name || !known || proof.Stricter(scheme, pin) {
			free = append(free, secret)
		} else {
			held = append(held, secret)
		}
	}
	return free, held
}
