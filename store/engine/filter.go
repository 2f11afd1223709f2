package engine

import (
	"time"

	"github.com/barbhq/barb/store/record"
)

// Range is ids from From to To, both included.
type Range struct{ From, To int64 }

// StatusRange is answers with a status from From to To, both included; the zero value is any, also none.
type StatusRange struct{ From, To int }

// Filter selects exchanges by all that is set in it; the zero value selects every one.
type Filter struct {
	IDs         []Range // any of these, in any order; none means all
	Kind        record.Kind
	Failed      bool   // sent and not delivered; received and not answered 2xx; never badly signed
	Invalid     bool   // received with a bad signature
	Scheme      string // * stands for any part; what has no scheme is not selected
	Event       string // likewise
	Endpoint    string // see record.MatchEndpoint
	Status      StatusRange
	Since       time.Time // begun at or after
	Until       time.Time // begun before or at
	WebhookID   string
	Marked      record.MarkKind // has a mark of this kind
	Grep        string          // in either body, byte for byte
	Before      int64           // webhooks whose newest exchange has a smaller id; 0: any
	Limit       int             // at most so many; 0 is all
	OldestFirst bool
	Bodies      bool // with heads and bodies
}

// Conditions splits a filter into filters of one condition each. A webhook that f selects fulfils all of them, maybe
// with different exchanges.
func (f *Filter) Conditions() (all []Filter) {
	add := func(wanted bool, condition Filter) {
		if wanted {
			all = append(all, condition)
		}
	}
	add(len(f.IDs) > 0, Filter{IDs: f.IDs})
	add(f.WebhookID != "", Filter{WebhookID: f.WebhookID})
	add(f.Marked != "", Filter{Marked: f.Marked})
	add(f.Failed || f.Invalid, Filter{Failed: f.Failed, Invalid: f.Invalid})
	add(f.Endpoint != "", Filter{Endpoint: f.Endpoint})
	add(f.Event != "", Filter{Event: f.Event})
	add(f.Status != StatusRange{}, Filter{Status: f.Status})
	add(f.Scheme != "", Filter{Scheme: f.Scheme})
	return all
}
