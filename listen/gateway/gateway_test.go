package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

var now = time.Unix(1_760_000_000, 0)

// listening is a gateway with one lane, and the events that it tells.
func listening(t *testing.T, l *Lane) (*Gateway, *[]Event) {
	t.Helper()
	var events []Event
	g := &Gateway{Schemes: new(catalog.Set), Tell: func(e Event) { events = append(events, e) }}
	g.Lanes.Rest, g.Lanes.ChecksAs = l, (*Lane).ChecksAs
	return g, &events
}

// checks is a lane that checks with secrets; no scheme is auto.
func checks(scheme string, secrets ...string) *Lane {
	l := &Lane{Greeter: Greeter{Off: true}}
	v := &verifier.Verifier{Auto: scheme == ""}
	v.Scheme, _ = catalog.Lookup(scheme)
	for _, key := range secrets {
		v.Secrets = append(v.Secrets, sign.Secret{Name: "env:" + strings.ToUpper(key[:1]), Key: []byte(key)})
	}
	l.Verifier.Store(v)
	return l
}

// post is a request with a body that a scheme has signed at now; no scheme signs nothing.
func post(t *testing.T, scheme, key, body string, fields ...record.Field) record.Request {
	t.Helper()
	r := record.Request{Method: "POST", URL: "http://127.0.0.1/in", Target: "/in", Header: fields, Body: []byte(body)}
	s, ok := catalog.Lookup(scheme)
	if !ok {
		return r
	}
	m := sign.Message{Method: r.Method, URL: r.URL, Header: http.Header{}, Body: r.Body, Time: now, ID: "msg_1",
		Event: "push"}
	signed, err := s.Sign(m, sign.Secret{Key: []byte(key)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range signed.Fields {
		r.Header = append(r.Header, record.Field(f))
	}
	return r
}

// check has a gateway check a request, and returns its hook.
func check(g *Gateway, r record.Request) *Hook {
	h := g.Receive(&record.Exchange{ID: 7, Kind: record.Received, Request: r})
	found, x := h.Check(now), h.Exchange
	x.Verdict, x.Scheme, x.WebhookID, x.EventType = found.Verdict, found.Scheme, found.WebhookID, found.EventType
	x.Handshake, x.Marks = found.Handshake, found.Marks
	return h
}

func kinds(events []Event) (ks []Kind) {
	for _, e := range events {
		ks = append(ks, e.Kind)
	}
	return ks
}

func wantKinds(t *testing.T, events *[]Event, want ...Kind) {
	t.Helper()
	got := kinds(*events)
	if len(got) != len(want) {
		t.Fatalf("told %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("told %v, want %v", got, want)
		}
	}
}

const (
	keyA = "a secret of the tests, long"
	keyB = "b secret of the tests, long"
)

func openHistory(t *testing.T, path string) *store.Store {
	t.Helper()
	history, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	return history
}

// A secret that has verified a scheme verifies no weaker one, for this listener, a second one and a later one.
func TestASecretStaysWithTheSchemeThatItVerified(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	g, events := listening(t, checks("", keyA))
	g.History = openHistory(t, path)
	other, otherEvents := listening(t, checks("", keyA))
	other.History = openHistory(t, path)
	github, stripe := post(t, "github", keyA, "{}"), post(t, "stripe", keyA, "{}")
	if h := check(g, github); h.Exchange.Verdict.Status != record.Valid {
		t.Fatalf("%+v", h.Exchange.Verdict)
	}
	check(g, github)
	wantKinds(t, events, Pinned)
	if e := (*events)[0]; e.Secret != "env:A" || e.Scheme != "github" || e.Before != "" || e.Path != "" {
		t.Errorf("%+v", e)
	}
	if h := check(other, stripe); h.Exchange.Verdict.Status != record.Valid { // a stricter scheme moves the pin
		t.Errorf("%+v", h.Exchange.Verdict)
	}
	if e := (*otherEvents)[0]; e.Kind != Pinned || e.Scheme != "stripe" || e.Before != "github" {
		t.Errorf("%+v", e)
	}
	for range 2 {
		if h := check(g, github); h.Exchange.Verdict.Reason != string(sign.WeakerSignature) {
			t.Errorf("a weaker scheme: %+v", h.Exchange.Verdict)
		}
	}
	wantKinds(t, events, Pinned, Weaker)
}

func TestWithoutItsPinsAListenerGoesOn(t *testing.T) {
	g, events := listening(t, checks("", keyA))
	g.History = openHistory(t, filepath.Join(t.TempDir(), "history.db"))
	_ = g.History.Close()
	for range 2 {
		if h := check(g, post(t, "github", keyA, "{}")); h.Exchange.Verdict.Status != record.Valid {
			t.Errorf("%+v", h.Exchange.Verdict)
		}
	}
	wantKinds(t, events, PinsUnread)
}

func TestASpellingThatTheSDKRefusesIsToldOnce(t *testing.T) {
	g, events := listening(t, checks("github", keyA))
	r := post(t, "github", keyA, "{}")
	for i, f := range r.Header {
		r.Header[i].Value = strings.Replace(strings.ToUpper(f.Value), "SHA256", "sha256", 1)
	}
	check(g, r)
	check(g, r)
	wantKinds(t, events, SpellingRefused)
}

func TestAHostThatOnlyTheSenderNamesIsToldOnce(t *testing.T) {
	g, events := listening(t, &Lane{})
	var signsHost sign.Scheme
	for _, s := range catalog.All() {
		if s.SignsHost() {
			signsHost = s
		}
	}
	plain, _ := catalog.Lookup("github")
	g.TellHost(g.Lanes.Rest, plain)
	g.TellHost(&Lane{PublicURL: "https://example.com"}, signsHost)
	g.TellHost(g.Lanes.Rest, signsHost)
	g.TellHost(g.Lanes.Rest, signsHost)
	wantKinds(t, events, HostUnchecked)
	r := &record.Request{URL: "http://127.0.0.1:4242/in?a=b"}
	got := Publicly("https://example.com", r) + " " + Publicly("", r)
	if got != "https://example.com/in?a=b http://127.0.0.1:4242/in?a=b" {
		t.Error(got)
	}
}

func TestAnUncheckedRequestIsNamedByItsHeaders(t *testing.T) {
	g, _ := listening(t, &Lane{Greeter: Greeter{Off: true}})
	x := check(g, post(t, "github", keyA, "{}")).Exchange
	if x.Scheme != "github" || x.EventType != "push" || x.Verdict.Status != record.Unchecked {
		t.Errorf("%+v", x)
	}
	if x := check(g, post(t, "", "", "{}")).Exchange; x.Scheme != "" {
		t.Errorf("%+v", x)
	}
}

// What is unchecked beside checked routes does not count, and goes nowhere that wants a signature.
func TestWhatComesBesideTheCheckedRoutesDoesNotCount(t *testing.T) {
	g, _ := listening(t, &Lane{Greeter: Greeter{Off: true}})
	checked := checks("github", keyA)
	checked.Route, checked.Targets = &route.Route{Path: "/pay"}, []route.Target{{URL: "http://127.0.0.1:1"}}
	g.Lanes.Rows = []*Lane{checked}
	if h := check(g, post(t, "", "", "{}")); !h.isBeside() || len(h.lane().Targets) != 0 || h.checkedBy() != g.Lanes.Rest {
		t.Errorf("%+v", h.lane())
	}
	if found := g.Receive(&record.Exchange{Request: post(t, "", "", "{}")}).Check(now); !found.Uncounted {
		t.Error("it counts")
	}
	paid := post(t, "github", keyA, "{}")
	paid.Target = "/pay"
	if h := check(g, paid); h.isBeside() || h.lane().Targets.First() != "http://127.0.0.1:1" || h.checkedBy() != checked {
		t.Errorf("%+v", h.Exchange.Verdict)
	}
	x := &record.Exchange{Start: now, Request: paid}
	foreign := &record.Exchange{Start: now, Request: post(t, "github", keyB, "{}")}
	foreign.Request.Target = "/pay"
	if !g.wouldTake(x) || g.wouldTake(foreign) || !g.wouldTake(&record.Exchange{Request: post(t, "", "", "")}) {
		t.Error("it takes what is another's, or not what is its own")
	}
	if len(g.All()) != 2 || checked.Row() != checked.Route {
		t.Error("a lane is missing")
	}
}

func TestAWebhookOnWhichAnExpressionFailsIsHandedOnAndSaidEachTime(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		g, told := newGateway(t, history)
		g.Filter.Where = func(*record.Exchange) (bool, error) { return false, errors.New("no number") }
		g.Answers.Rules = []script.Rule{{Where: func(*record.Exchange) (bool, error) { return false, errors.New("no list") }}}
		for _, id := range []string{"a", "b"} {
			x := through(t, g, hooked(id, "{}"))
			if len(x.Marks) > 0 || x.Status() != 200 {
				t.Errorf("%d is marked %v and answered %d", x.ID, x.Marks, x.Status())
			}
		}
		said := ""
		for _, e := range told.of(FilterFailed) {
			said += fmt.Sprint(e.ID, " ", e.Err, "; ")
		}
		same(t, "said", said, "1 no number; 1 no list; 2 no number; 2 no list; ")
	})
}

