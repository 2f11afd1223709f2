package webhooks_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

var noon = time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)

// book is a history with short ways to record in it; each exchange begins a second after the one before.
type book struct {
	*store.Store
	t *testing.T
	n int
}

func newBook(t *testing.T) *book {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &book{Store: s, t: t}
}

type change func(*record.Exchange)

func (b *book) add(changes ...change) *record.Exchange {
	b.t.Helper()
	x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: noon.Add(time.Duration(b.n) * time.Second),
		Ended: true,
		Took:  2 * time.Millisecond, WebhookID: "msg_1", EventType: "invoice.paid", Scheme: "stripe",
		Verdict: record.Verdict{Status: record.Valid},
		Request: record.Request{Method: "POST", URL: "http://127.0.0.1:4242/in", Body: []byte("needle")}}
	b.n++
	status(200)(x)
	for _, c := range changes {
		c(x)
	}
	if err := b.Record(context.Background(), x); err != nil {
		b.t.Fatal(err)
	}
	return x
}

func status(code int) change {
	return func(x *record.Exchange) { x.Response = &record.Response{Status: code} }
}

func open(x *record.Exchange) { x.Ended, x.Response = false, nil }

func noAnswer(x *record.Exchange) {
	x.Response, x.Err = nil, &record.Failure{Kind: record.FailRefused, Text: "connection refused"}
}

func invalid(x *record.Exchange) {
	x.Verdict = record.Verdict{Status: record.Invalid, Reason: "signature_mismatch"}
	status(401)(x)
}

func retryIn(d time.Duration) change { return func(x *record.Exchange) { x.NextIn = d } }

func mark(kind record.MarkKind) change {
	return func(x *record.Exchange) { x.Marks = append(x.Marks, record.Mark{Kind: kind}) }
}

// sentTo is an exchange with a place, which repeats another; 0 for none.
func sentTo(endpoint string, thread int64, role record.Role) change {
	return func(x *record.Exchange) {
		x.Kind, x.Thread, x.Role, x.Verdict = record.Sent, thread, role, record.Verdict{}
		x.Request.URL = "http://" + endpoint + "/"
	}
}

func path(path string) change {
	return func(x *record.Exchange) { x.Request.URL = strings.TrimSuffix(x.Request.URL, "/") + path }
}

func again(thread int64) change {
	return func(x *record.Exchange) { x.Thread, x.Role = thread, record.Redelivery }
}

// listed is what a filter selects, as "id state, …".
func (b *book) listed(f store.Filter, now time.Time) string {
	b.t.Helper()
	var all []string
	for w, err := range webhooks.List(context.Background(), b.Store, f, now) {
		if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%d %s", w.ID, w.State))
	}
	return strings.Join(all, ", ")
}

const (
	app   = "127.0.0.1:3000"
	other = "127.0.0.1:3001"
)

