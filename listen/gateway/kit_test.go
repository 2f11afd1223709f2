package gateway

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// inBubble runs a test with a history of its own while time stands still but for waits.
func inBubble(t *testing.T, test func(t *testing.T, history *store.Store)) {
	t.Helper()
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history.db")
	synctest.Test(t, func(t *testing.T) {
		history, err := store.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer history.Close()
		test(t, history)
	})
}

// telling collects what a gateway tells.
type telling struct {
	mu  sync.Mutex
	all []Event
}

func (s *telling) tell(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, e)
}

// of returns the events of a kind.
func (s *telling) of(kind Kind) (events []Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.all), func(e Event) bool { return e.Kind != kind })
}

// newGateway is a gateway with one lane that checks nothing, as it is once it has looked back.
func newGateway(t *testing.T, history *store.Store, targets ...route.Target) (*Gateway, *telling) {
	t.Helper()
	told := &telling{}
	g := &Gateway{History: history, Schemes: new(catalog.Set), Window: dedupe.New(), Once: true, Now: time.Now,
		Lanes:    route.Lanes[*Lane]{Rest: &Lane{Greeter: Greeter{Off: true}, Targets: targets}},
		Redactor: redact.New(new(catalog.Set).Lookup, nil, nil), Budget: listen.NewBudget(1 << 20),
		Policy: deliver.Policy{Timeout: time.Minute},
		Tell:   told.tell}
	g.load(t.Context())
	return g, told
}

// openGateway is newGateway with a history on disk, for tests with real sockets and processes.
func openGateway(t *testing.T, targets ...route.Target) (*Gateway, *telling) {
	t.Helper()
	return newGateway(t, openHistory(t, temporary(t)), targets...)
}

// through takes a request all the way, as package listen does, and returns its exchange with the answer.
func through(t *testing.T, g *Gateway, r record.Request) *record.Exchange {
	t.Helper()
	ctx, x := context.Background(), &record.Exchange{Kind: record.Received, Attempt: 1, Start: time.Now(), Request: r}
	h := g.Receive(x)
	found := h.Check(x.Start)
	x.Verdict, x.Scheme, x.WebhookID, x.EventType = found.Verdict, found.Scheme, found.WebhookID, found.EventType
	x.Handshake, x.Marks = found.Handshake, append(x.Marks, found.Marks...)
	if err := h.Record(ctx); err != nil {
		t.Fatal(err)
	}
	x.Response, x.Ended, x.Took = h.Reply(ctx).Response, true, time.Since(x.Start)
	if err := h.Answered(ctx); err != nil {
		t.Fatal(err)
	}
	return x
}

// hooked is a webhook of the Standard Webhooks scheme that nothing signs.
func hooked(id, body string) record.Request {
	return record.Request{Method: "POST", URL: "http://h/in", Target: "/in", Proto: "HTTP/1.1", Body: []byte(body),
		Header: record.Header{{Name: "Webhook-Id", Value: id}}}
}

// app is an app that gets webhooks without a network. Its answer depends on how many it got.
type app struct {
	takes  time.Duration
	status func(n int) int // nil: always 200

	begun time.Time
	mu    sync.Mutex
	got   []string // "body @ seconds since begun"
}

// Do answers a request after the time the app takes.
func (a *app) Do(ctx context.Context, x *record.Exchange) {
	x.Start = time.Now()
	a.mu.Lock()
	a.got = append(a.got, fmt.Sprintf("%s @%g", x.Request.Body, time.Since(a.begun).Seconds()))
	n := len(a.got)
	a.mu.Unlock()
	select {
	case <-time.After(a.takes):
		x.Response = &record.Response{Status: http.StatusOK}
		if a.status != nil {
			x.Response.Status = a.status(n)
		}
	case <-ctx.Done():
		x.Err = &record.Failure{Kind: record.FailInterrupted, Text: "interrupted"}
	}
	x.Took, x.Ended = time.Since(x.Start), true
}

func (a *app) came() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.got, ", ")
}

// states are the entries of the queue in one line: kind, state, attempts and why.
func states(t *testing.T, history *store.Store) string {
	t.Helper()
	entries, err := history.Queue(context.Background(), store.QueueFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, q := range entries {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%d %s %d %s", q.Kind, q.State, q.Attempts, q.Why)))
	}
	return strings.Join(all, ", ")
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// start has a gateway start as a listener does, which looks back anew.
func start(t *testing.T, g *Gateway) (end func(cut bool)) {
	t.Helper()
	g.Window = dedupe.New()
	return g.Start(t.Context())
}
