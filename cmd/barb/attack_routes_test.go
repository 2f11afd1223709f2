package main

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// behind is an app that remembers what it got.
type behind struct {
	*httptest.Server
	mu  sync.Mutex
	got []string
}

func newBehind(t *testing.T) *behind {
	t.Helper()
	b := &behind{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got = append(b.got, r.Method+" "+r.RequestURI)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *behind) seen() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.got, ", ")
}

// routed writes a barb.toml and a secret into the folder of b, and returns its path.
func routed(t *testing.T, b inProcess, text string) string {
	t.Helper()
	for name, text := range map[string]string{"barb.toml": text, "secret": "whsec_of_the_one",
		"other": "whsec_of_another"} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(strings.ReplaceAll(text, "DIR", b.dir)),
			0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(b.dir, "barb.toml")
}

// statusOf sends a request as it stands and returns the status of the answer.
func statusOf(t *testing.T, address, request string) string {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(nc, request)
	line := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(nc, line); err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return string(line[len("HTTP/1.1 "):])
}

// However the path of a checked route is spelt, what is not signed is refused, and the app does not get it.
func TestNoSpellingOfAPathGetsAroundItsCheck(t *testing.T) {
	t.Parallel()
	b, app := newBarb(t), newBehind(t)
	config := routed(t, b, fmt.Sprintf("[[route]]\npath = \"/stripe\"\nscheme = \"stripe\"\n"+
		"secret = \"file:DIR/secret\"\nforward_to = %q\n\n[[route]]\npath = \"/\"\nforward_to = %q\n\n[[route]]\n"+
		"path = \"/stripe/open\"\nforward_to = %q\n", app.URL, app.URL, app.URL))
	address, stop := b.listen(t, "--config", config)
	for target, want := range map[string]string{
		"/stripe#x": "400", "/stripe#": "400", "http://h/stripe#x": "400", "/#/../stripe": "400", "/stripe?x#y": "400",
		"/stripe": "401", "/STRIPE": "401", "/Stripe/": "401", "/stripe//": "401", "//stripe": "401", "//h/stripe": "401",
		"/./stripe": "401", "/x/../stripe": "401",
		`/\stripe`: "401", `\stripe`: "400", `/stripe\x`: "401", `/x\..\stripe`: "401", "/stripe;x": "401",
		"/stripe;/../free": "401", "/;x/stripe": "401", "/..;/stripe": "401",
		"/%73tripe": "401", "/%2573tripe": "401", "/%%37%33tripe": "401", "/%2fstripe": "401", "/%5cstripe": "401",
		"/x%2f..%2fstripe": "401", "/x/%2e%2e/stripe": "401", "/x/%252e%252e/stripe": "401",
		"/stripe/%2e%2e/free": "401", "/stripe%3bx": "401", "/stripe%3fx": "401", "/stripe%23x": "401", "/stripe%00": "401",
		"/stripe%zz/../stripe": "401", "/%zz/../stripe": "401",
		"/%c1%b3tripe": "401", "/%c0%afstripe": "401", "/\xc1\xb3tripe": "401", "/%C5%BFtripe": "401", "/\u017ftripe": "401",
		"/stripe/%ff":     "401",
		"http://h/stripe": "401", "HTTP://h/STRIPE": "401", "http://h//stripe": "401", "http://h/x/..;/stripe": "401",
		"/x" + strings.Repeat("/a/..", 100) + "/../stripe": "401",
		"/" + strings.Repeat("%25", 2000) + "/../stripe":   "401",
		"/stripe;/open": "401", "/stripe%3f/open": "401", "/stripe%00/open": "401", "/stripe/open/..": "401",
		"/stripe/open/../a": "401", "/stripe/opened": "401", "/stripe/open": "200",
		"/stripe.json": "401", "/STRIPE.x": "401", "/stripe.": "401", "/stripe.;x": "401", "/stripe.a%2fb": "401",
		"/stripe/open.json": "401",
		"/stripes":          "200", "/free": "200", "/a?/stripe": "200", "http://h": "200", "http://h?/stripe": "200",
		"/s%74ripes": "200",
	} {
		for _, method := range []string{"POST", "PUT"} {
			if got := statusOf(t, address, method+" "+target+
				" HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"); got != want {
				t.Errorf("%s %s is answered %s, want %s", method, target, got, want)
			}
		}
	}
	stop()
	for _, got := range strings.Split(app.seen(), ", ") {
		_, path, _ := strings.Cut(got, " ")
		if !slices.Contains([]string{"/stripe/open", "/stripes", "/free", "/a?/stripe", "/", "/?/stripe", "/s%74ripes"},
			path) {
			t.Errorf("the app got %s", got)
		}
	}
}

// A fragment in :path is what one in a request line is.
func TestAFragmentOverHTTP2IsRefused(t *testing.T) {
	t.Parallel()
	b, app := newBarb(t), newBehind(t)
	address, stop := b.listen(t, "--tls", "--forward-to", app.URL)
	defer stop()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	for path, want := range map[string]int{"/stripe#x": 400, "/stripe#": 400, "/a?b#c": 400, "/stripe": 200} {
		r := &http.Request{Method: http.MethodPost, URL: &url.URL{Scheme: "https", Host: address, Opaque: path},
			Header: http.Header{}, Body: http.NoBody}
		response, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		_ = response.Body.Close()
		if response.ProtoMajor != 2 || response.StatusCode != want {
			t.Errorf("%s is answered %s %d, want %d", path, response.Proto, response.StatusCode, want)
		}
	}
	if got := app.seen(); got != "POST /stripe" {
		t.Errorf("the app got %s", got)
	}
}

