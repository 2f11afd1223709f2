package listen_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// received is a request as the server hands it on.
func received(t *testing.T, head, body string) *record.Request {
	t.Helper()
	r, err := record.ParseRequest(strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n", "http")
	if err != nil {
		t.Fatal(err)
	}
	r.Body = []byte(body)
	return &r
}

func TestForwardPassesOnEverythingElse(t *testing.T) {
	r := received(t, "POST //a%2Fb?x=%41&x HTTP/1.1\nX-b:  1\nhost: shop.test\nx-B: caf\xe9\ncontent-length: 2\nExpect: 100-continue\n"+
		"Connection: keep-alive, X-Hop\nx-hop: 1\nKeep-Alive: 5\nProxy-Connection: x\nProxy-Authenticate: x\nProxy-Authorization: x\n"+
		"TE: trailers\nTrailer: x\nUpgrade: h2c\nX-Last: z", "\x00\xff")
	before := *r
	got, err := listen.Forward(r, "http://127.0.0.1:3000", "10.1.2.3:5555")
	if err != nil {
		t.Fatal(err)
	}
	want := record.Request{
		Method: "POST", URL: "http://127.0.0.1:3000//a%2Fb?x=%41&x", Target: "//a%2Fb?x=%41&x", Proto: "HTTP/1.1",
		Header: record.Header{
			{Name: "X-b", Value: "1"}, {Name: "Host", Value: "127.0.0.1:3000"}, {Name: "x-B", Value: "caf\xe9"}, {Name: "content-length", Value: "2"},
			{Name: "Expect", Value: "100-continue"}, {Name: "X-Last", Value: "z"},
			{Name: "X-Forwarded-For", Value: "10.1.2.3"}, {Name: "X-Forwarded-Host", Value: "shop.test"}, {Name: "X-Forwarded-Proto", Value: "http"},
		},
		Body: []byte("\x00\xff"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("forward (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, *r); diff != "" {
		t.Errorf("the received request was changed (-before +after):\n%s", diff)
	}
}

func TestForwardGoesWhereItIsTold(t *testing.T) {
	cases := map[string]struct{ target, received, want string }{
		"no path":               {"http://app:1", "/a?b", "http://app:1/a?b"},
		"root":                  {"http://app:1/", "/a?b", "http://app:1/a?b"},
		"a path":                {"http://app:1/hooks/", "/a", "http://app:1/hooks/"},
		"a path and a query":    {"http://app:1/hooks", "/a?b=%41", "http://app:1/hooks?b=%41"},
		"its own query":         {"http://app:1/hooks?t=1", "/a", "http://app:1/hooks?t=1"},
		"two queries":           {"http://app:1/hooks?t=1", "/a?b&b", "http://app:1/hooks?t=1&b&b"},
		"a query without path":  {"http://app:1?t=1", "/a?b", "http://app:1/a?t=1&b"},
		"bytes as written":      {"https://app/%7e//x", "/a", "https://app/%7e//x"},
		"a fragment stays here": {"http://app:1/x#y", "/a", "http://app:1/x"},
		"absolute form":         {"http://app:1", "http://shop.test/a?b", "http://app:1/a?b"},
		"two question marks":    {"http://app:1", "/a?b?c", "http://app:1/a?b?c"},
		"an empty query":        {"http://app:1", "/a?", "http://app:1/a?"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := listen.Forward(received(t, "POST "+c.received+" HTTP/1.1\nHost: h", ""), c.target, "")
			if err != nil || got.URL != c.want {
				t.Fatalf("URL = %q, %v, want %q", got.URL, err, c.want)
			}
			if _, rest, _ := strings.Cut(got.URL, "://"); !strings.HasSuffix(rest, got.Target) || got.Target[0] != '/' {
				t.Errorf("Target = %q of %q", got.Target, got.URL)
			}
		})
	}
}

func TestForwardTellsTheAppWhoAsked(t *testing.T) {
	cases := map[string]struct{ head, remote, want string }{
		"first proxy":  {"", "10.1.2.3:5", "X-Forwarded-For: 10.1.2.3, X-Forwarded-Host: h, X-Forwarded-Proto: http"},
		"IPv6":         {"", "[::1]:5", "X-Forwarded-For: ::1, X-Forwarded-Host: h, X-Forwarded-Proto: http"},
		"unix socket":  {"", "@", "X-Forwarded-Host: h, X-Forwarded-Proto: http"},
		"second proxy": {"\nx-forwarded-for: 1.1.1.1", "10.1.2.3:5", "x-forwarded-for: 1.1.1.1, 10.1.2.3, X-Forwarded-Host: h, X-Forwarded-Proto: http"},
		"two fields": {"\nX-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 2.2.2.2", "10.1.2.3:5",
			"X-Forwarded-For: 1.1.1.1, X-Forwarded-For: 2.2.2.2, 10.1.2.3, X-Forwarded-Host: h, X-Forwarded-Proto: http"},
		"a proxy in front knows better": {"\nX-Forwarded-Proto: https\nX-Forwarded-Host: shop.test", "10.1.2.3:5",
			"X-Forwarded-Proto: https, X-Forwarded-Host: shop.test, X-Forwarded-For: 10.1.2.3"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := listen.Forward(received(t, "POST / HTTP/1.1\nHost: h"+c.head, ""), "http://app:1", c.remote)
			if err != nil {
				t.Fatal(err)
			}
			var fields []string
			for _, f := range got.Header.Without("Host") {
				fields = append(fields, f.Name+": "+f.Value)
			}
			if fields := strings.Join(fields, ", "); fields != c.want {
				t.Errorf("fields = %s, want %s", fields, c.want)
			}
		})
	}
}

func TestForwardFramesTheBodyRight(t *testing.T) {
	cases := map[string]struct{ head, body, want string }{
		"chunked":                    {"\ntransfer-encoding: chunked", "abc", "3"},
		"chunked and empty":          {"\nTransfer-Encoding: chunked", "", "0"},
		"length named as hop-by-hop": {"\nContent-Length: 3\nConnection: content-length", "abc", "3"},
		"length as it was written":   {"\nContent-Length: 003", "abc", "003"},
		"no body":                    {"", "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := listen.Forward(received(t, "POST / HTTP/1.1\nHost: h"+c.head, c.body), "http://app:1", "")
			if err != nil {
				t.Fatal(err)
			}
			if lengths := strings.Join(got.Header.Values("Content-Length"), "|"); lengths != c.want || got.Header.Has("Transfer-Encoding") {
				t.Errorf("Content-Length = %q, want %q, in %v", lengths, c.want, got.Header)
			}
		})
	}
}

