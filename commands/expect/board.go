package expect

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/barbhq/barb/commands/fail"
)

// Board compares the webhooks that came with those that are expected. A webhook that has changed is put again and
// replaces its former state. Its methods must not be called at the same time.
type Board struct {
	Expected []*Expectation
	// Ordered expects the webhooks in the order of Expected: those of the first, then those of the second. What comes in
	// between does not matter.
	Ordered bool
	// Verified counts only webhooks with a valid signature. Others count also where no signature was checked.
	Verified bool
	// Invalid counts webhooks with a bad signature as well.
	Invalid bool
	// Tolerant takes what nothing expects, and bad signatures, for no fault. AllowUnexpected does so for the former only.
	Tolerant, AllowUnexpected bool
	Within                    time.Duration // how long an expression may take for one webhook; 0: any time

	came map[int64]*arrival
}

// Came is what a report says of a webhook.
type Came struct {
	ID                     int64
	Event, Scheme, Verdict string
}

func cameOf(w Webhook) Came {
	x := w.Exchange
	return Came{x.ID, x.Event(), x.Scheme, x.Verdict.Words()}
}

// arrival is a webhook with a judgement for each expectation.
type arrival struct {
	Came
	judged []judgement
	bad    bool
	beside bool // a handshake, or refused by barb: nothing that could be unexpected
}

// Put judges a webhook that came or changed. It reports whether the webhook meets an expectation.
func (b *Board) Put(w Webhook) bool {
	a := &arrival{Came: cameOf(w), bad: w.bad() && !b.Invalid, beside: w.refused() || w.Exchange.Handshake != ""}
	for _, e := range b.Expected {
		a.judged = append(a.judged, e.judge(&w, b))
	}
	if b.came == nil {
		b.came = map[int64]*arrival{}
	}
	b.came[a.ID] = a
	return b.isExpected(a)
}

// arrivals returns what came, in the order in which it came.
func (b *Board) arrivals() []*arrival {
	return slices.SortedFunc(maps.Values(b.came), func(a, c *arrival) int { return cmp.Compare(a.ID, c.ID) })
}

// meets reports whether the webhook meets the expectation with a number.
func (a *arrival) meets(i int) bool { return a.judged[i].close == meets }

// Missing returns how many expectations still lack a webhook.
func (b *Board) Missing() (n int) {
	for _, c := range b.Result().Cases {
		if c.State == Missing {
			n++
		}
	}
	return n
}

// Decided reports whether nothing that may still come can change that the run fails, or that it succeeds. The code is
// that of the result so far.
func (b *Board) Decided() (code int, decided bool) {
	r := b.Result()
	code = r.Code()
	if code == fail.ExitFailed || r.hasFault() {
		return code, true
	}
	isOpen := func(e *Expectation) bool { return e.None || e.Count.Max >= 0 }
	return code, code == fail.ExitOK && b.Tolerant && !slices.ContainsFunc(b.Expected, isOpen)
}

// Result sums up what came so far.
func (b *Board) Result() *Result {
	r := &Result{Came: len(b.came), tolerant: b.Tolerant, allowUnexpected: b.Tolerant || b.AllowUnexpected}
	all := b.arrivals()
	taken := b.inOrder(all)
	for i, e := range b.Expected {
		c := Case{Expectation: e}
		for _, a := range all {
			if a.meets(i) {
				c.Webhooks = append(c.Webhooks, a.Came)
			}
		}
		c.Count = len(c.Webhooks)
		if b.Ordered && !e.None {
			c.Count = taken[i]
		}
		switch {
		case e.Count.tooMany(len(c.Webhooks)) && e.None:
			c.State = Forbidden
		case e.Count.tooMany(len(c.Webhooks)):
			c.State = TooMany
		case c.Count < e.Count.Min:
			c.State = Missing
			c.Near = b.near(i, all, taken)
		}
		r.Cases = append(r.Cases, c)
	}
	for _, a := range all {
		switch {
		case a.bad:
			r.Bad = append(r.Bad, a.Came)
		case b.isUnexpected(a):
			r.Unexpected = append(r.Unexpected, a.Came)
		}
	}
	return r
}

// isUnexpected reports whether a webhook meets nothing although something is expected, or meets what must not come.
func (b *Board) isUnexpected(a *arrival) bool {
	expectsAny, isExpected := false, false
	for i, e := range b.Expected {
		if e.None && a.meets(i) {
			return true
		}
		expectsAny = expectsAny || !e.None
		isExpected = isExpected || !e.None && a.meets(i)
	}
	return expectsAny && !isExpected && !a.beside
}

// inOrder returns how many webhooks each expectation has in its turn, where order matters. Each webhook is taken by the
// first expectation that still lacks one, if it meets that.
func (b *Board) inOrder(all []*arrival) []int {
	taken := make([]int, len(b.Expected))
	if !b.Ordered {
		return taken
	}
	i := b.nextLacking(0, taken)
	for _, a := range all {
		if i < len(b.Expected) && a.meets(i) {
			taken[i]++
			i = b.nextLacking(i, taken)
		}
	}
	return taken
}

// nextLacking returns the first expectation from i on that lacks a webhook.
func (b *Board) nextLacking(i int, taken []int) int {
	for i < len(b.Expected) && (b.Expected[i].None || taken[i] >= b.Expected[i].Count.Min) {
		i++
	}
	return i
}

// mostNear is how many webhooks are named that nearly met an expectation.
const mostNear = 3

// near returns the webhooks that are closest to an expectation and do not meet it, the closest first. Of another event
// type are only those that nothing else expects. Where order matters, those that came too early are the closest.
func (b *Board) near(i int, all []*arrival, taken []int) (misses []Miss) {
	type candidate struct {
		*arrival
		judgement
	}
	var found []candidate
	for _, a := range all {
		j := a.judged[i]
		switch {
		case j.close == meets && taken[i] == 0 && b.Ordered:
			found = append(found, candidate{a, judgement{misplaced, []string{b.tooEarly(i)}}})
		case j.close == meets:
		case j.close < otherProvider && (a.beside || b.isExpected(a)):
		default:
			found = append(found, candidate{a, j})
		}
	}
	slices.SortStableFunc(found, func(a, c candidate) int {
		return cmp.Or(cmp.Compare(c.close, a.close), cmp.Compare(c.ID, a.ID))
	})
	for _, c := range found[:min(len(found), mostNear)] {
		misses = append(misses, Miss{c.Came, c.why})
	}
	return misses
}

// isExpected reports whether a webhook meets any expectation.
func (b *Board) isExpected(a *arrival) bool {
	return slices.ContainsFunc(a.judged, func(j judgement) bool { return j.close == meets })
}

// tooEarly says what should have come before the webhooks of an expectation.
func (b *Board) tooEarly(i int) string {
	for ; i > 0; i-- {
		if before := b.Expected[i-1]; !before.None {
			return "it came before " + before.Text
		}
	}
	return "it came too early"
}
