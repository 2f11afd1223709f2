package web_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/web"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

var noon = time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)

// site is the page of a real history on a real port, with a browser that has not entered yet.
type site struct {
	*store.Store
	t       *testing.T
	at      string // http://127.0.0.1:PORT
	entry   string // the printed address
	page    *web.Page
	browser *http.Client
}

func newSite(t *testing.T) *site {
	t.Helper()
	return siteOf(t, newStore(t))
}

func newStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func noonNow() time.Time { return noon.Add(time.Minute) }

func siteOf(t *testing.T, s *store.Store) *site { return siteWith(t, s, func(*web.Page) {}) }

func siteWith(t *testing.T, s *store.Store, adjust func(*web.Page)) *site {
	t.Helper()
	ln, err := web.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	page := &web.Page{History: s, Now: noonNow,
		Filter: func(f *flags.Filter) (store.Filter, *jq.Expr, error) {
			return f.Parse(noon, func(name string) (string, error) { return name, nil })
		},
		Scheme: catalog.Lookup,
		Hint:   func(err error) (string, string) { return err.Error(), "" }}
	adjust(page)
	page.Open(ln)
	t.Cleanup(page.Serve())
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := "http://" + ln.Addr().String()
	_, code, _ := strings.Cut(page.URL(), "/?")
	return &site{s, t, at, at + "/?" + code, page, &http.Client{Jar: jar, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableCompression: true}}}
}

// entered is a site whose browser has opened the printed address.
func entered(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.enter()
	return s
}

func (s *site) enter() {
	s.t.Helper()
	if status, _, _ := s.ask("GET", s.entry, nil, ""); status != http.StatusSeeOther {
		s.t.Fatalf("entering: status %d", status)
	}
}

// ask makes a request with headers ("Host" too) and returns the answer.
func (s *site) ask(method, address string, headers map[string]string, body string) (int, http.Header, string) {
	s.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = s.at + address
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range headers {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	answer, err := s.browser.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

// get returns a page that must be there.
func (s *site) get(path string) string {
	s.t.Helper()
	status, _, text := s.ask("GET", path, nil, "")
	if status != http.StatusOK {
		s.t.Fatalf("%s: status %d\n%s", path, status, text)
	}
	return text
}

func (s *site) port() string {
	s.t.Helper()
	u, err := url.Parse(s.at)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Port()
}

// received is a webhook that barb answered 200.
func received(n int) *record.Exchange {
	return &record.Exchange{Kind: record.Received, Start: noon.Add(time.Duration(n) * time.Millisecond),
		Took: 12 * time.Millisecond, Ended: true, Attempt: 1, Scheme: "stripe", EventType: "invoice.paid",
		Verdict:  record.Verdict{Status: record.Valid, Secret: "env:WHSEC", Version: "v1"},
		Response: &record.Response{Status: 200, Proto: "HTTP/1.1", Reason: "OK"},
		Request: record.Request{Method: "POST", URL: "http://127.0.0.1:4242/hooks/stripe/" + strconv.Itoa(n),
			Target: "/hooks/stripe/" + strconv.Itoa(n), Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Host", Value: "127.0.0.1:4242"}, {Name: "Stripe-Signature", Value: "t=1,v1=ab"}},
			Body:   []byte(`{"id":"evt_` + strconv.Itoa(n) + `","amount":` + strconv.Itoa(n) + `}`)}}
}

func (s *site) add(xs ...*record.Exchange) {
	s.t.Helper()
	if err := s.Record(context.Background(), xs...); err != nil {
		s.t.Fatal(err)
	}
}

// raw sends bytes and returns what comes until the connection is closed.
func (s *site) raw(text string) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+s.port())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		s.t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(got)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func urlQuery(s string) string { return url.QueryEscape(s) }

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
