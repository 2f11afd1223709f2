package gateway

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// Filter decides which webhooks are handed on.
type Filter struct {
	// Event reports whether an event type is asked for; nil: all are.
	Event func(event string) bool
	// Where reports whether a webhook is asked for; nil: all are. Its error is context.DeadlineExceeded when it takes
	// too long.
	Where func(x *record.Exchange) (bool, error)
	// Unlisted has those that are not asked for neither recorded nor shown.
	Unlisted bool
}

// mark notes what a check shows: a timestamp outside the tolerance, and that a webhook is not asked for. A webhook
// with a bad signature is refused and not filtered.
func (g *Gateway) mark(found *listen.Checked, r *record.Request, now time.Time) {
	switch {
	case found.Verdict.Reason == string(sign.TimestampExpired), found.Verdict.Reason == string(sign.TimestampInFuture):
		found.Marks = append(found.Marks, record.Mark{Kind: record.Stale})
	case found.Verdict.Status == record.Invalid || isUndecided(found.Marks):
	default:
		if kind := g.leftOut(found, r, now); kind != "" {
			found.Marks = append(found.Marks, record.Mark{Kind: kind})
			found.Uncounted = true
		}
	}
}

// leftOut returns the mark of a webhook that is not handed on: record.Filtered or record.Undecided, "" for one that is
// handed on. A filter that fails on it says no, so that the listener goes on. A filter that takes too long says
// nothing: the sender has to come again, as it must not take a webhook for delivered that is asked for.
func (g *Gateway) leftOut(found *listen.Checked, r *record.Request, now time.Time) record.MarkKind {
	f := &g.Filter
	if f.Event != nil && !f.Event(found.EventType) {
		return record.Filtered
	}
	if f.Where == nil {
		return ""
	}
	ok, err := f.Where(&record.Exchange{Kind: record.Received, Attempt: 1, Start: now, Request: *r, Verdict: found.Verdict,
		Scheme: found.Scheme, WebhookID: found.WebhookID, EventType: found.EventType})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		g.tellOnce("slow filter", Event{Kind: FilterTooSlow})
		return record.Undecided
	case err != nil:
		g.tellOnce("filter", Event{Kind: FilterFailed, Err: err})
	case ok:
		return ""
	}
	return record.Filtered
}

// isUndecided reports whether the judging of a webhook was broken off.
func isUndecided(marks []record.Mark) bool {
	return slices.ContainsFunc(marks, func(m record.Mark) bool { return m.Kind == record.Undecided })
}

func isFiltered(x *record.Exchange) bool {
	_, ok := x.Marked(record.Filtered)
	return ok
}