func TestTheLastStateOfAWebhookDecides(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		make func(b *book)
		want string
	}{
		"answered by barb":        {func(b *book) { b.add() }, "1 accepted"},
		"answered 500 on purpose": {func(b *book) { b.add(status(500)) }, "1 failed"},
		"answered 302 on purpose": {func(b *book) { b.add(status(302)) }, "1 failed"},
		"no route":                {func(b *book) { b.add(status(404), mark(record.Unrouted)) }, "1 rejected"},
		"too large":               {func(b *book) { b.add(status(413)) }, "1 rejected"},
		"bad signature":           {func(b *book) { b.add(invalid) }, "1 rejected"},
		"no answer yet":           {func(b *book) { b.add(open) }, "1 pending"},
		"the app took it":         {func(b *book) { b.add(); b.add(sentTo(app, 1, record.Forward)) }, "1 accepted"},
		"the app failed": {func(b *book) {
			b.add(status(500))
			b.add(sentTo(app, 1, record.Forward), status(500))
		}, "1 failed"},
		"the app is mended": {func(b *book) {
			b.add(status(500))
			b.add(sentTo(app, 1, record.Forward), status(500))
			b.add(sentTo(app, 1, record.Replay))
		}, "1 accepted"},
		"a replay elsewhere does not count": {func(b *book) {
			b.add(status(500))
			b.add(sentTo(app, 1, record.Forward), status(500))
			b.add(sentTo(other, 1, record.Elsewhere))
		}, "1 failed"},
		"a mirror does not count": {func(b *book) {
			b.add()
			b.add(sentTo(app, 1, record.Forward))
			b.add(sentTo(other, 1, record.Mirror), status(500))
		}, "1 accepted"},
		"one of two apps failed": {func(b *book) {
			b.add()
			b.add(sentTo(app, 1, record.Forward), noAnswer)
			b.add(sentTo(other, 1, record.Forward))
		}, "1 failed"},
		"one of two apps on one port failed": {func(b *book) {
			b.add()
			b.add(sentTo(app, 1, record.Forward), path("/a"), noAnswer)
			b.add(sentTo(app, 1, record.Forward), path("/b"))
		}, "1 failed"},
		"both apps on one port have it": {func(b *book) {
			b.add()
			b.add(sentTo(app, 1, record.Forward), path("/a"), noAnswer)
			b.add(sentTo(app, 1, record.Forward), path("/b"))
			b.add(sentTo(app, 1, record.Replay), path("/a?again"))
		}, "1 accepted"},
		"a redelivery with another query was taken": {func(b *book) {
			b.add(status(500))
			b.add(sentTo(app, 1, record.Forward), path("/in?n=1"), status(500))
			b.add(again(1))
			b.add(sentTo(app, 3, record.Forward), path("/in?n=2"))
		}, "1 accepted"},
		"a redelivery was taken": {func(b *book) {
			b.add(status(500))
			b.add(sentTo(app, 1, record.Forward), status(500))
			b.add(again(1))
			b.add(sentTo(app, 3, record.Forward))
		}, "1 accepted"},
		"the forward is tried again": {func(b *book) {
			b.add()
			b.add(sentTo(app, 1, record.Forward), noAnswer, retryIn(time.Hour))
		}, "1 pending"},
		"sent":                  {func(b *book) { b.add(sentTo(app, 0, record.First)) }, "1 delivered"},
		"sent and not answered": {func(b *book) { b.add(sentTo(app, 0, record.First), noAnswer) }, "1 failed"},
		"a retry delivered it": {func(b *book) {
			b.add(sentTo(app, 0, record.First), status(503), retryIn(time.Second))
			b.add(sentTo(app, 1, record.Attempt))
		}, "1 delivered"},
		"a retry is due": {func(b *book) {
			b.add(sentTo(app, 0, record.First), status(503), retryIn(time.Second))
		}, "1 pending"},
		"under way": {func(b *book) { b.add(sentTo(app, 0, record.First), open) }, "1 pending"},
		"a copy is alone": {func(b *book) { b.add(); b.add(sentTo(app, 1, record.Copy), status(500)) },
			"2 failed, 1 accepted"},
	}
	for name, c := range cases {
		b := newBook(t)
		c.make(b)
		if got := b.listed(store.Filter{}, noon.Add(time.Minute)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTheAppOfAWebhookIsTheOneThatDecidesItsState(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.add()
	b.add(sentTo(app, 1, record.Forward), status(503))
	b.add(sentTo(other, 1, record.Forward))
	got := func() int64 {
		w, err := webhooks.Get(context.Background(), b.Store, 1, noon)
		if err != nil {
			t.Fatal(err)
		}
		return w.App().ID
	}
	if id := got(); id != 2 {
		t.Errorf("one of two apps failed, but the webhook shows exchange %d, want 2", id)
	}
	b.add(sentTo(app, 1, record.Replay))
	if id := got(); id != 4 {
		t.Errorf("both apps have it, but the webhook shows exchange %d, want 4", id)
	}
}

func TestAnAttemptOfAKilledProcessHasFailedAfterTenMinutes(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.add(open)
	b.add(sentTo(app, 0, record.First), open)
	b.add(sentTo(app, 0, record.First), status(503), retryIn(time.Hour))
	for after, want := range map[time.Duration]string{
		time.Minute:                         "3 pending, 2 pending, 1 pending",
		webhooks.Abandoned + 10*time.Second: "3 pending, 2 failed, 1 pending",
		webhooks.Abandoned + 61*time.Minute: "3 failed, 2 failed, 1 pending",
	} {
		if got := b.listed(store.Filter{}, noon.Add(after)); got != want {
			t.Errorf("after %v: %s, want %s", after, got, want)
		}
	}
}

func TestAnEntryOfTheQueueDecidesUntilItHasEnded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ target, path string }{
		"a target with a path":                        {"http://" + app + "/hooks", "/hooks"},
		"one without gets the path of the webhook":    {"http://" + app, "/in?n=1"},
		"one with an empty path gets the webhook's":   {"http://" + app + "/", "/in"},
		"one with a query keeps it before the path's": {"http://" + app + "/hooks?a=1", "/hooks?a=1&n=1"},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); entryDecides(t, c.target, c.path) })
	}
}

