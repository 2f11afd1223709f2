package scope

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/bulk"
	"github.com/barbhq/barb/store/postgres/glob"
	"github.com/barbhq/barb/store/record"
)

// Known is what the history tells of a filter before it is translated.
type Known struct {
	Event     string                      // of the filter, or the only type that its glob means, which an index finds
	Names     map[engine.NameKind][]int64 // the ids of its names; of endpoints one more than MaxArms at most
	OfWebhook []int64                     // exchanges with its webhook id, one more than MostOfID at most
}

// MostOfID is up to how many exchanges of a webhook id are found before those of a filter. Of a webhook id that is more
// frequent, a walk through the history finds enough.
const MostOfID = 1000

// Translate adds the conditions of a filter but for its ids, and narrows the ids where that helps.
func (k *Known) Translate(sc *Scope, f *engine.Filter) {
	sc.Plain(f)
	if f.WebhookID != "" && !sc.Direct && len(k.OfWebhook) <= MostOfID {
		sc.Spans = only(k.OfWebhook, sc.Spans)
	}
	if f.Event != "" {
		k.event(sc)
	}
	k.named(sc, "scheme", engine.NameScheme, f.Scheme)
	k.endpoint(sc, f)
}

// only returns those of some ids that are within spans, as spans. The planner does not look for a webhook id first
// where it takes it for frequent.
func only(ids []int64, within []engine.Range) (spans []engine.Range) {
	for _, id := range slices.Sorted(slices.Values(ids)) {
		if !engine.Holds(within, id) {
			continue
		}
		if last := len(spans) - 1; last >= 0 && spans[last].To+1 == id {
			spans[last].To = id
		} else {
			spans = append(spans, engine.Range{From: id, To: id})
		}
	}
	return spans
}

// named is an exact name or a glob.
func (k *Known) named(sc *Scope, column string, kind engine.NameKind, text string) {
	switch ids := k.Names[kind]; {
	case text == "":
	case strings.Contains(text, "*"):
		sc.Add("(" + sc.InNames(column, kind, []string{text}) + ") IS TRUE")
	case len(ids) == 0:
		sc.Spans = nil
	default:
		sc.Add("e." + column + " = " + sc.Arg(ids[0]))
	}
}

// HandshakePrefix is what the event type of a handshake begins with.
const HandshakePrefix = "handshake:"

// event is an exact event type or a glob. A handshake has none and is found by its name: see
// record.Exchange.Event.
func (k *Known) event(sc *Scope) {
	handshake, isHandshake := strings.CutPrefix(k.Event, HandshakePrefix)
	switch {
	case strings.Contains(k.Event, "*"):
		sc.Add("(" + sc.InNames("event", engine.NameEvent, []string{k.Event}) +
			" OR coalesce('handshake:' || e.handshake LIKE " + sc.Arg(glob.Like(k.Event)) + ", false))")
	case isHandshake:
		sc.Add("(" + sc.InNames("event", engine.NameEvent, []string{k.Event}) +
			" OR e.handshake IS NOT DISTINCT FROM " + sc.Arg(bulk.Escape(handshake)) + ")")
	default:
		k.named(sc, "event", engine.NameEvent, k.Event)
	}
}

// endpoint goes through the index by endpoint unless a better one is there. Within an endpoint and a class of status
// that index is in the order of ids, so that the newest are found without sorting all.
func (k *Known) endpoint(sc *Scope, f *engine.Filter) {
	switch ids := k.Names[engine.NameEndpoint]; {
	case f.Endpoint == "":
	case sc.Direct, len(ids) > MaxArms:
		sc.Add("(" + sc.InNames("endpoint", engine.NameEndpoint, record.EndpointGlobs(f.Endpoint)) + ") IS TRUE")
	case len(ids) == 0:
		sc.Spans = nil
	default:
		if sc.Arms = ClassesOf(ids, f.Status); sc.Arms == nil {
			sc.Spans = nil
		}
	}
}
