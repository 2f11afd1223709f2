// Package explain finds what would have made a signature match. It changes the message, the secret or the scheme in
// known ways and checks the signature again with package sign. A cause is always verified; an unproven suspicion is a
// hint. It is pure: no clock, no file, no network, no printing.
package explain

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"time"

	"github.com/barbhq/barb/sign"
)

// Question is a message whose signature was refused.
type Question struct {
	Scheme  sign.Scheme // the scheme of the check; the zero value when none fits
	Message sign.Message
	Secrets []sign.Secret
	// Others are secrets that are configured for something else and may have been meant.
	Others []Other
	// Framework is the web framework that the receiver is known to use, by the name of its Fix; "" when it is not known.
	Framework string
	Now       time.Time // the time of the check
	// Budget is how many bytes may be written and hashed, DefaultBudget when 0.
	Budget int64
}

// Other is a secret that is configured for something else.
type Other struct {
	sign.Secret
	Endpoint string // path of the route that it belongs to; "" without a route
}

// DefaultBudget covers every single change of a body of 1 MiB, some seconds of work. Interactive callers also set a
// deadline on the context.
const DefaultBudget int64 = 1 << 30

// Part is the part whose change makes the signature match.
type Part string

// The parts.
const (
	Body    Part = "body"
	Secret  Part = "secret"
	Message Part = "message" // headers, URL, time, and how they are signed
)

// Answer is the result of Find.
type Answer struct {
	Causes []Cause // best first; none when no change makes the signature match
	Hints  []Hint  // oddities of the message; not proven
	Seen   []Seen  // headers that look like a signature, when the scheme's own is missing or malformed
	// Absent says that nothing looks like a signature: there is no cause and no header in Seen.
	Absent bool
	Scheme sign.Scheme // the scheme of the check, as in the Question
	Tried  int         // changes that were checked
	Bytes  int64       // bytes of bodies written and hashed
	Cut    bool        // the search is incomplete: out of budget, context ended, or body above 16 MiB
}

// Cause is a change that makes the signature match. The receiver has the original body, the sender signed the changed
// one.
type Cause struct {
	Kind Kind
	Also []Kind // further changes that were necessary
	Part Part
	// Change completes "matches if …", Words says in a clause what must have happened.
	Change, Words string
	Difference    *Difference // nil when only the secret or the scheme differs
	Fix           []Fix       // only for a changed body
	Scheme        string      // name of the matching scheme
	Secret        string      // name of the matching secret
	Proof         Proof
}

// Proof is a message that verifies, so that a caller can check a cause.
type Proof struct {
	Scheme  sign.Scheme
	Message sign.Message
	Secret  sign.Secret
}

// Fix says what to do about a cause in one framework.
type Fix struct{ Framework, Text string }

// Hint is a frequent problem that the message suggests but does not prove.
type Hint struct {
	Kind  Kind
	Words string
	Fix   []Fix
}

// Seen is a header that looks like a signature.
type Seen struct {
	Header  string
	Schemes []string // schemes with that form; none when only the header's name looks like a signature
}

// Find looks for a change that makes the signature match, and stops at the first: two matching changes would have to
// sign the same bytes. A valid message has no causes.
func Find(ctx context.Context, q Question) Answer {
	s := &search{ctx: ctx, budget: cmp.Or(q.Budget, DefaultBudget), now: q.Now, body: q.Message.Body,
		seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
	start := newTrial(q)
	a := Answer{Scheme: q.Scheme}
	if len(q.Secrets) > 0 && q.Scheme.Name+q.Scheme.Header != "" {
		_, err := q.Scheme.Verify(q.Message, q.Now, q.Secrets...)
		if err == nil {
			return a
		}
		if late := timing(start, q, err); late != nil {
			a.Causes = []Cause{*late}
			return a
		}
		a.Seen, a.Absent = seen(q.Message, err), reasonOf(err) == sign.MissingSignature
	} else {
		a.Seen, a.Absent = seen(q.Message, &sign.Error{Reason: sign.MissingSignature}), true
	}
	all := stages(start, q.Others)
	if a.Absent = a.Absent && len(a.Seen) == 0; a.Absent { // a signature may still have an unusual name or place
		all = []variants{allOf(start, headers, schemes), combined(start, schemes, headers)}
	}
	if found := s.run(all); found != nil {
		a.Absent = false
		found.finish(q)
		a.Causes = []Cause{*found}
	} else {
		a.Hints = hints(&q)
	}
	a.Tried, a.Bytes, a.Cut = s.tried, s.spent, s.cut || len(a.Causes) == 0 && len(q.Message.Body) > maxBody
	return a
}

// reasonOf returns the reason of a refusal, "" for another error.
func reasonOf(err error) sign.Reason {
	if e, ok := errors.AsType[*sign.Error](err); ok {
		return e.Reason
	}
	return ""
}