// entryDecides has a webhook wait for a target, die, and delivered by a replay, which goes to a path.
func entryDecides(t *testing.T, target, at string) {
	b := newBook(t)
	x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: noon, Ended: true,
		Response: &record.Response{Status: 202},
		Request:  record.Request{Method: "POST", URL: "http://127.0.0.1:4242/in?n=1"}}
	q := &store.Queued{Kind: store.Forward, Target: target, Due: noon, Created: noon}
	if err := b.RecordQueued(t.Context(), x, q); err != nil {
		t.Fatal(err)
	}
	now := noon.Add(time.Minute)
	if got := b.listed(store.Filter{}, now); got != "1 pending" {
		t.Errorf("waiting: %s", got)
	}
	lease := store.LeaseRequest{Kind: store.Forward, Target: q.Target, Owner: "w", Want: 1, Now: now,
		Until: now.Add(time.Minute)}
	leased, err := b.Lease(t.Context(), lease)
	if err != nil || len(leased) != 1 {
		t.Fatal(leased, err)
	}
	leased[0].State, leased[0].Why = store.Dead, "connection refused"
	if err := b.Complete(t.Context(), "w", leased[0], now); err != nil {
		t.Fatal(err)
	}
	if got := b.listed(store.Filter{Failed: true}, now); got != "1 failed" {
		t.Errorf("dead: %s", got)
	}
	b.add(sentTo(app, 1, record.Replay), path("/other"))
	if got := b.listed(store.Filter{}, now); got != "1 failed" {
		t.Errorf("another app on the same port has it: %s", got)
	}
	b.add(sentTo(app, 1, record.Replay), path(at))
	if got := b.listed(store.Filter{}, now); got != "1 accepted" {
		t.Errorf("delivered by a replay: %s", got)
	}
}

// filled has a webhook of each kind, the oldest first: 1 was refused by the app and replayed, 4 is badly signed, 5 was
// sent and delivered by its retry, 7 was sent in vain.
func filled(t *testing.T) *book {
	b := newBook(t)
	b.add(status(502))
	b.add(sentTo(app, 1, record.Forward), noAnswer)
	b.add(func(x *record.Exchange) { x.Request.Body = []byte("haystack") }, mark(record.Stale))
	b.add(invalid, func(x *record.Exchange) { x.WebhookID, x.Scheme = "msg_4", "github" })
	b.add(sentTo("api.example.com", 0, record.First), status(503), retryIn(time.Second))
	b.add(sentTo("api.example.com", 5, record.Attempt))
	b.add(sentTo("[::1]:8080", 0, record.First), status(410), func(x *record.Exchange) { x.EventType = "order.made" })
	b.add(sentTo(app, 1, record.Replay))
	return b
}

