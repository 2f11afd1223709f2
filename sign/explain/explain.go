// Package explain finds what would have made a signature match. It changes the message, the secret or the scheme in
// the ways they are known to go wrong, and asks package sign whether the signature matches then. What it claims it has
// verified; what is merely likely it says apart, as a hint. It is pure: no clock, no file, no network, no printing.
package explain

import (
	"context"
	"errors"
	"time"

	"github.com/barbhq/barb/sign"
)

// Question is a message whose signature was refused.
type Question struct {
	Scheme  sign.Scheme // as it was checked; the zero value when none fits
	Message sign.Message
	Secrets []sign.Secret
	// Others are secrets that are configured for something else and may have been meant.
	Others []Other
	Now    time.Time // what the check was judged by
	// Budget is how many bytes may be written and hashed, DefaultBudget when 0.
	Budget int64
}

// Other is a secret that is configured, but not for this message.
type Other struct {
	sign.Secret
	Endpoint string // of the receiver it belongs to: the path of its route; "" when it has none
}

// DefaultBudget covers every single change of a body of 1 MiB, some seconds of work. Callers that someone waits for set
// a deadline on the context besides.
const DefaultBudget int64 = 1 << 30

// Part is what was changed to make the signature match.
type Part string

// The parts.
const (
	Body    Part = "body"
	Secret  Part = "secret"
	Message Part = "message" // headers, URL, time, and how they are signed
)

// Answer is what was found.
type Answer struct {
	Causes []Cause // best first; none when nothing that was tried matches
	Hints  []Hint  // what the message itself shows to be odd; not proven
	Seen   []Seen  // headers that look like a signature, when the scheme's own is not there or not readable
	Tried  int     // changes that were checked
	Bytes  int64   // of bodies written and hashed for that
	Cut    bool    // not everything was tried: the budget was used up, the context ended, or the body is above 16 MiB
}

// Cause is a change under which the signature matches. The body at hand is what the receiver has; the changed one is
// what the sender signed.
type Cause struct {
	Kind Kind
	Also []Kind // further changes that were needed besides
	Part Part
	// Change completes "matches if …", Words says in a clause what must have happened.
	Change, Words string
	Difference    *Difference // nil when only the secret or the scheme differs
	Fix           []Fix       // none unless the body is what changed
	Scheme        string      // name of the scheme that matches
	Secret        string      // name of the secret that matches
	Proof         Proof
}

// Proof is a message that verifies, so that a cause can be checked.
type Proof struct {
	Scheme  sign.Scheme
	Message sign.Message
	Secret  sign.Secret
}

// Fix is what to do about a cause, for one framework.
type Fix struct{ Framework, Text string }

// Hint is something that goes wrong often and shows in the message, but cannot be proven from it.
type Hint struct {
	Kind  Kind
	Words string
	Fix   []Fix
}

// Seen is a header that carries something like a signature.
type Seen struct {
	Header  string
	Schemes []string // whose form it has; none when it has only the name of a signature
}

// Find looks for what would have made the signature match. It stops at the first change that does: two changes that
// both match would have to sign the same bytes. A valid message has no causes.
func Find(ctx context.Context, q Question) Answer {
	s := &search{ctx: ctx, budget: q.Budget, seen: map[uint64]bool{}, now: q.Now, body: q.Message.Body}
	if s.budget == 0 {
		s.budget = DefaultBudget
	}
	start := newTrial(q)
	var a Answer
	if len(q.Secrets) > 0 && q.Scheme.Name+q.Scheme.Header != "" {
		_, err := q.Scheme.Verify(q.Message, q.Now, q.Secrets...)
		if err == nil {
			return a
		}
		if late := timing(start, q, err); late != nil {
			a.Causes = []Cause{*late}
			return a
		}
		a.Seen = seen(q.Message, err)
	} else {
		a.Seen = seen(q.Message, &sign.Error{Reason: sign.MissingSignature})
	}
	if found := s.run(stages(start, q.Others)); found != nil {
		found.finish(q)
		a.Causes = []Cause{*found}
	} else {
		a.Hints = hints(q.Message)
	}
	a.Tried, a.Bytes, a.Cut = s.tried, s.spent, s.cut || len(a.Causes) == 0 && len(q.Message.Body) > maxBody
	return a
}

// reasonOf is the reason of a refusal, "" for another error.
func reasonOf(err error) sign.Reason {
	if e, ok := errors.AsType[*sign.Error](err); ok {
		return e.Reason
	}
	return ""
}