func TestForwardKeepsItsHostWhateverConnectionNames(t *testing.T) {
	for _, head := range []string{"POST / HTTP/1.0\nX: y", "POST / HTTP/1.1\nHost: h\nConnection: host"} {
		got, err := listen.Forward(received(t, head, ""), "http://app:1/x", "")
		if err != nil || strings.Join(got.Header.Values("Host"), "|") != "app:1" {
			t.Errorf("%q: fields = %v, %v", head, got.Header, err)
		}
	}
}

func TestForwardRefusesTargetsItCannotReach(t *testing.T) {
	for _, target := range []string{"", "app:1", "localhost", "/hooks", "ftp://app/", "http://", "http:///x", "http://a b/", "http://app:x/", "http://:1/\x00"} {
		if _, err := listen.Forward(received(t, "POST / HTTP/1.1\nHost: h", ""), target, ""); err == nil {
			t.Errorf("target %q was accepted", target)
		}
	}
	_, err := listen.Forward(received(t, "POST / HTTP/1.1\nHost: h", ""), "http://me:hunter2@app/", "")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a target with a password: %v", err)
	}
}

func TestRelayGivesTheAppsAnswer(t *testing.T) {
	app := &record.Response{Status: 418, Reason: "Teapot", Proto: "HTTP/1.0", Head: "x", Body: []byte("b"), Header: record.Header{
		{Name: "x-a", Value: "1"}, {Name: "Connection", Value: "close, X-Hop"}, {Name: "X-Hop", Value: "1"}, {Name: "Content-Length", Value: "1"}}}
	want := &record.Response{Status: 418, Reason: "Teapot", Body: []byte("b"), Header: record.Header{
		{Name: "x-a", Value: "1"}, {Name: "Content-Length", Value: "1"}}}
	if diff := cmp.Diff(want, listen.Relay(app, nil)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	for kind, status := range map[record.FailureKind]int{record.FailTimeout: 504, record.FailRefused: 502, record.FailProtocol: 502} {
		if got := listen.Relay(nil, &record.Failure{Kind: kind}); got.Status != status {
			t.Errorf("%s became %d, want %d", kind, got.Status, status)
		}
	}
	for name, c := range map[string]struct {
		coding string
		kind   record.FailureKind
		want   int
	}{
		"broken off":             {"", record.FailReset, 502},
		"not HTTP in the middle": {"chunked", record.FailProtocol, 502},
		"not whole in time":      {"", record.FailTimeout, 504},
		"in chunks":              {"chunked", "", 200},
	} {
		app, why := &record.Response{Status: 200, Body: []byte("half")}, (*record.Failure)(nil)
		if c.coding != "" {
			app.Header = record.Header{{Name: "Transfer-Encoding", Value: c.coding}}
		}
		if c.kind != "" {
			why = &record.Failure{Kind: c.kind}
		}
		if got := listen.Relay(app, why); got.Status != c.want {
			t.Errorf("%s became %d, want %d", name, got.Status, c.want)
		}
	}
	if got := listen.Relay(nil, nil); got.Status != 502 {
		t.Errorf("no answer and no reason became %d", got.Status)
	}
}