func TestFiltersMatchTheWholeWebhook(t *testing.T) {
	t.Parallel()
	b := filled(t)
	ids := func(from, to int64) []store.Range { return []store.Range{{From: from, To: to}} }
	for want, f := range map[string]store.Filter{
		"1 accepted, 7 failed, 5 delivered, 4 rejected, 3 accepted": {},
		"1 accepted, 3 accepted, 4 rejected, 5 delivered, 7 failed": {OldestFirst: true},
		"1 accepted, 7 failed":               {Limit: 2},
		"7 failed":                           {Failed: true},
		"4 rejected":                         {Invalid: true},
		"1 accepted, 4 rejected, 3 accepted": {Kind: record.Received},
		"7 failed, 5 delivered":              {Kind: record.Sent},
		"1 accepted":                         {IDs: ids(2, 2)},
		"1 accepted, 5 delivered":            {IDs: []store.Range{{From: 6, To: 6}, {From: 8, To: 9}}},
		"5 delivered":                        {Endpoint: "api.example.com"},
		"3 accepted":                         {Grep: "hayst"},
		"4 rejected, 3 accepted":             {Until: noon.Add(3 * time.Second)},
		"1 accepted, 7 failed, 5 delivered":  {Since: noon.Add(4 * time.Second)},
	} {
		if got := b.listed(f, noon.Add(time.Minute)); got != want {
			t.Errorf("%+v: %s, want %s", f, got, want)
		}
	}
	for _, c := range []struct {
		filter store.Filter
		want   string
	}{
		{store.Filter{Endpoint: "localhost:3000"}, "1 accepted"},
		{store.Filter{Endpoint: ":3000"}, "1 accepted"},
		{store.Filter{Endpoint: "http://127.0.0.1:3000/some/path"}, "1 accepted"},
		{store.Filter{Endpoint: "::1"}, "7 failed"},
		{store.Filter{Endpoint: "localhost", Kind: record.Sent}, "7 failed"},
		{store.Filter{Endpoint: "*.com"}, "5 delivered"},
		{store.Filter{Endpoint: "nowhere"}, ""},
		{store.Filter{Failed: true, Endpoint: ":3000"}, ""},
		{store.Filter{Status: store.StatusRange{From: 500, To: 599}}, "1 accepted"},
		{store.Filter{Status: store.StatusRange{From: 200, To: 200}, Kind: record.Received}, "1 accepted, 3 accepted"},
		{store.Filter{Scheme: "git*"}, "4 rejected"},
		{store.Filter{Event: "order.*"}, "7 failed"},
		{store.Filter{WebhookID: "msg_4"}, "4 rejected"},
		{store.Filter{IDs: []store.Range{{From: 1, To: 1}, {From: 8, To: 8}}}, "1 accepted"},
		{store.Filter{Marked: record.Stale}, "3 accepted"},
		{store.Filter{Failed: true, OldestFirst: true, Event: "invoice.*"}, ""},
	} {
		if got := b.listed(c.filter, noon.Add(time.Minute)); got != c.want {
			t.Errorf("%+v: %q, want %q", c.filter, got, c.want)
		}
	}
}

// Lists are read in pages; a webhook that gets another exchange meanwhile is neither lost nor listed twice.
func TestAListThatIsReadSlowlyHasEachWebhookOnce(t *testing.T) {
	t.Parallel()
	for _, oldestFirst := range []bool{false, true} {
		b := newBook(t)
		const many = 600
		for range many {
			b.add()
		}
		seen := map[int64]int{}
		for w, err := range webhooks.List(t.Context(), b.Store, store.Filter{OldestFirst: oldestFirst}, noon) {
			if err != nil {
				t.Fatal(err)
			}
			if seen[w.ID]++; len(seen)%10 == 0 {
				b.add(sentTo(app, int64(1+len(seen)*7%many), record.Replay))
			}
		}
		if len(seen) != many {
			t.Errorf("oldest first %t: %d webhooks, want %d", oldestFirst, len(seen), many)
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("oldest first %t: %d is listed %d times", oldestFirst, id, n)
			}
		}
	}
}

func TestTheJSONFormIsThatOfTheLastStateWithItsAttempts(t *testing.T) {
	t.Parallel()
	b := filled(t)
	w, err := webhooks.Get(t.Context(), b.Store, 2, noon)
	if err != nil {
		t.Fatal(err)
	}
	line := w.JSON(w.Last(), export.With{})
	if line.ID != 1 || line.Direction != "received" || line.StatusCode != http.StatusBadGateway ||
		line.Outcome != "accepted" ||
		line.Timestamp != "2026-01-20T12:00:07.000Z" || line.App == nil || line.App.StatusCode != http.StatusOK {
		t.Errorf("%+v", line)
	}
	var kinds []string
	for _, part := range line.Attempts {
		kinds = append(kinds, fmt.Sprintf("%d %s %d%s", part.ID, part.Kind, part.StatusCode, part.Error))
	}
	if got, want := strings.Join(kinds, ", "), "1 attempt 502, 2 forward 0refused, 8 replay 200"; got != want {
		t.Errorf("attempts %s, want %s", got, want)
	}
	if _, err := webhooks.Get(t.Context(), b.Store, 99, noon); err == nil {
		t.Error("a webhook that is not there was found")
	}
}
