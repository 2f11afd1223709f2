package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/store/record"
)

func parse(t *testing.T, text string) *script.Script {
	t.Helper()
	s, err := script.Parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatTheSenderGets(t *testing.T) {
	marked := func(kind record.MarkKind) *record.Exchange {
		return &record.Exchange{Kind: record.Received, Marks: []record.Mark{{Kind: kind}}}
	}
	for name, c := range map[string]struct {
		x    *record.Exchange
		want int
	}{
		"invalid":   {&record.Exchange{Verdict: record.Verdict{Status: record.Invalid}}, http.StatusUnauthorized},
		"undecided": {marked(record.Undecided), http.StatusServiceUnavailable},
		"filtered":  {marked(record.Filtered), http.StatusOK},
		"taken":     {&record.Exchange{Kind: record.Received}, http.StatusOK},
	} {
		g, _ := openGateway(t)
		g.Answers.Respond = nil
		h := g.Receive(c.x)
		same(t, name, h.Reply(t.Context()).Response.Status, c.want)
	}
}

func TestAScriptAnswersInTheOrderInWhichWebhooksAreRecorded(t *testing.T) {
	g, told := openGateway(t)
	g.Answers.Respond = parse(t, "503,204,hang")
	same(t, "the first", through(t, g, hooked("a", "{}")).Response.Status, 503)
	same(t, "the second", through(t, g, hooked("b", "{}")).Response.Status, 204)
	h := g.Receive(&record.Exchange{Kind: record.Received, Request: hooked("c", "{}")})
	h.Check(time.Now())
	if err := h.Record(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "the third", h.Reply(t.Context()).Fault.Kind, listen.Hang)
	if hung := told.of(Hangs); len(hung) != 1 || hung[0].ID != 3 {
		t.Errorf("told %+v", hung)
	}
}

// Anybody can send what has a bad signature, and a flood of large ones would fill the disk.
func TestOfAWebhookWithABadSignatureOnlyTheBeginningIsRecorded(t *testing.T) {
	large := strings.Repeat("x", keptOfInvalid+1)
	for _, whole := range []bool{false, true} {
		g, _ := openGateway(t)
		g.Lanes.Rest = checks("github", keyA)
		g.KeepInvalid = whole
		r := post(t, "github", keyB, large)
		x := through(t, g, r)
		kept, err := g.History.Get(t.Context(), x.ID)
		if err != nil || x.Response.Status != http.StatusUnauthorized {
			t.Fatal(x.Response, err)
		}
		if n := len(kept.Request.Body); whole && n != len(large) || !whole && n != keptOfInvalid {
			t.Errorf("whole %t: %d bytes are recorded", whole, n)
		}
	}
}

// A listener that checks others does nothing with what is sent beside its routes, so it is kept like an invalid one.
func TestAStrayWebhookIsCutShort(t *testing.T) {
	g := newRouted(route.Route{Path: "/pay", Scheme: "github", Secrets: []string{secretA}})
	other, _ := openGateway(t)
	g.History, g.Window, g.Now = other.History, other.Window, other.Now
	r := post(t, "", "", strings.Repeat("x", keptOfInvalid+1))
	r.Target = "/elsewhere"
	h := g.Receive(&record.Exchange{Kind: record.Received, Request: r})
	h.Check(time.Now())
	if err := h.Record(t.Context()); err != nil || len(h.Exchange.Request.Body) != keptOfInvalid {
		t.Errorf("%d bytes are kept, %v", len(h.Exchange.Request.Body), err)
	}
}

func TestWhatIsFilteredOutIsNotRecordedWhereItIsUnlisted(t *testing.T) {
	for _, unlisted := range []bool{false, true} {
		g, told := openGateway(t)
		g.Filter = Filter{Event: func(string) bool { return false }, Unlisted: unlisted}
		x := through(t, g, hooked("a", "{}"))
		same(t, "answered", x.Response.Status, http.StatusOK)
		same(t, "recorded", x.ID != 0, !unlisted)
		same(t, "left out", len(told.of(LeftOut)), map[bool]int{true: 1}[unlisted])
		same(t, "listed", len(told.of(Answered)), map[bool]int{false: 1}[unlisted])
	}
}

// The history and the event have what was answered; while it is answered the webhook is under way.
func TestAWebhookIsUnderWayUntilItIsAnswered(t *testing.T) {
	g, told := openGateway(t)
	x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: time.Now(), Request: hooked("a", "{}")}
	h := g.Receive(x)
	h.Check(x.Start)
	same(t, "before it is recorded", g.UnderWay(), 0)
	if err := h.Record(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "while it is answered", g.UnderWay(), 1)
	x.Response, x.Ended = h.Reply(t.Context()).Response, true
	if err := h.Answered(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "then", g.UnderWay(), 0)
	if err := g.History.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept, err := g.History.Get(t.Context(), x.ID)
	if err != nil || kept.Status() != http.StatusOK {
		t.Errorf("%+v, %v", kept, err)
	}
	if e := told.of(Answered); len(e) != 1 || e[0].ID != x.ID || e[0].Exchange.Status() != http.StatusOK || e[0].IsBeside {
		t.Errorf("told %+v", e)
	}
}