// What a sender says of itself, in decoy headers or as an event type, brings no webhook to an app whose own secret has
// not verified it.
func TestADecoyDoesNotChooseTheApp(t *testing.T) {
	t.Parallel()
	b, billing, ledger, open := newBarb(t), newBehind(t), newBehind(t), newBehind(t)
	config := routed(t, b, fmt.Sprintf(`
[[route]]
path = "/pay"
event = "invoice.*"
scheme = "stripe"
secret = "file:DIR/secret"
forward_to = %q
[[route]]
path = "/pay"
event = "charge.*"
scheme = "github"
secret = "file:DIR/other"
forward_to = %q
[[route]]
path = "/mixed"
event = "ping"
forward_to = %q
[[route]]
path = "/mixed"
scheme = "stripe"
secret = "file:DIR/secret"
[[route]]
path = "/one"
event = "a"
scheme = "github"
secret = "file:DIR/secret"
forward_to = %q
[[route]]
path = "/one"
event = "b"
scheme = "github"
secret = "file:DIR/other"
forward_to = %q
`, billing.URL, ledger.URL, open.URL, billing.URL, ledger.URL))
	address, stop := b.listen(t, "--config", config)
	github := func(key, event string) string {
		s, _ := catalog.Lookup("github")
		signed, err := s.Sign(sign.Message{Event: event, Body: []byte(`{"type":"charge.made"}`)},
			sign.Secret{Key: []byte(key)})
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, f := range signed.Fields {
			text += f.Name + ": " + f.Value + "\r\n"
		}
		return text
	}
	stripe := func(key string) string {
		s, _ := catalog.Lookup("stripe")
		m := sign.Message{Time: time.Now(), Body: []byte(`{"type":"charge.made"}`)}
		signed, err := s.Sign(m, sign.Secret{Key: []byte(key)})
		if err != nil {
			t.Fatal(err)
		}
		return signed.Fields[0].Name + ": " + signed.Fields[0].Value + "\r\n"
	}
	const one, another = "whsec_of_the_one", "whsec_of_another"
	for name, c := range map[string]struct{ path, fields, want string }{
		"a secret of one app with an event type of the other": {"/pay", stripe(one), "200"},
		"the same with a decoy of the other's scheme": {"/pay",
			stripe(one) + "X-GitHub-Event: charge.x\r\nX-Hub-Signature-256: sha256=" + strings.Repeat("0", 64) + "\r\n", "200"},
		"nothing signed, and an event type that needs no check": {"/mixed",
			"X-GitHub-Event: ping\r\nX-Hub-Signature-256: sha256=" + strings.Repeat("0", 64) + "\r\n", "401"},
		"a secret of one route with the event type of another": {"/one", github(one, "b"), "200"},
		"nothing signed, and two event types": {"/pay",
			"X-GitHub-Event: charge.x\r\nX-Shopify-Topic: invoice.x\r\n", "401"},
		"a secret of another path":                                {"/mixed", github(another, "ping"), "401"},
		"genuine, for an app that is not to get what others sign": {"/pay", github(another, "invoice.x"), "200"},
	} {
		const body = `{"type":"charge.made"}`
		request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s", c.path,
			len(body), c.fields, body)
		if got := statusOf(t, address, request); got != c.want {
			t.Errorf("%s: answered %s, want %s", name, got, c.want)
		}
	}
	stop()
	for name, app := range map[string]*behind{"billing": billing, "ledger": ledger, "the open one": open} {
		if got := app.seen(); got != "" {
			t.Errorf("%s got %s", name, got)
		}
	}
}

// --count waits for what the listener is for. Beside a checked route, what anybody can send to a path that no route
// names does not count; what the operator wrote a route without a scheme for does.
func TestAnUncheckedPathDoesNotSatisfyCount(t *testing.T) {
	t.Parallel()
	const checked = "[[route]]\npath = \"/pay\"\nscheme = \"github\"\nsecret = \"file:DIR/secret\"\n"
	forged := "X-Hub-Signature-256: sha256=" + strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		more, path string
		headers    []string
		ends       string // exit code and what is said
	}{
		"another path":                             {"", "/x", nil, "4 404"},
		"another path that looks signed":           {"", "/payments", []string{forged}, "4 404"},
		"the root":                                 {"", "/?/pay", nil, "4 404"},
		"a path of a route for another method":     {"[[route]]\npath = \"/open\"\nmethod = \"PUT\"\n", "/open", nil, "4 "},
		"a path of a route for another event type": {"[[route]]\npath = \"/open\"\nevent = \"push\"\n", "/open", nil, "4 "},
		"a path of a route without a scheme":       {"[[route]]\npath = \"/open\"\n", "/open/a", nil, "0 "},
		"a route for all paths without a scheme":   {"[[route]]\npath = \"/\"\n", "/x", nil, "0 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBarb(t)
			config, ready := routed(t, b, checked+c.more), filepath.Join(b.dir, "ready")
			ended := make(chan string, 1)
			go func() {
				code, text := b.said("listen", "--config", config, "--addr", "127.0.0.1:0", "--ready-file", ready, "--count",
					"1", "--for", "6s")
				ended <- fmt.Sprint(code, " ", text)
			}()
			address := addressIn(t, ready)
			code, want, _ := strings.Cut(c.ends, " ")
			if status := sendTo(t, address, c.path, "{}", c.headers...); fmt.Sprint(status) != cmp.Or(want, "200") {
				t.Errorf("answered %d", status)
			}
			got := <-ended
			if !strings.HasPrefix(got, code+" ") || code == "4" &&
				(!strings.Contains(got, "0 of 1 webhook arrived in 6s; 1 on paths ") ||
					!strings.Contains(got, " did not count")) {
				t.Errorf("want %s\n%s", c.ends, got)
			}
		})
	}
}
