package expect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
)

// State says how an expectation fared.
type State string

// The states.
const (
	Met       State = ""          // as many came as are expected
	Missing   State = "missing"   // too few
	TooMany   State = "too many"  // more than expected
	Forbidden State = "forbidden" // one came of which none may
)

// Case is one expectation with the webhooks that meet it, in the order in which they came.
type Case struct {
	Expectation *Expectation
	State       State
	Webhooks    []Came
	Count       int    // how many of them count: where order matters, those that came in their turn
	Near        []Miss // of a missing one: what nearly met it, the closest first
}

// Miss is a webhook that nearly met an expectation.
type Miss struct {
	Came
	Why []string // "amount_due is 4100"
}

// Result is the sum of a run.
type Result struct {
	Came       int    // webhooks
	Cases      []Case // one for each expectation, in the order in which they were given
	Unexpected []Came // neither expected nor badly signed, or of what must not come
	Bad        []Came // with a bad signature

	tolerant, allowUnexpected bool
}

// String returns the sum: 2/2 expected, 0 unexpected, 0 bad signatures. What must not come is not among the expected.
func (r *Result) String() string {
	met, all := 0, 0
	for _, c := range r.Cases {
		if c.Expectation.None {
			continue
		}
		if all++; c.State == Met {
			met++
		}
	}
	signatures := "bad signatures"
	if len(r.Bad) == 1 {
		signatures = "bad signature"
	}
	return fmt.Sprintf("%d/%d expected, %d unexpected, %d %s", met, all, len(r.Unexpected), len(r.Bad), signatures)
}

// Code returns the exit code: fail.ExitTimedOut where something is missing, else fail.ExitFailed where something came
// that should not, else fail.ExitOK.
func (r *Result) Code() int {
	switch isMissing := func(c Case) bool { return c.State == Missing }; {
	case slices.ContainsFunc(r.Cases, isMissing):
		return fail.ExitTimedOut
	case r.hasFault():
		return fail.ExitFailed
	}
	return fail.ExitOK
}

// hasFault reports whether something came that should not.
func (r *Result) hasFault() bool {
	return slices.ContainsFunc(r.Cases, func(c Case) bool { return c.State == TooMany || c.State == Forbidden }) ||
		!r.tolerant && len(r.Bad) > 0 || !r.allowUnexpected && len(r.Unexpected) > 0
}

// Said describes the case: "1 came, at least 2 expected".
func (c *Case) Said() string {
	return fmt.Sprintf("%d came, %v expected", c.Count, c.Expectation.Count)
}

// String describes the webhook: 42 stripe invoice.paid valid.
func (c Came) String() string {
	words := slices.DeleteFunc([]string{fmt.Sprint(c.ID), c.Scheme, c.Event, c.Verdict},
		func(s string) bool { return s == "" })
	return strings.Join(words, " ")
}

// String describes the webhook and what keeps it from meeting the expectation.
func (m Miss) String() string { return m.Came.String() + ": " + strings.Join(m.Why, ", ") }