func TestARouteTakesWhatItsExpressionChoosesAndWhatThatFailsOn(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		g, told := newGateway(t, history)
		asked := ""
		g.Lanes.Rows = []*Lane{{Route: &route.Route{Path: "/in", Where: "x"}, Greeter: Greeter{Off: true},
			Where: func(x *record.Exchange) (bool, error) {
				asked = fmt.Sprint(x.Kind, " ", x.Attempt, " ", x.ID, " ", x.Status())
				if string(x.Request.Body) == "wrong" {
					return false, errors.New("no number")
				}
				return string(x.Request.Body) == "yes", nil
			}}}
		for body, want := range map[string]*Lane{"yes": g.Lanes.Rows[0], "no": g.Lanes.Rest, "wrong": g.Lanes.Rows[0]} {
			x := through(t, g, hooked(body, body))
			if to := g.laneFor(x); to != want {
				t.Errorf("%s goes to %+v", body, to)
			}
			same(t, "asked about", asked, "received 1 0 0") // the same before and after the answer
		}
		if said := told.of(FilterFailed); len(said) != 1 || said[0].ID == 0 || said[0].Err.Error() != "no number" {
			t.Errorf("told %+v", said)
		}
	})
}

func TestOfABadSignatureNoExpressionIsToldToFail(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		g, told := newGateway(t, history)
		lane := checks("github", keyA)
		lane.Route = &route.Route{Path: "/in", Where: "x"}
		lane.Where = func(*record.Exchange) (bool, error) { return false, errors.New("no number") }
		g.Lanes.Rows = []*Lane{lane}
		if x := through(t, g, post(t, "github", keyB, "{}")); x.Status() != 401 || len(told.of(FilterFailed)) != 0 {
			t.Errorf("a forged one is answered %d, told %v", x.Status(), told.of(FilterFailed))
		}
		if x := through(t, g, post(t, "github", keyA, "{}")); x.Status() != 200 || len(told.of(FilterFailed)) != 1 {
			t.Errorf("a genuine one is answered %d, told %v", x.Status(), told.of(FilterFailed))
		}
	})
}

