package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/record"
)

// whole is an exchange in which every field is set, none to its zero value or to what another has.
func whole() *record.Exchange {
	return &record.Exchange{
		Thread: 4711, Webhook: 4711, Role: record.Replay, Attempt: 3, Kind: record.Sent, Remote: "[::1]:8443",
		ServerName: "hooks.test", Start: noon,
		Took:   41 * time.Millisecond,
		Phases: record.Phases{DNS: 1, Connect: 2, TLS: 3, FirstByte: 4}, NextIn: 1800 * time.Millisecond,
		Request: record.Request{Method: "PATCH", URL: "https://api.test:8443/a%2Fb?x=1&x=%41#frag",
			Target: "/a%2Fb?x=1&x=%41", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "hOST", Value: "api.test:8443"}, {Name: "X-b", Value: "2"}, {Name: "x-B", Value: ""},
				{Name: "X-b", Value: "2"}},
			Body:    []byte("\x00\xff{\"a\":1e999}\r\n"),
			Whole:   &record.Whole{Length: 1 << 34, SHA256: [32]byte{1, 31: 2}},
			Head:    "PATCH /a%2Fb?x=1&x=%41 HTTP/1.1\r\nhOST:api.test:8443\r\nX-b: \t2 \r\nx-B:\r\nX-b: 2\r\n\r\n",
			Trailer: record.Header{{Name: "X-Sum", Value: "caf\xe9"}}, Chunks: "e;x=\xff\r\n0\r\nX-Sum:caf\xe9\r\n\r\n"},
		Response: &record.Response{Status: 503, Reason: "Not Now", Proto: "HTTP/1.0",
			Header: record.Header{{Name: "retry-after", Value: "2"}, {Name: "Retry-After", Value: "3"}},
			Body:   []byte{0, 1, 2}, Size: 1 << 33, Cut: true,
			Head: "HTTP/1.0 503 Not Now\nretry-after:2\nRetry-After:   3\n\n"},
		Err:       &record.Failure{Kind: record.FailReset, Text: "reset by \x1b[31mpeer\n", Ambiguous: true, Permanent: true},
		WebhookID: "msg_\x00\xff", EventType: "order.completed", Scheme: "standard-webhooks",
		Verdict: record.Verdict{Status: record.Invalid, Reason: "signature_mismatch", Version: "v1a", Tried: "env:WHSEC",
			Age: -time.Second, HasAge: true},
		Marks:     []record.Mark{{Kind: record.Duplicate, Of: 1 << 40}, {Kind: record.Stale}},
		Run:       &record.Run{Exit: 124, Took: 30 * time.Second},
		Handshake: "zoom", Scripted: "reset", Late: &record.Lateness{Provider: "slack", Deadline: 3 * time.Second},
		Ended: true,
	}
}

func givesBackEveryField(t *testing.T, h history) {
	x := whole()
	keep(t, h, x)
	sameAfterwards(t, h, x)
}

// sameAfterwards checks that the history gives x back as it is.
func sameAfterwards(t *testing.T, h history, x *record.Exchange) {
	t.Helper()
	got, err := h.Get(context.Background(), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(x, got); d != "" {
		t.Errorf("exchange %d (-recorded +loaded):\n%s", x.ID, d)
	}
}

func givesBackOddHeads(t *testing.T, h history) {
	parsed := func(head string) record.Request {
		r, err := record.ParseRequest(head, "http")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	fields := record.Header{{Name: "host", Value: "h"}, {Name: "x", Value: " spaces that a wire would lose "},
		{Name: "y", Value: "a\nb"}, {Name: "", Value: ""}}
	requests := map[string]record.Request{
		"odd spacing": parsed(
			"POST //a?&&b=%zz HTTP/1.1\r\nhOST:  h:80\t\r\nx:\r\nX:\t\r\nx: a : b\r\nX-Latin: caf\xe9\r\n\r\n"),
		"its own words": {Method: "POST", URL: "http://h/a", Target: "/a", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Host", Value: "h"}, {Name: "X", Value: "1"}},
			Head:   "POST /a HTTP/1.1\r\nHost: h\r\nX: 1\r\n\r\n"},
		"two hosts": {Method: "POST", URL: "http://h/a", Target: "/a", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Host", Value: "h"}, {Name: "host", Value: "i"}},
			Head:   "POST /a HTTP/1.1\r\nHost: h\r\nhost: i\r\n\r\n"},
		"no host": {Method: "POST", URL: "http://h/a", Target: "/a", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "X", Value: "1"}},
			Head:   "POST /a HTTP/1.1\r\nX: 1\r\n\r\n"},
		"head of another": {Method: "POST", URL: "http://h/a", Target: "/a", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Host", Value: "h"}},
			Head:   "POST /b HTTP/1.1\r\nHost: h\r\n\r\n"},
		"blanks that a reader cuts off": {Method: "POST", URL: "http://h/a", Target: "/a", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Host", Value: "h"}, {Name: "X", Value: "v\t"}, {Name: "Y", Value: " w"}},
			Head:   "POST /a HTTP/1.1\r\nHost: h\r\nX: v\t\r\nY:  w\r\n\r\n"},
		"absolute form": parsed("GET http://other/x?y HTTP/1.1\r\nHost: h\r\n\r\n"),
		"no Host":       parsed("GET /x HTTP/1.0\r\n\r\n"),
		"star":          parsed("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n"),
		"no head":       {Method: "POST", URL: "http://h/a", Proto: "HTTP/2.0", Header: fields},
		"no head, with a target": {Method: "GET", URL: "http://h/a", Target: "*",
			Header: record.Header{{Name: ":authority", Value: "h"}}},
		"nothing but a URL":        {URL: "http://h"},
		"a URL that is none":       {Method: "GET", URL: "%zz://[::1/\x00"},
		"endpoint without a slash": {Method: "GET", URL: "http://h?x=http://other/y"},
		"head that is not HTTP":    {Method: "GET", URL: "http://h/", Head: "\x16\x03\x01 TLS?"},
		"head that says otherwise": {Method: "GET", URL: "http://h/", Target: "/z", Proto: "HTTP/3",
			Head:   "POST /a HTTP/1.1\r\nHost: h\r\n\r\n",
			Header: record.Header{{Name: "a", Value: "b"}, {Name: "c", Value: "d"}}},
		"head with fields of none": {Method: "POST", URL: "http://h/", Target: "/a", Proto: "HTTP/1.1",
			Head: "POST /a HTTP/1.1\r\nHost: h\r\n\r\n"},
		"head with a folded line": {Method: "GET", URL: "http://h/", Target: "/", Proto: "HTTP/1.1",
			Head: "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", Header: record.Header{{Name: "Host", Value: "h folded"}}},
		"large body": {Method: "POST", URL: "http://h/", Body: slices.Repeat([]byte("0123456789abcdef"), 1<<17)},
	}
	for name, r := range requests {
		t.Run(name, func(t *testing.T) {
			x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: noon, Request: r}
			keep(t, h, x)
			sameAfterwards(t, h, x)
		})
	}
}

