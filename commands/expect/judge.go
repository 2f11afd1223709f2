package expect

import (
	"context"
	"fmt"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// Webhook is one that came, in its newest state, as an expression has it.
type Webhook struct {
	jq.Subject
	State webhooks.State
}

// Read reads all of a webhook that an expression may ask for.
func Read(ctx context.Context, history *store.Store, w *webhooks.Webhook) (Webhook, error) {
	s, err := pick.Subject(ctx, history, w, export.With{Body: true, URL: true, Headers: true}, true)
	return Webhook{s, w.State}, err
}

// bad reports whether the signature is bad.
func (w *Webhook) bad() bool { return w.Exchange.Verdict.Status == record.Invalid }

// refused reports whether barb turned the webhook away for something else than its signature: no route, too large.
func (w *Webhook) refused() bool { return w.State == webhooks.Rejected && !w.bad() }

// closeness is how far a webhook is from what is expected; higher is closer.
type closeness int

const (
	otherEvent     closeness = iota // another event type
	sameBeginning                   // another event type, of the same group
	otherProvider                   // the event type alone
	notTrustworthy                  // the event, but the signature or barb's answer speaks against it
	notTrue                         // all but the expression
	misplaced                       // all, but not when it should come
	meets
)

// judgement says whether a webhook meets an expectation and, if not, how close it is and why.
type judgement struct {
	close closeness
	why   []string
}

// judge judges one webhook by the rules of a board.
func (e *Expectation) judge(w *Webhook, rules *Board) (best judgement) {
	for i, one := range e.any {
		if j := one.judge(w, rules); i == 0 || j.close > best.close {
			best = j
		}
	}
	if len(e.any) > 0 {
		return best
	}
	x := w.Exchange
	if !e.isEvent(x.Event()) {
		return judgement{e.likeness(x.Event()), []string{"event is " + named(x.Event())}}
	}
	if e.provider != nil && !record.MatchGlob(e.whole, x.Event()) && !e.provider.sent(x) {
		return judgement{otherProvider, []string{"scheme is " + named(x.Scheme)}}
	}
	switch {
	case w.bad() && !rules.Invalid:
		return judgement{notTrustworthy, []string{fmt.Sprintf("verdict is invalid (%s)", x.Verdict.Reason)}}
	case w.refused():
		return judgement{notTrustworthy, []string{fmt.Sprintf("barb answered %d", x.Status())}}
	case rules.Verified && x.Verdict.Status != record.Valid:
		return judgement{notTrustworthy, []string{"verdict is unchecked"}}
	}
	for _, expr := range []*jq.Expr{e.action, e.where} {
		if expr == nil || expr == e.action && x.Event() != e.renamed {
			continue
		}
		if ok, why := expr.Judge(w.Subject, rules.Within); !ok {
			return judgement{notTrue, why}
		}
	}
	return judgement{close: meets}
}

// isEvent reports whether an event type is the expected one.
func (e *Expectation) isEvent(event string) bool {
	return record.MatchGlob(e.event, event) || e.renamed != "" && event == e.renamed || e.whole != "" &&
		record.MatchGlob(e.whole, event)
}

// likeness compares an event type with the expected one by the group that they belong to: invoice in invoice.paid.
func (e *Expectation) likeness(event string) closeness {
	group := func(event string) string {
		for i, c := range event {
			if i > 0 && (c == '.' || c == '/' || c == '_' || c == ':' || c == '*') {
				return event[:i]
			}
		}
		return event
	}
	if event != "" && group(event) == group(e.event) {
		return sameBeginning
	}
	return otherEvent
}

// named is a name in a sentence.
func named(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}