func TestAnAnswerThatItsProviderHadNotWaitedForIsFlagged(t *testing.T) {
	g, told := openGateway(t)
	slack, err := provider.Lookup("slack")
	if err != nil {
		t.Fatal(err)
	}
	g.Provider = &slack
	left := &record.Failure{Kind: record.FailReset, Text: "it left"}
	for i, c := range []struct {
		took time.Duration
		err  *record.Failure
		late bool
	}{{slack.Timeout, nil, false}, {slack.Timeout + 1, nil, true}, {slack.Timeout + 1, left, false}} {
		x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: time.Now(), Request: hooked("a", "{}")}
		h := g.Receive(x)
		if err := h.Record(t.Context()); err != nil {
			t.Fatal(err)
		}
		x.Took, x.Err, x.Ended = c.took, c.err, true
		if err := h.Answered(t.Context()); err != nil {
			t.Fatal(err)
		}
		e := told.of(Answered)[i]
		same(t, "late", e.Exchange.Late != nil, c.late)
		same(t, "the exchange itself", x.Late == nil, true)
	}
}

// What a gateway foresees is what it replies. Where it foresees nothing, something may still change the answer.
func TestWhatIsForeseenIsWhatTheSenderGets(t *testing.T) {
	plain := func(*Gateway) {}
	for name, c := range map[string]struct {
		set      func(*Gateway)
		x        record.Exchange
		foreseen bool
	}{
		"recorded only":  {plain, record.Exchange{}, true},
		"valid":          {plain, record.Exchange{Verdict: record.Verdict{Status: record.Valid}}, true},
		"badly signed":   {plain, record.Exchange{Verdict: record.Verdict{Status: record.Invalid}}, false},
		"a handshake":    {plain, record.Exchange{Handshake: "slack"}, false},
		"filtered":       {plain, record.Exchange{Marks: []record.Mark{{Kind: record.Filtered}}}, false},
		"compared":       {func(g *Gateway) { g.Once = true }, record.Exchange{}, false},
		"scripted":       {func(g *Gateway) { g.Answers.Respond = parse(t, "204") }, record.Exchange{}, false},
		"late":           {func(g *Gateway) { g.Answers.Latency.Max = time.Second }, record.Exchange{}, false},
		"for a provider": {func(g *Gateway) { g.Provider = new(provider.Provider) }, record.Exchange{}, false},
		"by command":     {func(g *Gateway) { g.Runner = new(Runner) }, record.Exchange{}, false},
		"queued":         {func(g *Gateway) { g.Queue = new(Queue) }, record.Exchange{}, false},
		"for an app": {func(g *Gateway) { g.Lanes.Rest.Targets = route.Targets{{URL: "http://h"}} }, record.Exchange{},
			false},
	} {
		g, _ := openGateway(t)
		g.Once = false
		c.set(g)
		x := c.x
		x.Kind, x.Request = record.Received, hooked("a", "{}")
		h := g.Receive(&x)
		r := h.Foreseen()
		if (r != nil) != c.foreseen {
			t.Errorf("%s: foreseen is %+v", name, r)
		}
		if r == nil {
			continue
		}
		given := h.Reply(t.Context())
		if given.Delay != 0 || given.Fault.Kind != "" || given.Response.Status != r.Status || len(r.Header) > 0 ||
			len(given.Response.Header) > 0 || len(given.Response.Body) > 0 {
			t.Errorf("%s: foreseen is %+v, and it gets %+v", name, r, given)
		}
	}
}

// An answer in which something is masked is recorded when it has gone out: what is kept of it is not what went out.
func TestAMaskedAnswerIsNotRecordedAhead(t *testing.T) {
	g, _ := openGateway(t)
	g.History.Redact = func(x *record.Exchange) *record.Exchange {
		if x.Response == nil {
			return x
		}
		kept, r := *x, *x.Response
		r.Head, kept.Response = "HTTP/1.1 200 OK\r\nDate: masked\r\n\r\n", &r
		return &kept
	}
	x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: time.Now(), Request: hooked("a", "{}"), Foreseen: true,
		Response: &record.Response{Status: 200, Head: "HTTP/1.1 200 OK\r\nDate: now\r\n\r\n"}}
	if err := g.Receive(x).Record(t.Context()); err != nil {
		t.Fatal(err)
	}
	if x.Foreseen || x.Response != nil {
		t.Error("it counts as recorded with its answer")
	}
}
