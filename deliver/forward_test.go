package deliver_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// received returns the request with this head and body as a listener records it.
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
	r := received(t, "POST //a%2Fb?x=%41&x HTTP/1.1\nX-b:  1\nhost: shop.test\nx-B: caf\xe9\ncontent-length: 2\n"+
		"Expect: 100-continue\n"+
		"Connection: keep-alive, X-Hop\nx-hop: 1\nKeep-Alive: 5\nProxy-Connection: x\nProxy-Authenticate: x\n"+
		"Proxy-Authorization: x\n"+
		"TE: trailers\nTrailer: x\nUpgrade: h2c\nX-Last: z", "\x00\xff")
	before := *r
	got, err := deliver.Forward(r, "http://127.0.0.1:3000", "10.1.2.3:5555")
	if err != nil {
		t.Fatal(err)
	}
	want := record.Request{
		Method: "POST", URL: "http://127.0.0.1:3000//a%2Fb?x=%41&x", Target: "//a%2Fb?x=%41&x", Proto: "HTTP/1.1",
		Header: record.Header{
			{Name: "X-b", Value: "1"}, {Name: "Host", Value: "127.0.0.1:3000"}, {Name: "x-B", Value: "caf\xe9"},
			{Name: "content-length", Value: "2"},
			{Name: "Expect", Value: "100-continue"}, {Name: "X-Last", Value: "z"},
			{Name: "X-Forwarded-For", Value: "10.1.2.3"}, {Name: "X-Forwarded-Host", Value: "shop.test"},
			{Name: "X-Forwarded-Proto", Value: "http"},
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
			got, err := deliver.Forward(received(t, "POST "+c.received+" HTTP/1.1\nHost: h", ""), c.target, "")
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
		"first proxy": {"", "10.1.2.3:5", "X-Forwarded-For: 10.1.2.3, X-Forwarded-Host: h, X-Forwarded-Proto: http"},
		"IPv6":        {"", "[::1]:5", "X-Forwarded-For: ::1, X-Forwarded-Host: h, X-Forwarded-Proto: http"},
		"unix socket": {"", "@", "X-Forwarded-Host: h, X-Forwarded-Proto: http"},
		"second proxy": {"\nx-forwarded-for: 1.1.1.1", "10.1.2.3:5",
			"x-forwarded-for: 1.1.1.1, 10.1.2.3, X-Forwarded-Host: h, X-Forwarded-Proto: http"},
		"two fields": {"\nX-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 2.2.2.2", "10.1.2.3:5",
			"X-Forwarded-For: 1.1.1.1, X-Forwarded-For: 2.2.2.2, 10.1.2.3, X-Forwarded-Host: h, X-Forwarded-Proto: http"},
		"a proxy in front knows better": {"\nX-Forwarded-Proto: https\nX-Forwarded-Host: shop.test", "10.1.2.3:5",
			"X-Forwarded-Proto: https, X-Forwarded-Host: shop.test, X-Forwarded-For: 10.1.2.3"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := deliver.Forward(received(t, "POST / HTTP/1.1\nHost: h"+c.head, ""), "http://app:1", c.remote)
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
			got, err := deliver.Forward(received(t, "POST / HTTP/1.1\nHost: h"+c.head, c.body), "http://app:1", "")
			if err != nil {
				t.Fatal(err)
			}
			if lengths := strings.Join(got.Header.Values("Content-Length"), "|"); lengths != c.want ||
				got.Header.Has("Transfer-Encoding") {
				t.Errorf("Content-Length = %q, want %q, in %v", lengths, c.want, got.Header)
			}
		})
	}
}

func TestForwardKeepsItsHostWhateverConnectionNames(t *testing.T) {
	for _, head := range []string{"POST / HTTP/1.0\nX: y", "POST / HTTP/1.1\nHost: h\nConnection: host"} {
		got, err := deliver.Forward(received(t, head, ""), "http://app:1/x", "")
		if err != nil || strings.Join(got.Header.Values("Host"), "|") != "app:1" {
			t.Errorf("%q: fields = %v, %v", head, got.Header, err)
		}
	}
}

func TestForwardRefusesTargetsItCannotReach(t *testing.T) {
	for _, target := range []string{"", "app:1", "localhost", "/hooks", "ftp://app/", "http://", "http:///x",
		"http://a b/", "http://app:x/", "http://:1/\x00"} {
		if _, err := deliver.Forward(received(t, "POST / HTTP/1.1\nHost: h", ""), target, ""); err == nil {
			t.Errorf("target %q was accepted", target)
		}
	}
	_, err := deliver.Forward(received(t, "POST / HTTP/1.1\nHost: h", ""), "http://me:hunter2@app/", "")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a target with a password: %v", err)
	}
}

// FuzzForward checks that the forward of any received request is exactly one request, with one Host and the length of
// its body, and without a field that neither was received nor is barb's own.
func FuzzForward(f *testing.F) {
	post := "POST / HTTP/1.1\r\nHost: h\r\n"
	for _, seed := range []string{
		post + "X: a: b\r\n\r\n", post + "Connection: content-length, host, x-a\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n",
		post + "Transfer-Encoding: chunked\r\nConnection: transfer-encoding\r\n\r\n",
		post + "X-Forwarded-For: a, b\r\nX-Forwarded-Host:\r\n\r\n",
		"GET http://h/a?b%0d%0aX:y HTTP/1.1\r\nHost: h%0d%0aX\r\n\r\n", "POST /%0d%0a%0d%0aGET%20/ HTTP/1.0\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n",
		post + "X: \x85\xe2\x80\xa8\xc4\x8a\r\n\r\n",
	} {
		f.Add(seed, "hi")
	}
	f.Fuzz(func(t *testing.T, head, body string) {
		r, err := record.ParseRequest(head, "http")
		if err != nil {
			return
		}
		length, chunked, err := r.BodyFraming()
		if err != nil {
			return
		}
		if !chunked {
			body = strings.Repeat("x", int(min(length, 100)))
			r.Header = r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		r.Body = []byte(body)
		out, err := deliver.Forward(&r, "http://app.test:3000", "192.0.2.1:5")
		if err != nil {
			t.Fatal(err)
		}
		wantOneRequest(t, &r, &out)
	})
}

func wantOneRequest(t *testing.T, came, out *record.Request) {
	t.Helper()
	text := string(out.AppendHead(nil))
	if strings.Count(text, "\r\n\r\n") != 1 || strings.Count(text, "\n") != len(out.Header)+2 {
		t.Fatalf("not one head: %q", text)
	}
	again, err := record.ParseRequest(text, "http")
	if err != nil || len(again.Header) != len(out.Header) || again.Target != out.Target {
		t.Fatalf("%q: %v", text, err)
	}
	length, chunked, err := again.BodyFraming()
	if err != nil || chunked || length != int64(len(out.Body)) || len(again.Header.Values("Host")) != 1 ||
		again.Header.Get("Host") != "app.test:3000" {
		t.Fatalf("%q: length %d, chunked %v, %v", text, length, chunked, err)
	}
	for _, f := range out.Header {
		ours := strings.HasPrefix(f.Name, "X-Forwarded-") || strings.EqualFold(f.Name, "Content-Length") ||
			strings.EqualFold(f.Name, "Host")
		if !ours && !slices.Contains(came.Header, f) && !strings.EqualFold(f.Name, "X-Forwarded-For") {
			t.Fatalf("%q did not come", f)
		}
	}
}
