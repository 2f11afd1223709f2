// Package webhooks reads a history as webhooks. A received webhook is its exchange with its redeliveries, forwards and
// replays; a sent one is its attempts. The package decides the state of each, and prints nothing.
package webhooks

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// State is what has become of a webhook, in the words of the JSON form's outcome.
type State string

// The states.
const (
	Delivered State = "delivered" // sent, and the last attempt was answered 2xx
	Accepted  State = "accepted"  // received, and every app it was forwarded to answered 2xx; without a forward, barb did
	Failed    State = "failed"    // not delivered, and nothing more will be tried
	Pending   State = "pending"   // waits in the queue, for a retry or for an answer
	Rejected  State = "rejected"  // received and refused by barb: a bad signature, no route, too large
	Cancelled State = "cancelled" // taken out of the queue by a person
)

// Abandoned is how long after it was due an attempt without an end counts as pending. After that its process is taken
// for dead and the webhook has failed.
const Abandoned = 10 * time.Minute

// Webhook is all exchanges that are one webhook, without their headers and bodies.
type Webhook struct {
	ID        int64              // of its first exchange that is still there
	Exchanges []*record.Exchange // by id; at least one
	Entries   []*store.Queued    // of the queue, by id
	State     State              // at the time it was read
	Remark    store.Remark       // of a person
}

// New returns a webhook of at least one exchange, by id, with its state at a time.
func New(exchanges []*record.Exchange, entries []*store.Queued, now time.Time) *Webhook {
	w := &Webhook{ID: exchanges[0].ID, Exchanges: exchanges, Entries: entries}
	if w.Kind() == record.Received {
		w.State = w.received(now)
	} else {
		w.State = w.sent(now)
	}
	return w
}

// Kind says whether barb received or sent the webhook.
func (w *Webhook) Kind() record.Kind {
	for _, x := range w.Exchanges {
		if x.Kind == record.Received || x.Role == record.Forward || x.Role == record.Mirror {
			return record.Received
		}
	}
	return record.Sent
}

// Newest returns the newest exchange. A webhook stands in a list where that stands.
func (w *Webhook) Newest() *record.Exchange { return w.Exchanges[len(w.Exchanges)-1] }

// Last returns the exchange that stands for the webhook: of a received one the last delivery of its sender, of a sent
// one the last attempt that went to where it is sent. It is the newest of any role where no other is left.
func (w *Webhook) Last() *record.Exchange {
	last := w.Newest()
	for _, x := range slices.Backward(w.Exchanges) {
		switch {
		case x.Kind == record.Received:
			return x
		case w.Kind() == record.Sent && counts(x):
			return x
		}
	}
	return last
}

// App returns the last forward of a received webhook to an app, or the last replay to one; nil when there is none. Of
// several apps it is one that has not taken the webhook, since that one decides the state.
func (w *Webhook) App() (app *record.Exchange) {
	if w.Kind() == record.Sent {
		return nil
	}
	apps := w.apps()
	for _, x := range slices.Backward(w.Exchanges) {
		switch {
		case x != apps[appAt(x.Request.URL)]:
		case x.Outcome() != record.Delivered:
			return x
		case app == nil:
			app = x
		}
	}
	return app
}

// counts reports whether the response to a sent exchange is that of the webhook's own target.
func counts(x *record.Exchange) bool { return x.Role != record.Mirror && x.Role != record.Elsewhere }

// Invalid reports whether the webhook was received with a bad signature the last time.
func (w *Webhook) Invalid() bool {
	last := w.Last()
	return last.Kind == record.Received && last.Verdict.Status == record.Invalid
}

// sent is the state of a sent webhook.
func (w *Webhook) sent(now time.Time) State {
	last := w.Last()
	var dead, cancelled bool
	for _, q := range w.Entries {
		switch q.State {
		case store.Waiting, store.Leased:
			return Pending
		case store.Dead:
			dead = dead || last.ID <= q.Last || q.Last == 0
		case store.Cancelled:
			cancelled = cancelled || last.ID <= q.Last || q.Last == 0
		}
	}
	state := attempted(last, now)
	switch {
	case state == Delivered:
		return Delivered
	case cancelled:
		return Cancelled
	case dead:
		return Failed
	}
	return state
}