func givesBackOddAnswers(t *testing.T, h history) {
	answers := map[string]*record.Response{
		"bare":                  {Status: 204},
		"with a reason":         {Status: 200, Reason: "Fine by me"},
		"HTTP/2":                {Status: 200, Proto: "HTTP/2.0", Header: record.Header{{Name: "x", Value: " y "}}},
		"empty, but it was cut": {Status: 200, Size: 5, Cut: true},
		"body only":             {Status: 200, Body: []byte("x"), Size: 1},
		"parsed":                mustParse(t, "HTTP/1.1 404 \r\nA:b\r\na: c \r\n\r\n"),
		"bare line feeds":       mustParse(t, "HTTP/1.0 599\nx:y\n\n"),
		"not HTTP":              {Status: 200, Head: "ICY 200 OK\r\n\r\n", Body: []byte("\xff\xfe")},
		"a head like none": {Status: 100, Proto: "?", Reason: "?", Head: "\x00",
			Header: record.Header{{Name: "a\x00", Value: "\r\n"}}},
	}
	for name, r := range answers {
		t.Run(name, func(t *testing.T) {
			x := answered(attempt(1, "h.test"), 200)
			x.Response = r
			keep(t, h, x)
			sameAfterwards(t, h, x)
		})
	}
}

func mustParse(t *testing.T, head string) *record.Response {
	t.Helper()
	r, err := record.ParseResponse(head)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func takesAnAnswerTwice(t *testing.T, h history) {
	x := answered(hook(1), 503)
	keep(t, h, x)
	x.Response = &record.Response{Status: 200, Head: "HTTP/1.1 200 OK\r\n\r\n", Proto: "HTTP/1.1", Reason: "OK",
		Body: []byte("later"), Size: 5}
	x.Took, x.NextIn, x.Verdict = time.Second, 0, record.Verdict{}
	keepAnswer(t, h, x)
	sameAfterwards(t, h, x)
	x.Response, x.Err = nil, &record.Failure{Kind: record.FailTimeout, Text: "too late"}
	keepAnswer(t, h, x)
	sameAfterwards(t, h, x)
}

func keepAnswer(t *testing.T, h history, x *record.Exchange) {
	t.Helper()
	if err := h.Answer(context.Background(), x); err != nil {
		t.Fatal(err)
	}
	if err := h.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func takesWhatItNeedsFromAnAnswer(t *testing.T, h history) {
	x := hook(1)
	keep(t, h, x)
	kept := answered(hook(1), 200)
	kept.ID, kept.Response.Body, kept.Err = x.ID, []byte("kept"), &record.Failure{Kind: record.FailReset, Text: "kept"}
	x = answered(x, 200)
	x.Response.Body, x.Err = []byte("kept"), &record.Failure{Kind: record.FailReset, Text: "kept"}
	if err := h.Answer(context.Background(), x); err != nil {
		t.Fatal(err)
	}
	copy(x.Response.Body, "lost")
	x.Err.Text, x.Response.Status, x.ID, x.Response.Header[0].Name = "lost", 500, 9999, "lost"
	if err := h.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	sameAfterwards(t, h, kept)
}

func knowsWhatNeverEnded(t *testing.T, h history) {
	captured, cut := hook(1), attempt(2, "h.test")
	keep(t, h, captured, cut)
	sameAfterwards(t, h, captured)
	sameAfterwards(t, h, cut)
	got, err := h.Get(context.Background(), cut.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcome() != record.Unknown || got.FailureKind() != record.FailUnknown {
		t.Errorf("an attempt without an end is %s, failure %q", got.Outcome(), got.FailureKind())
	}
}

func refusesWhatIsNeither(t *testing.T, h history) {
	x := hook(1)
	x.Kind = 0
	if err := h.Record(context.Background(), x); err == nil || x.ID != 0 {
		t.Errorf("Record of an exchange without a kind = %v, id %d", err, x.ID)
	}
}

func addsWhatHasEnded(t *testing.T, h history) {
	x, want := whole(), whole()
	want.ID = 1
	if err := h.Add(context.Background(), x); err != nil {
		t.Fatal(err)
	}
	if x.ID != 0 {
		t.Errorf("an id was told: %d", x.ID)
	}
	if err := h.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole(), x); diff != "" {
		t.Errorf("Add changed the exchange (-given +now):\n%s", diff)
	}
	sameAfterwards(t, h, want)
}
