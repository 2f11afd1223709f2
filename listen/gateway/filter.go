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

// mark notes what a check shows: a timestamp outside the tolerance, that no route covers a webhook's path, and that a
// webhook is not asked for. A webhook
// with a bad signature is refused and not filtered.
func (h *Hook) mark(found *listen.Checked, now time.Time) {
	switch {
	case found.Verdict.Reason == string(sign.TimestampExpired), found.Verdict.Reason == string(sign.TimestampInFuture):
		found.Marks = append(found.Marks, record.Mark{Kind: record.Stale})
	case found.Verdict.Status == record.Invalid || isUndecided(found.Marks):
	case h.isUnrouted():
		found.Marks = append(found.Marks, record.Mark{Kind: record.Unrouted})
	default:
		if kind := h.leftOut(found, now); kind != "" {
			found.Marks = append(found.Marks, record.Mark{Kind: kind})
			found.Uncounted = true
		}
	}
}

// leftOut returns the mark of a webhook that is not handed on: record.Filtered or record.Undecided, "" for one that is
// handed on. A webhook on which the filter fails is handed on, because it may be asked for. A filter that takes too
// long has no result: the sender has to come again, as it must not take a webhook for delivered that is asked for.
func (h *Hook) leftOut(found *listen.Checked, now time.Time) record.MarkKind {
	f := &h.Gateway.Filter
	if f.Event != nil && !f.Event(found.EventType) {
		if found.EventType == "" {
			h.tellUntyped(found.Scheme)
		}
		return record.Filtered
	}
	if f.Where == nil {
		return ""
	}
	ok, err := f.Where(&record.Exchange{Kind: record.Received, Attempt: 1, Start: now, Request: h.Exchange.Request,
		Verdict: found.Verdict,
		Scheme:  found.Scheme, WebhookID: found.WebhookID, EventType: found.EventType})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		h.Gateway.tellOnce("slow filter", Event{Kind: FilterTooSlow})
		return record.Undecided
	case err != nil:
		h.doubts = append(h.doubts, err)
		return ""
	case ok:
		return ""
	}
	return record.Filtered
}

// tellUntyped tells, once for each scheme, that its webhooks name no event type. Of a scheme that has a place for the
// type it tells nothing: other webhooks of the scheme may name one.
func (h *Hook) tellUntyped(name string) {
	if scheme, ok := h.Gateway.Schemes.Lookup(name); !ok || scheme.EventIn == "" {
		h.Gateway.tellOnce("untyped "+name, Event{Kind: Untyped, Scheme: name})
	}
}

// tellDoubts tells of the expressions that have failed on the webhook since the last call. Its exchange has an ID. Of a
// bad signature it tells nothing, since nothing is done with that webhook.
func (h *Hook) tellDoubts() {
	if h.Exchange.Verdict.Status != record.Invalid {
		for _, err := range h.doubts {
			h.Gateway.Tell(Event{Kind: FilterFailed, ID: h.Exchange.ID, Err: err})
		}
	}
	h.doubts = nil
}

// isUndecided reports whether the judging of a webhook was broken off.
func isUndecided(marks []record.Mark) bool {
	return slices.ContainsFunc(marks, func(m record.Mark) bool { return m.Kind == record.Undecided })
}

func isUnrouted(x *record.Exchange) bool {
	_, ok := x.Marked(record.Unrouted)
	return ok
}

func isFiltered(x *record.Exchange) bool {
	_, ok := x.Marked(record.Filtered)
	return ok
}