// attempted is the state that follows from the last attempt.
func attempted(x *record.Exchange, now time.Time) State {
	switch x.Outcome() {
	case record.Delivered:
		return Delivered
	case record.Unknown, record.Queued:
		return pendingSince(x.Start, now)
	case record.Retrying:
		return pendingSince(x.Start.Add(x.Took+x.NextIn), now)
	}
	return Failed
}

// pendingSince is Pending until a process that was to act at due is taken for dead.
func pendingSince(due, now time.Time) State {
	if now.Sub(due) > Abandoned {
		return Failed
	}
	return Pending
}

// received is the state of a received webhook: that of its worst app, or of barb's own answer where it has none.
func (w *Webhook) received(now time.Time) State {
	last := w.Last()
	if w.Invalid() {
		return Rejected
	}
	apps := w.apps()
	state, cancelled := Accepted, false
	for _, q := range w.Entries {
		switch {
		case q.State == store.Waiting || q.State == store.Leased:
			return Pending
		case q.State == store.Dead && !w.deliveredSince(apps, q):
			state = Failed
		case q.State == store.Cancelled && !w.deliveredSince(apps, q):
			cancelled = true
		}
	}
	for _, app := range apps {
		switch attempted(app, now) {
		case Pending:
			return Pending
		case Failed:
			state = Failed
		}
	}
	switch {
	case cancelled:
		return Cancelled
	case state == Failed:
		return Failed
	case len(apps) > 0 || last.Kind == record.Sent:
		return Accepted
	}
	return answered(last)
}

// apps returns the last exchange with each app that the webhook was forwarded to; see appAt.
func (w *Webhook) apps() map[string]*record.Exchange {
	apps := map[string]*record.Exchange{}
	for _, x := range w.Exchanges {
		if x.Kind == record.Sent && counts(x) {
			apps[appAt(x.Request.URL)] = x
		}
	}
	return apps
}

// appAt returns the app at a URL: its host, port and path. The query belongs to the webhook. A target without a path
// gets that of the webhook, which is the same in all deliveries of its sender, so it is one app here too.
func appAt(url string) string { return endpointOf(url) + pathOf(url) }

// SameApp reports whether an exchange went to the same app as another.
func SameApp(x, app *record.Exchange) bool {
	return x.Kind == record.Sent && appAt(x.Request.URL) == appAt(app.Request.URL)
}

// TakenBy reports whether the app at a URL has answered 2xx to the webhook the last time.
func (w *Webhook) TakenBy(url string) bool {
	app := w.apps()[appAt(url)]
	return app != nil && app.Outcome() == record.Delivered
}

// deliveredSince reports whether an app has taken the webhook after its entry in the queue had ended.
func (w *Webhook) deliveredSince(apps map[string]*record.Exchange, q *store.Queued) bool {
	app := apps[w.appOf(q)]
	return app != nil && app.ID > q.Last && app.Outcome() == record.Delivered
}

// appOf returns the app that an entry of the queue is for: that of its attempts, or without any that of its target.
func (w *Webhook) appOf(q *store.Queued) string {
	for _, x := range w.Exchanges {
		if x.ID == q.Last {
			return appAt(x.Request.URL)
		}
	}
	path := pathOf(q.Target)
	if path == "/" {
		path = pathOf(w.Last().Request.URL)
	}
	return endpointOf(q.Target) + path
}

func endpointOf(url string) string {
	_, endpoint := record.SplitURL(url)
	return endpoint
}

// pathOf returns the path of a URL without its query, at least "/".
func pathOf(url string) string {
	rest, _ := record.SplitURL(url)
	_, path, _ := strings.Cut(rest, "://")
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	return cmp.Or(path, "/")
}

// answered is the state of a webhook that barb answered itself.
func answered(x *record.Exchange) State {
	_, unrouted := x.Marked(record.Unrouted)
	switch status := x.Status(); {
	case status == 0 && x.Outcome() == record.Accepted: // imported without an answer
		return Accepted
	case x.Outcome() == record.Pending:
		return Pending
	case status/100 == 2:
		return Accepted
	case unrouted, status == 413:
		return Rejected
	}
	return Failed
}
