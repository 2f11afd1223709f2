package web_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/web"
)

// team is the host of the public URL.
const team = "barb.example.com"

func publicSite(t *testing.T) *site {
	t.Helper()
	return siteWith(t, newStore(t), func(p *web.Page) { p.Public = team })
}

// proxied is a browser of the team: it asks https://barb.example.com, where a proxy passes on to the page.
func (s *site) proxied() *http.Client {
	s.t.Helper()
	at := mustURL(s.t, s.at)
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(at)
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}, FlushInterval: -1})
	s.t.Cleanup(proxy.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	trusted, _ := proxy.Client().Transport.(*http.Transport)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted.TLSClientConfig.RootCAs},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, proxy.Listener.Addr().String())
		}}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Each browser of a team enters with the printed address, through a proxy that ends TLS, and hears what comes.
func TestATeamEntersThroughItsProxy(t *testing.T) {
	t.Parallel()
	s := publicSite(t)
	s.add(received(1))
	if !strings.HasPrefix(s.page.URL(), "https://"+team+"/?code=") {
		t.Fatal(s.page.URL())
	}
	for range 3 {
		browser := s.proxied()
		get := func(address string) (*http.Response, string) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := browser.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			return answer, string(text)
		}
		answer, text := get("https://" + team + "/w/1?q=a")
		if answer.StatusCode != http.StatusForbidden || !strings.Contains(text, `href="/w/1?q=a"`) {
			t.Errorf("without the code: status %d\n%s", answer.StatusCode, text)
		}
		answer, _ = get(s.page.URL())
		cookie := answer.Header.Get("Set-Cookie")
		for _, part := range []string{"__Host-barb=", "Path=/;", "HttpOnly", "Secure", "SameSite=Strict"} {
			if !strings.Contains(cookie, part) || answer.StatusCode != http.StatusSeeOther {
				t.Errorf("status %d, cookie %q has no %s", answer.StatusCode, cookie, part)
			}
		}
		if _, text = get("https://" + team + "/w/1"); !strings.Contains(text, "/hooks/stripe/1") {
			t.Errorf("the page behind the proxy:\n%s", text)
		}
		hears(t, browser)
	}
}

// hears waits for the first event of the stream.
func hears(t *testing.T, browser *http.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+team+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if line, err := bufio.NewReader(answer.Body).ReadString('\n'); line != "event: hello\n" {
		t.Errorf("status %d: %q %v", answer.StatusCode, line, err)
	}
}

// A public URL lets in its own host and no other, whatever the headers of a proxy say.
func TestAPublicURLOpensNoOtherHost(t *testing.T) {
	t.Parallel()
	s := publicSite(t)
	s.add(received(1))
	s.enter()
	forwarded := map[string]string{"X-Forwarded-Host": team, "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1",
		"Forwarded": "for=127.0.0.1;host=" + team + ";proto=https", "X-Original-Host": team, "X-Host": team,
		"X-Real-IP": "127.0.0.1"}
	for _, host := range []string{"evil.example", "evil." + team, team + ".evil.example", team + ".", team + ":443",
		team + ":80", team + ":" + s.port(), "BARB.example.com", "user@" + team, "example.com", "." + team, team + "%00",
		"xn--brb-4na.example.com", "127.0.0.1", "0.0.0.0:" + s.port()} {
		for _, path := range []string{"/", "/events", s.entry[len(s.at):]} {
			headers := map[string]string{"Host": host}
			for name, value := range forwarded {
				headers[name] = value
			}
			status, h, text := s.ask("GET", path, headers, "")
			if status != http.StatusMisdirectedRequest && status != http.StatusBadRequest || h.Get("Set-Cookie") != "" ||
				strings.Contains(text, "stripe") {
				t.Errorf("Host %q, %s: status %d", host, path, status)
			}
		}
	}
	// what a proxy says of itself changes nothing: neither the origin, nor the cookie, nor who may enter
	status, h, _ := s.ask("GET", s.entry, forwarded, "")
	if status != http.StatusSeeOther || strings.Contains(h.Get("Set-Cookie"), "Secure") {
		t.Errorf("on the loopback address: status %d, %q", status, h.Get("Set-Cookie"))
	}
	forwarded["Origin"] = "https://" + team
	if status, _, _ = s.ask("GET", "/", forwarded, ""); status != http.StatusForbidden {
		t.Errorf("the origin of the team with the Host of the machine: status %d", status)
	}
	delete(forwarded, "Origin")
	s.browser.Jar = nil
	for _, host := range []string{team, "127.0.0.1:" + s.port()} {
		forwarded["Host"] = host
		for _, path := range []string{"/", "/w/1", "/events", "/rows", "/?code=guess", "/w/1/copy/curl"} {
			if status, _, text := s.ask("GET", path, forwarded, ""); status != http.StatusForbidden ||
				strings.Contains(text, "stripe") {
				t.Errorf("%s%s without the cookie: status %d", host, path, status)
			}
		}
	}
}

// publicCookie is the cookie of a browser that entered by the public URL, as a header.
func (s *site) publicCookie() string {
	s.t.Helper()
	s.browser.Jar = nil
	_, h, _ := s.ask("GET", s.entry, map[string]string{"Host": team}, "")
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	if !strings.HasPrefix(cookie, "__Host-barb=") {
		s.t.Fatal(cookie)
	}
	return cookie
}

