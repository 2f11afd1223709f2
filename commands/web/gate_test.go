package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// A name that was pointed at this machine (DNS rebinding), and every other odd Host, gets nothing, with the cookie or
// without it.
func TestThePageAnswersOnlyItsOwnAddress(t *testing.T) {
	t.Parallel()
	s := entered(t)
	s.add(received(1))
	port := s.port()
	for _, host := range []string{"evil.example", "evil.example:" + port, "127.0.0.1", "127.0.0.1:1", "127.0.0.1.:" + port,
		"localhost.:" + port, "localhost.evil.example:" + port, "127.0.0.1.nip.io:" + port, "0.0.0.0:" + port,
		"[::]:" + port, "127.1:" + port, "2130706433:" + port, "0x7f.1:" + port, "LOCALHOST:" + port, "[::ffff:127.0.0.1]:" +
			port, "user@127.0.0.1:" + port, "127.0.0.2:" + port, "foo.localhost:" + port} {
		for _, path := range []string{"/", "/w/1", "/events", "/static/app.js", "/?code=x"} {
			status, _, text := s.ask("GET", path, map[string]string{"Host": host}, "")
			isRefused := status == http.StatusMisdirectedRequest || status == http.StatusBadRequest
			if !isRefused || strings.Contains(text, "stripe") {
				t.Errorf("Host %q, %s: status %d", host, path, status)
			}
		}
	}
	for _, head := range []string{"GET / HTTP/1.0\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:" + port +
			"\r\nConnection: close\r\n\r\n", "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\nHost: evil.example\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n"} {
		if got := s.raw(head); strings.HasPrefix(got, "HTTP/1.1 200") || strings.HasPrefix(got, "HTTP/1.0 200") {
			t.Errorf("%q is answered %.80q", head, got)
		}
	}
	for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port} {
		if status, _, _ := s.ask("GET", "/static/app.js", map[string]string{"Host": host}, ""); status != 200 {
			t.Errorf("Host %q: status %d", host, status)
		}
	}
}

// Whatever another page can make a browser send is refused, although the browser sends the cookie with it.
func TestAnotherPageGetsNothing(t *testing.T) {
	t.Parallel()
	s := entered(t)
	s.add(received(1))
	for _, site := range []string{"cross-site", "same-site"} {
		for _, mode := range []string{"no-cors", "cors", "navigate", "websocket", ""} {
			for _, dest := range []string{"script", "image", "iframe", "frame", "object", "embed", "empty", "style", ""} {
				headers := map[string]string{"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
				for _, path := range []string{"/", "/w/1", "/events", "/rows", "/w/1/download/raw"} {
					if status, _, _ := s.ask("GET", path, headers, ""); status != http.StatusForbidden {
						t.Errorf("%v %s: status %d", headers, path, status)
					}
				}
			}
		}
	}
	for _, origin := range []string{"http://evil.example", "http://localhost:3000", "http://127.0.0.1:3000",
		"https://127.0.0.1:" + s.port(), "http://localhost:" + s.port(), "null"} {
		for _, method := range []string{"GET", "POST"} {
			for _, path := range []string{"/events", "/w/1"} {
				status, _, _ := s.ask(method, path, map[string]string{"Origin": origin}, "")
				if status != http.StatusForbidden {
					t.Errorf("%s %s from %s: status %d", method, path, origin, status)
				}
			}
		}
	}
	if status, _, _ := s.ask("GET", "/w/1", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
		"Sec-Fetch-Dest": "document"}, ""); status != http.StatusOK {
		t.Errorf("a link to the page: status %d", status)
	}
	_, headers, _ := s.ask("GET", "/", nil, "")
	if headers.Get("Access-Control-Allow-Origin") != "" {
		t.Error("CORS")
	}
}

func TestTheCodeOpensThePageOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.add(received(1))
	for _, path := range []string{"/", "/w/1", "/rows", "/events", "/count", "/pulse", "/check", "/w/1/download/raw",
		"/w/1/rest/request", "/?code=", "/?code=AAAAAAAAAAAAAAAAAAAAAAAAAA", "/nowhere"} {
		status, _, text := s.ask("GET", path, nil, "")
		if status != http.StatusForbidden || strings.Contains(text, "stripe") || strings.Contains(text, "token") {
			t.Errorf("%s without the code: status %d\n%s", path, status, text)
		}
	}
	status, headers, _ := s.ask("HEAD", s.entry, nil, "")
	if status == http.StatusSeeOther || headers.Get("Set-Cookie") != "" {
		t.Errorf("HEAD uses the code: status %d", status)
	}
	status, headers, _ = s.ask("GET", s.entry+"&q=a", nil, "")
	cookie := headers.Get("Set-Cookie")
	if status != http.StatusSeeOther || headers.Get("Location") != "/?q=a" {
		t.Errorf("the code: status %d to %s", status, headers.Get("Location"))
	}
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "barb_" + s.port() + "="} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie %q has no %s", cookie, part)
		}
	}
	s.get("/")
	if status, _, _ := s.ask("GET", s.entry, nil, ""); status != http.StatusSeeOther {
		t.Errorf("the same browser again: status %d", status)
	}
	s.browser.Jar = nil
	status, headers, _ = s.ask("GET", s.entry, nil, "")
	if status != http.StatusForbidden || headers.Get("Set-Cookie") != "" {
		t.Errorf("another browser with the used code: status %d", status)
	}
}

func TestARedirectStaysOnThePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, code, _ := strings.Cut(s.entry, "code=")
	got := s.raw("GET //evil.example/?code=" + code + " HTTP/1.1\r\nHost: 127.0.0.1:" + s.port() +
		"\r\nConnection: close\r\n\r\n")
	to := regexp.MustCompile(`(?m)^Location: (.*)\r$`).FindStringSubmatch(got)
	if len(to) != 2 || !strings.HasPrefix(to[1], "/") || strings.HasPrefix(to[1], "//") {
		t.Errorf("it leads elsewhere: %.300q", got)
	}
}

// The page's address serves the page alone: nothing of the process, and no figures for a monitor.
func TestThePortServesNothingElse(t *testing.T) {
	t.Parallel()
	s := entered(t)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/metrics", "/healthz"} {
		if status, h, text := s.ask("GET", path, nil, ""); status != 404 || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q, %q", path, status, h.Get("Cache-Control"), text)
		}
	}
	s.add(received(1))
	for _, path := range []string{"/", "/w/1", "/w/1?part=hook", "/pulse", "/w/1/download/raw"} {
		if _, h, _ := s.ask("GET", path, nil, ""); h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, h.Get("Cache-Control"))
		}
	}
}

func TestEveryAnswerForbidsWhatThePageDoesNotNeed(t *testing.T) {
	t.Parallel()
	s := entered(t)
	s.add(received(1))
	for _, path := range []string{"/", "/w/1", "/w/9", "/rows", "/static/app.js", "/static/app.css", "/static/../gate.go",
		"/w/1/download/raw", "/w/1/download/%2e%2e%2fraw", "/queue", "/nowhere"} {
		_, h, _ := s.ask("GET", path, nil, "")
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'",
			"frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: no %s", path, part)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "data:") {
			t.Errorf("%s: %s", path, policy)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
	}
	for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"} {
		if status, _, _ := s.ask(method, "/", nil, ""); status != http.StatusMethodNotAllowed {
			t.Errorf("%s: status %d", method, status)
		}
	}
}

// The text of the page has no script, style or handler in it, and no token in an address.
func TestThePageHasNothingInline(t *testing.T) {
	t.Parallel()
	s := entered(t)
	s.add(received(1))
	for _, path := range []string{"/", "/w/1", "/?q=x", "/queue", "/figures"} {
		text := s.get(path)
		for _, bad := range []string{"<style", " style=", "javascript:", "<script>", " onclick=", " onload=", "http-equiv"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %s", path, bad)
			}
		}
		if strings.Contains(text, "token=") || strings.Contains(text, "code=") {
			t.Errorf("%s has a secret in an address", path)
		}
	}
}

func TestAChangeNeedsTheToken(t *testing.T) {
	t.Parallel()
	s := entered(t)
	s.add(received(1))
	for _, body := range []string{"", "token=", "token=guess", "Token=x"} {
		headers := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
		if status, _, _ := s.ask("POST", "/w/1/replay", headers, body); status != http.StatusForbidden {
			t.Errorf("POST with %q: status %d", body, status)
		}
	}
}
