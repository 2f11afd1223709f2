package gateway

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// newRecorder is a gateway with a history, as it is once it has looked back. What it tells of trouble fails the test.
func newRecorder(t *testing.T, path string) *Gateway {
	t.Helper()
	history := openHistory(t, path)
	lookup := new(catalog.Set).Lookup
	g := &Gateway{History: history, Schemes: new(catalog.Set), Redactor: redact.New(lookup, nil, nil),
		Lanes: route.Lanes[*Lane]{Rest: &Lane{}}, Window: dedupe.New(), Once: true, Now: time.Now,
		Budget: listen.NewBudget(1 << 20)}
	g.Tell = func(e Event) {
		if e.Kind == Trouble {
			t.Errorf("trouble with %d: %v", e.ID, e.Err)
		}
	}
	g.load(t.Context())
	return g
}

func temporary(t *testing.T) string { return filepath.Join(t.TempDir(), "history.db") }

// received is a webhook of the scheme that the tests send.
func received(path, id, body, signature string) *record.Exchange {
	x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: time.Now(), WebhookID: id, Scheme: "github",
		Verdict: record.Verdict{Status: record.Valid},
		Request: record.Request{Method: "POST", URL: "http://h" + path, Target: path, Body: []byte(body)}}
	if signature != "" {
		x.Request.Header = record.Header{{Name: "X-Hub-Signature-256", Value: signature}}
	}
	return x
}

func keepOne(t *testing.T, g *Gateway, x *record.Exchange) *Hook {
	t.Helper()
	h := g.Receive(x)
	if err := h.Record(context.Background()); err != nil {
		t.Fatal(err)
	}
	return h
}

func markedAs(x *record.Exchange) string {
	text := ""
	for _, m := range x.Marks {
		text += fmt.Sprintf("%s %d ", m.Kind, m.Of)
	}
	return text
}

