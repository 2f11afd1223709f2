package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// newClient is a client for real networks, as a listener has it.
func newClient(t *testing.T) *deliver.Client {
	t.Helper()
	client, err := deliver.NewClient(deliver.Options{Room: listen.TakeRoom})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// serving is the URL of an app on a real socket.
func serving(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL
}

// receiving is the URL of a listener that hands its requests to a gateway.
func receiving(t *testing.T, g *Gateway) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &listen.Server{Receive: func(x *record.Exchange) listen.Hook { return g.Receive(x) }, Budget: g.Budget}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := server.Serve(ctx, ln); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return "http://" + ln.Addr().String() + "/in"
}

// send sends a webhook to a listener, and returns the status and the body of the answer.
func send(t *testing.T, to, body string) string {
	t.Helper()
	response, err := http.Post(to, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %.40s", response.StatusCode, text)
}

func TestTheSenderGetsTheAnswerOfTheApp(t *testing.T) {
	broken := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	}
	for name, c := range map[string]struct {
		app    http.HandlerFunc
		budget int64
		answer string
		told   func(e Event) bool
	}{
		"an answer": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = io.Copy(w, r.Body)
		}, 1 << 20, "201 {}", func(e Event) bool { return e.Failure == nil && e.Exchange.Status() == 201 }},
		"half an answer": {broken, 1 << 20, "502 ",
			func(e Event) bool { return e.Failure != nil && e.Exchange.Response != nil && !e.Cut }},
		"an answer without room": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 1<<20))
		}, 256 << 10, "502 the app's answer is too large", func(e Event) bool { return e.Failure != nil && e.Cut }},
		"no answer": {nil, 1 << 20, "502 ", func(e Event) bool { return e.Failure != nil && e.Exchange.Response == nil }},
	} {
		t.Run(name, func(t *testing.T) {
			to := "http://127.0.0.1:1/"
			if c.app != nil {
				to = serving(t, c.app)
			}
			g, told := openGateway(t, route.Target{URL: to})
			g.Client, g.Budget = newClient(t), listen.NewBudget(c.budget)
			if got := send(t, receiving(t, g), "{}"); !strings.HasPrefix(got, c.answer) {
				t.Errorf("answered %q, want %q", got, c.answer)
			}
			forwards := told.of(Forwarded)
			if len(forwards) != 1 || forwards[0].ID != 1 || !c.told(forwards[0]) {
				t.Fatalf("told %+v", forwards)
			}
			kept, err := g.History.Get(t.Context(), forwards[0].Exchange.ID)
			if err != nil || kept.Thread != 1 || kept.Kind == record.Received {
				t.Errorf("the history has %+v, %v", kept, err)
			}
		})
	}
}

func TestATargetThatCannotBeForwardedToIsTold(t *testing.T) {
	g, told := openGateway(t, route.Target{URL: "ftp://h/"})
	same(t, "answered", through(t, g, hooked("a", "{}")).Response.Status, http.StatusBadGateway)
	if e := told.of(Trouble); len(e) != 1 || !strings.Contains(e[0].Err.Error(), "not an http or https URL") {
		t.Errorf("told %+v", e)
	}
}

func TestMirrorsAreComparedWithTheApp(t *testing.T) {
	answer := func(text string) string {
		return serving(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	g, told := openGateway(t, route.Target{URL: answer("one")}, route.Target{URL: answer("one"), Mirror: true},
		route.Target{URL: answer("two"), Mirror: true}, route.Target{URL: "ftp://h/", Mirror: true},
		route.Target{URL: answer("three")})
	g.Client = newClient(t)
	same(t, "answered", string(through(t, g, hooked("a", "{}")).Response.Body), "one")
	g.mirrors.end(time.Minute)
	alike := map[string]bool{}
	for _, e := range told.of(Compared) {
		alike[string(e.Exchange.Response.Body)] = e.Same
		m, ok, err := g.History.Mirror(t.Context(), e.Exchange.ID)
		if err != nil || !ok || !m.Compared || m.Same != e.Same || m.Of != e.App.ID {
			t.Errorf("the history has %+v, %t, %v", m, ok, err)
		}
	}
	same(t, "compared", alike, map[string]bool{"one": true, "two": false})
	same(t, "mirrored", len(told.of(Mirrored)), 3) // the last one is no mirror, and is sent all the same
	if e := told.of(MirrorFailed); len(e) != 1 || e[0].ID != 1 || e[0].Target != "ftp://h/" || e[0].Err == nil {
		t.Errorf("told %+v", e)
	}
	same(t, "under way", g.UnderWay(), 0)
	same(t, "bytes", g.mirrors.bytes.Load(), 0)
}

func TestAMirrorWithoutAnAnswerIsUnlikeOneThatAnswers(t *testing.T) {
	answered := &record.Exchange{Response: &record.Response{Status: 200}}
	failed := &record.Exchange{Err: &record.Failure{}}
	same(t, "one of them", alike(answered, failed), false)
	same(t, "both", alike(failed, failed), true)
}

// A mirror that hangs keeps the listener from ending for endGrace, then it is cut off.
func TestMirrorsHaveAMomentToEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		g, told := newGateway(t, history, route.Target{URL: testApp}, route.Target{URL: testApp, Mirror: true})
		slow := &app{takes: time.Hour, begun: time.Now()}
		g.Client = slow
		x := &record.Exchange{ID: 1, Request: hooked("a", "{}")}
		began := time.Now()
		end := start(t, g)
		g.mirror(x, &record.Exchange{ID: 2, Response: &record.Response{Status: 200}}, g.Lanes.Rest)
		synctest.Wait()
		same(t, "under way", g.UnderWay(), 1)
		end(false)
		same(t, "it took", time.Since(began), endGrace)
		if e := told.of(Mirrored); len(e) != 1 || e[0].Exchange.Err.Kind != record.FailInterrupted {
			t.Errorf("told %+v", e)
		}
	})
}

func TestAMirrorThatDoesNotKeepUpLeavesTheBoundsAsTheyAre(t *testing.T) {
	g, told := openGateway(t, route.Target{URL: testApp}, route.Target{URL: testApp, Mirror: true})
	g.mirrors.count.Store(mirrorsWaiting)
	x := received("/in", "msg_1", "{}", "")
	g.mirror(x, x, g.Lanes.Rest)
	if count, bytes := g.mirrors.count.Load(), g.mirrors.bytes.Load(); count != mirrorsWaiting || bytes != 0 {
		t.Errorf("%d wait, of %d bytes", count, bytes)
	}
	if e := told.of(MirrorSkipped); len(e) != 1 || e[0].Target != testApp {
		t.Errorf("told %+v", e)
	}
}