func TestWhatIsNotAskedForIsMarked(t *testing.T) {
	g, events := listening(t, checks("github", keyA))
	event := true
	var ok bool
	var err error
	g.Filter.Event = func(string) bool { return event }
	g.Filter.Where = func(x *record.Exchange) (bool, error) {
		if x.Scheme != "github" || string(x.Request.Body) != "{}" || !x.Start.Equal(now) {
			t.Errorf("asked about %+v", x)
		}
		return ok, err
	}
	marks := func(r record.Request) string {
		text := ""
		for _, m := range check(g, r).Exchange.Marks {
			text += string(m.Kind)
		}
		return text
	}
	r := post(t, "github", keyA, "{}")
	for i, c := range []struct {
		event, ok bool
		err       error
		want      record.MarkKind
	}{
		{true, true, nil, ""}, {true, false, nil, record.Filtered}, {false, true, nil, record.Filtered},
		{true, true, errors.New("no number"), ""}, {false, true, errors.New("no number"), record.Filtered},
		{true, true, context.DeadlineExceeded, record.Undecided}, {true, true, context.DeadlineExceeded, record.Undecided},
	} {
		event, ok, err = c.event, c.ok, c.err
		if got := marks(r); got != string(c.want) {
			t.Errorf("%d: marked %q, want %q", i, got, c.want)
		}
	}
	wantKinds(t, events, FilterTooSlow)
	if got := marks(post(t, "github", keyB, "{}")); got != "" { // a bad signature is refused and not filtered
		t.Errorf("marked %q", got)
	}
	g.Lanes.Rest = checks("stripe", keyA)
	now := now
	h := g.Receive(&record.Exchange{Request: post(t, "stripe", keyA, "{}")})
	if found := h.Check(now.Add(time.Hour)); len(found.Marks) != 1 || found.Marks[0].Kind != record.Stale {
		t.Errorf("marked %v", found.Marks)
	}
}

func TestLanesOfOnePathRememberTheirPinsWhenTheHistoryCannotBeRead(t *testing.T) {
	first, second := checks("", "a-secret-of-sixteen"), checks("", "b-secret-of-sixteen")
	g, _ := openGateway(t)
	secret := first.Verifier.Load().Secrets[0]
	g.pin(&pinning{lane: first, secret: secret, scheme: "stripe"}, now)
	for _, l := range []*Lane{first, second} {
		g.pinned(l, l.Verifier.Load())
	}
	if err := g.History.Close(); err != nil {
		t.Fatal(err)
	}
	got := g.pinned(first, first.Verifier.Load())
	same(t, "pin of the first lane", got[string(secret.Key)], "stripe")
}