// Forty copies at a time: one is the first, it has the lowest id, and what is in the history says the same.
func TestOfManyCopiesExactlyOneIsTheFirst(t *testing.T) {
	g := newRecorder(t, temporary(t))
	for round := range 20 {
		var copies [40]*record.Exchange
		var group sync.WaitGroup
		for i := range copies {
			if copies[i] = received("/in", fmt.Sprint("msg_", round), "{}", ""); round%2 == 1 { // known by its signature alone
				copies[i] = received("/in", "", "{}", fmt.Sprint("sha256=", round))
			}
			group.Go(func() {
				if err := g.Receive(copies[i]).Record(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		first := copies[0].ID
		for _, x := range copies {
			first = min(first, x.ID)
		}
		for _, x := range copies {
			want := ""
			if x.ID != first {
				want = fmt.Sprintf("duplicate %d ", first)
			}
			kept, err := g.History.Get(t.Context(), x.ID)
			if err != nil || markedAs(x) != want || markedAs(kept) != want {
				t.Fatalf("round %d: %d is marked %q, in the history %q, want %q; %v", round, x.ID, markedAs(x), markedAs(kept),
					want, err)
			}
		}
	}
}

func TestWhatIsADuplicate(t *testing.T) {
	unchecked, timed := received("/in", "a", "{}", "s"), received("/in", "c", "{}", "s")
	token := received("/in", "", "{}", "")
	invalid, filtered := received("/in", "z", "{}", "q"), received("/in", "f", "{}", "f")
	undecided := received("/in", "u", "{}", "u2")
	unchecked.Verdict = record.Verdict{}
	timed.Verdict.HasAge = true
	token.Scheme, token.Request.Header = "gitlab", record.Header{{Name: "X-Gitlab-Token", Value: "t"}}
	again := *token
	invalid.Verdict.Status = record.Invalid
	filtered.Marks, undecided.Marks = []record.Mark{{Kind: record.Filtered}}, []record.Mark{{Kind: record.Undecided}}
	g := newRecorder(t, temporary(t))
	for i, c := range []struct {
		x    *record.Exchange
		want string
	}{
		{received("/in", "a", "{}", "s"), ""},
		{received("/in", "a", "{}", "t"), "duplicate 1 "},   // signed anew
		{received("/in?x", "a", "{}", "t"), "duplicate 1 "}, // the same endpoint
		{received("//in/", "a", "{}", "t"), "duplicate 1 "}, // as a router has it
		{received("/other", "a", "{}", "s"), ""},            // another endpoint
		{unchecked, ""},                                     // an id that anybody may have written
		{received("/in", "a", "{ }", "u"), "reused_id 1 "},  // another webhook
		{received("/in", "a", "{ }", "u"), "duplicate 7 reused_id 1 "},
		{received("/in", "b", "{}", "s"), "duplicate 1 "}, // the very bytes under another id
		{received("/in", "b", "{}", "v"), "duplicate 9 "},
		{timed, "duplicate 1 "},
		{received("/in", "", "{}", "s"), "duplicate 1 "},
		{received("/in", "", "{}", "w"), ""},                                     // nothing but the body is the same
		{received("/in", "", "{}", ""), ""}, {received("/in", "", "{}", ""), ""}, // nothing to know it by
		{token, ""}, {&again, ""}, // a token is in every webhook
		{invalid, ""}, {received("/in", "z", "{}", "q"), ""}, // what was refused does not count
		{filtered, "filtered 0 "}, {received("/in", "f", "{}", "f"), ""}, // nor what was not handed on
		{undecided, "undecided 0 "}, {received("/in", "u", "{}", "u2"), ""},
	} {
		if keepOne(t, g, c.x); markedAs(c.x) != c.want {
			t.Errorf("%d: marked %q, want %q", i+1, markedAs(c.x), c.want)
		}
	}
}

func TestWhatIsOlder(t *testing.T) {
	g := newRecorder(t, temporary(t))
	noon := time.Now()
	for i, c := range []struct {
		id, event string
		signed    time.Duration
		checked   record.VerdictStatus
		want      string
	}{
		{"1", "a", 0, record.Valid, ""},
		{"2", "a", -900 * time.Millisecond, record.Valid, ""}, // whole seconds make such differences
		{"3", "a", -2 * time.Second, record.Valid, "older 1 "},
		{"4", "b", -2 * time.Second, record.Valid, ""},
		{"5", "a", time.Second, record.Valid, ""},
		{"6", "a", -time.Second, record.Valid, "older 5 "},
		{"6", "a", -time.Minute, record.Valid, "duplicate 6 "}, // that says it
		{"7", "a", -time.Minute, "", ""},
	} {
		x := received("/in", c.id, "{}", "s"+c.id)
		x.EventType, x.Start = c.event, noon
		x.Verdict = record.Verdict{Status: c.checked, HasAge: true, Age: -c.signed}
		if keepOne(t, g, x); markedAs(x) != c.want {
			t.Errorf("%d: marked %q, want %q", i+1, markedAs(x), c.want)
		}
	}
}

// A restart knows by the history what the listener before it knew.
func TestAListenerLooksBack(t *testing.T) {
	path := temporary(t)
	g := newRecorder(t, path)
	for _, x := range []*record.Exchange{received("/in", "a", "{}", "s"), received("/in", "a", "{}", "t"),
		received("/in", "", "{}", "u"), received("/in", "b", "{}", "v"), received("/in", "c", "{}", "w"),
		received("/in", "c", "{}", "w")} {
		keepOne(t, g, x)
		x.Ended, x.Response = true, &record.Response{Status: 200}
		if x.WebhookID == "b" || x.ID == 5 { // the copy of 5 is accepted
			x.Response.Status = 500
		}
		if err := g.History.Answer(context.Background(), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.History.Close(); err != nil {
		t.Fatal(err)
	}
	g = newRecorder(t, path)
	passed := func() *record.Response { return &record.Response{Status: 299} }
	for i, c := range []struct {
		x      *record.Exchange
		want   string
		status int
	}{
		{received("/in", "a", "{}", "x"), "duplicate 1 ", 200},
		{received("/in", "a", "{ }", "y"), "reused_id 1 ", 299},
		{received("/in", "", "{}", "u"), "duplicate 3 ", 200},
		{received("/in", "c", "{}", "x"), "duplicate 5 ", 200},
		{received("/in", "b", "{}", "v"), "duplicate 4 ", 299},
		{received("/in", "b", "{}", "v"), "duplicate 4 ", 200},
	} {
		h := keepOne(t, g, c.x)
		if response := h.handOnce(context.Background(), passed); markedAs(c.x) != c.want || response.Status != c.status {
			t.Errorf("%d: marked %q, want %q; answered %d, want %d", i, markedAs(c.x), c.want, response.Status, c.status)
		}
	}
}

// What the queue has promised counts, whatever its sender heard: a kill may have come before the answer was recorded.
// What was given up is handed on again.
func TestAListenerLooksBackIntoTheQueue(t *testing.T) {
	ctx, path := context.Background(), temporary(t)
	g := newRecorder(t, path)
	entry := func() *store.Queued {
		return &store.Queued{Kind: store.Forward, Target: "http://h", Owner: "one", Inline: true,
			Due: time.Now().Add(time.Hour), Created: time.Now()}
	}
	open, dead := entry(), entry()
	for id, q := range map[string]*store.Queued{"open": open, "dead": dead} {
		if err := g.History.RecordQueued(ctx, received("/in", id, "{}", id), q); err != nil {
			t.Fatal(err)
		}
	}
	gone := received("/in", "dead", "{}", "dead")
	gone.ID, gone.Ended, gone.Response = dead.Thread, true, &record.Response{Status: 200}
	dead.State = store.Dead
	if err := g.History.Answer(ctx, gone); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(g.History.Complete(ctx, "one", dead, time.Now()), g.History.Close()); err != nil {
		t.Fatal(err)
	}
	g = newRecorder(t, path)
	for id, want := range map[string]int{"open": 200, "dead": 299} {
		h := keepOne(t, g, received("/in", id, "{}", "x"))
		if got := h.handOnce(ctx, func() *record.Response { return &record.Response{Status: 299} }); got.Status != want {
			t.Errorf("%s: answered %d, want %d", id, got.Status, want)
		}
	}
}

// An app may refuse for good what is still being acknowledged.
func TestWhatIsGivenUpBeforeItsAnswerIsNotAccepted(t *testing.T) {
	g := newRecorder(t, temporary(t))
	calls := 0
	for range 3 {
		h := keepOne(t, g, received("/in", "a", "{}", "s"))
		h.handOnce(context.Background(), func() *record.Response {
			if calls++; calls == 1 {
				g.reject(h.Exchange)
			}
			return &record.Response{Status: 200}
		})
	}
	if calls != 2 {
		t.Errorf("handed on %d times, want 2", calls)
	}
}

// Under another id the very bytes are the same webhook only where the signature covers a time. Else two webhooks may be
// alike, and neither is held back.
func TestAnotherIDIsHeldBackOnlyWhereTheSignatureIsMadeOnce(t *testing.T) {
	for timed, want := range map[bool]int{false: 299, true: 200} {
		g := newRecorder(t, temporary(t))
		for i, id := range []string{"a", "b"} {
			x := received("/in", id, "{}", "s")
			x.Verdict.HasAge = timed
			response := keepOne(t, g, x).handOnce(context.Background(),
				func() *record.Response { return &record.Response{Status: 299} })
			if i == 1 && (response.Status != want || markedAs(x) != "duplicate 1 ") {
				t.Errorf("timed %t: answered %d, marked %q", timed, response.Status, markedAs(x))
			}
		}
	}
}

// Copies wait for the one that is handed on; when it fails the next is, and once one is accepted all are.
func TestCopiesTakeTurns(t *testing.T) {
	g := newRecorder(t, temporary(t))
	var at, calls, most atomic.Int64
	handOn := func() *record.Response {
		most.Store(max(most.Load(), at.Add(1)))
		defer at.Add(-1)
		if calls.Add(1) < 3 {
			return &record.Response{Status: 503}
		}
		return &record.Response{Status: 202}
	}
	var answers [600]atomic.Int64
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			h := g.Receive(received("/in", "a", "{}", "s"))
			if err := h.Record(context.Background()); err != nil {
				t.Error(err)
				return
			}
			answers[h.handOnce(context.Background(), handOn).Status].Add(1)
		})
	}
	group.Wait()
	same(t, "calls, and how many at a time", [2]int64{calls.Load(), most.Load()}, [2]int64{3, 1})
	got := [3]int64{answers[503].Load(), answers[202].Load(), answers[200].Load()}
	same(t, "answered 503, 202 and 200", got, [3]int64{2, 1, 37})
}

func TestACopyThatWaitsTooLongComesAgain(t *testing.T) {
	g := newRecorder(t, temporary(t))
	first, second := keepOne(t, g, received("/in", "a", "{}", "s")), keepOne(t, g, received("/in", "a", "{}", "s"))
	begun, hangs, ends := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ends)
		first.handOnce(context.Background(), func() *record.Response {
			close(begun)
			<-hangs
			return &record.Response{Status: 200}
		})
	}()
	<-begun
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	answer := second.handOnce(ctx, func() *record.Response { t.Error("handed on twice"); return nil })
	if answer.Status != 503 || answer.Header.Get("Retry-After") != "1" {
		t.Errorf("answered %d %v", answer.Status, answer.Header)
	}
	close(hangs)
	<-ends
}