// Behind the public URL, too, no other page reads the stream or sends a form, though the browser sends the cookie.
func TestAnotherPageGetsNothingByThePublicURL(t *testing.T) {
	t.Parallel()
	a := actingWith(t, func(p *web.Page) { p.Public = team })
	a.signedHook(`{"a":1}`)
	cookie, form := a.publicCookie(), url.Values{"token": {web.TokenOf(a.page)}, "pinned": {"1"}}.Encode()
	ask := func(method, path string, add map[string]string) int {
		t.Helper()
		headers := map[string]string{"Host": team, "Cookie": cookie}
		headers["Content-Type"] = "application/x-www-form-urlencoded"
		for name, value := range add {
			headers[name] = value
		}
		body := ""
		if method == http.MethodPost {
			body = form
		}
		status, _, _ := a.ask(method, path, headers, body)
		return status
	}
	for _, origin := range []string{"http://" + team, "https://evil.example", "https://evil." + team,
		"https://" + team + ":444", "http://127.0.0.1:" + a.port(), "https://127.0.0.1:" + a.port(), "null",
		"https://example.com"} {
		for _, site := range []string{"cross-site", "same-site", ""} {
			headers := map[string]string{"Origin": origin, "Sec-Fetch-Site": site}
			if site == "" {
				delete(headers, "Sec-Fetch-Site")
			}
			for _, path := range []string{"/events", "/w/1", "/rows"} {
				if status := ask("GET", path, headers); status != http.StatusForbidden {
					t.Errorf("GET %s from %s, %s: status %d", path, origin, site, status)
				}
			}
			if status := ask("POST", "/w/1/pin", headers); status != http.StatusForbidden {
				t.Errorf("POST from %s, %s: status %d", origin, site, status)
			}
		}
	}
	for _, site := range []string{"cross-site", "same-site"} {
		if status := ask("POST", "/w/1/pin", map[string]string{"Sec-Fetch-Site": site}); status != http.StatusForbidden {
			t.Errorf("POST, %s: status %d", site, status)
		}
	}
	own := map[string]string{"Origin": "https://" + team, "Sec-Fetch-Site": "same-origin"}
	if status := ask("POST", "/w/1/pin", own); status != http.StatusSeeOther {
		t.Errorf("the page itself: status %d", status)
	}
}

// A page that only shows refuses each change, with the right token too, and offers none.
func TestAPageThatOnlyShowsChangesNothing(t *testing.T) {
	t.Parallel()
	const why = "This page only shows <what it has>."
	a := actingWith(t, func(p *web.Page) { p.Public, p.ReadOnly = team, why })
	a.signedHook(`{"a":1}`)
	line(t, a.site, "503")
	before, token := a.exchanges(), web.TokenOf(a.page)
	for _, path := range []string{"/w/1/replay", "/w/1/preview", "/w/1/pin", "/w/1/note", "/w/1/delete", "/w/1/sample",
		"/queue"} {
		form := url.Values{"token": {token}, "pinned": {"1"}, "note": {"a"}, "yes": {"1"}, "as": {"a:b"}, "part": {"1"},
			"do": {"retry"}, "id": {"1"}, "state": {"dead"}, "body": {"{}"}}
		status, _, text := a.ask("POST", path, fromPage, form.Encode())
		if status != http.StatusForbidden || !strings.Contains(text, "only shows &lt;what it has&gt;") {
			t.Errorf("%s: status %d\n%s", path, status, text)
		}
	}
	if status, _, _ := a.ask("GET", "/w/1/edit", nil, ""); status != http.StatusForbidden {
		t.Errorf("the editor: status %d", status)
	}
	if n := a.exchanges(); n != before || len(a.came) != 0 || a.state(1) != "dead" {
		t.Errorf("%d exchanges, %d before; the app got %q; entry 1 is %s", n, before, a.came, a.state(1))
	}
	if w := a.get("/w/1"); strings.Contains(w, "pinned") || strings.Contains(w, `class="noted`) {
		t.Error("it was pinned or noted")
	}
	for _, path := range []string{"/", "/w/1", "/w/1?part=hook", "/queue", "/figures"} {
		text := a.get(path)
		for _, offer := range []string{token, "method=post", "data-edit", `data-action="replay"`, `data-action="edit"`,
			`data-action="delete"`, `data-action="pin"`, `data-action="note"`} {
			if strings.Contains(text, offer) {
				t.Errorf("%s offers %s", path, offer)
			}
		}
		if path != "/" && path != "/figures" && !strings.Contains(text, "only shows &lt;what it has&gt;") {
			t.Errorf("%s does not say why", path)
		}
	}
	has(t, a.get("/w/1"), `href="/w/1/copy/curl"`, `data-action="diff"`)
	has(t, a.get("/w/1/signature"), "What was signed")
}

func TestThePublicURLIsAnAddressOfItsOwn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"https://barb.team.example": "barb.team.example",
		"https://Barb.Team.example/": "barb.team.example", "https://barb.team.example:443": "barb.team.example",
		"https://barb.team.example:8443": "barb.team.example:8443", "https://[2001:DB8::1]:8443": "[2001:db8::1]:8443",
		"https://10.0.0.5": "10.0.0.5", "https://barb": "barb"} {
		if got, err := web.PublicHost(text); got != want || err != nil {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "barb.team.example", "http://barb.team.example", "https://", "https://a@b.example",
		"https://b.example/page", "https://b.example?q", "https://b.example?", "https://b.example#a", "https://b.example:0",
		"https://b.example:", "https://b.example:65536", "https://*.example", "https://bärb.example", "https://b.example.",
		"https://b example", "ftp://b.example", "https:b.example", "https://b.example,c.example"} {
		if got, err := web.PublicHost(text); err == nil {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}
