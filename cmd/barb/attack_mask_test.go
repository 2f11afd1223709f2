//go:build unix

package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// recorder is an app that remembers what it got. Until it is open it is down for maintenance.
type recorder struct {
	mu   sync.Mutex
	open bool
	got  []arrived
}

type arrived struct {
	target string
	header http.Header
	body   string
}

func (a *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.open {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Set-Cookie", "app=crumb-of-the-app")
	a.got = append(a.got, arrived{r.RequestURI, r.Header, string(body)})
}

func (a *recorder) set(open bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = open
}

func (a *recorder) all() []arrived {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]arrived(nil), a.got...)
}

// raw sends a request as it stands, and returns the status of its answer.
func raw(t *testing.T, address, target, fields, body string) string {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = fmt.Fprintf(nc, "POST %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s", target,
		fields, len(body), body)
	answer, err := io.ReadAll(nc)
	if err != nil || len(answer) < 12 {
		t.Fatalf("answered %q, %v", answer, err)
	}
	return string(answer[9:12])
}

// onDisk reports whether any file of the history holds a text.
func (b inProcess) onDisk(t *testing.T, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "history.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(text)) {
			return true
		}
	}
	return false
}

// A secret that travels itself is in no file, and yet the app gets it as it came, to the byte: from the queue of a
// listener that ended, and by a replay.
func TestATokenIsNowhereAndComesBackToTheByte(t *testing.T) {
	t.Parallel()
	const basic = "user:pa ss+w%6Frd&x"
	for name, c := range map[string]struct{ scheme, secret, target, fields, body string }{
		"basic": {"chargebee", basic, "/h", "authorization: Basic dXNlcjpwYSBzcyt3JTZGcmQmeA==\r\n",
			`{"id":"ev_1"}`},
		"basic, echoed": {"postmark", basic, "/h?as=" + url.QueryEscape(basic),
			"Authorization: Basic dXNlcjpwYSBzcyt3JTZGcmQmeA==\r\n", `{"RecordType":"x","a":"user:pa ss+w%6Frd\u0026x"}`},
		"bearer":              {"auth0", "x+y/z&a=b%41 c", "/h", "Authorization: Bearer x+y/z&a=b%41 c\r\n", `[]`},
		"a token with a plus": {"okta", "Bearer+x", "/h", "Authorization: Bearer+x\r\n", `{}`},
		"a token everywhere": {"gitlab", "glpat-0123/4567+89", "/h?t=glpat-0123%2F4567%2b89&u=glpat-0123/4567+89",
			"X-A: glpat-0123/4567+89, [secret]\r\nx-gitlab-token: glpat-0123/4567+89\r\nX-A: [secret]\r\n",
			`{"a":"glpat-0123\/4567+89","b":"\u0067lpat-0123/4567\u002B89","c":"[secret]"}`},
		"the placeholder": {"gitlab", "[secret]", "/h?a=[secret]", "X-Gitlab-Token: [secret]\r\nX-A: [secret]\r\n",
			`{"a":"[secret]"}`},
		"short":                {"gitlab", "[s", "/h?a=[s", "X-Gitlab-Token: [s\r\n", `{"a":"[secret]"}`},
		"in the body":          {"figma", "a&b<c>d", "/h", "", `{"event_type":"PING", "passcode" : "a&b<c>d" , "x":1}`},
		"in the body, escaped": {"figma", "a&b<c>d", "/h", "", `{"passcode":"a\u0026b\u003cc\u003Ed","x":"a&b<c>d"}`},
		"in each item of a body": {"msgraph", "state \"1\" é", "/h", "",
			`{"value":[{"id":"1","clientState":"state \"1\" é"},{"clientState":"state \u00221\u0022 \u00e9"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := &recorder{}
			server := httptest.NewServer(app)
			defer server.Close()
			b := newBarb(t)
			if err := os.WriteFile(filepath.Join(b.dir, "secret"), []byte(c.secret+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			secret := []string{"-s", c.scheme, "--secret", "file:" + filepath.Join(b.dir, "secret")}
			listen := append([]string{"--forward-to", server.URL, "--mode", "ack", "--base", "5ms"}, secret...)
			address, stop := b.listen(t, listen...)
			if status := raw(t, address, c.target, c.fields, c.body); status != "200" {
				t.Fatalf("answered %s", status)
			}
			stop()
			_ = os.Remove(filepath.Join(b.dir, "ready"))
			if written := strings.TrimPrefix(c.secret, "[secret]"); len(written) >= 8 && b.onDisk(t, written) {
				t.Error("the secret is in the history")
			}
			app.set(true)
			_, stop = b.listen(t, listen...)
			until(t, "the queue is delivered", 20*time.Second, func() bool { return len(app.all()) == 1 })
			stop()
			b.run(t, 0, append([]string{"replay", "1", "--exact", "--to", server.URL}, secret[2:]...)...)
			b.run(t, 0, append([]string{"replay", "1", "--to", server.URL}, secret[2:]...)...)
			for i, got := range app.all() {
				if got.target != c.target || got.body != c.body {
					t.Errorf("%d: the app got %s %s", i, got.target, got.body)
				}
				for line := range strings.SplitSeq(strings.TrimSuffix(c.fields, "\r\n"), "\r\n") {
					if field, value, ok := strings.Cut(line, ": "); ok &&
						!strings.Contains(strings.Join(got.header.Values(field), "\n"), value) {
						t.Errorf("%d: the app got %s: %q", i, field, got.header.Values(field))
					}
				}
			}
			if len(app.all()) != 3 {
				t.Errorf("the app got %d", len(app.all()))
			}
		})
	}
}

// What an unchecked listener keeps and shows is without credentials; the app gets them, also from the queue, which then
// has them no more.
func TestAnUncheckedListenerKeepsNoCredentials(t *testing.T) {
	t.Parallel()
	const crumb = "crumb-"
	fields := "AUTHORIZATION: Bearer crumb-1\r\nCookie: a=crumb-2; b=1\r\nX-Gitlab-Token: crumb-3\r\n" +
		"X-Api-Key: crumb-4\r\nX-Own: crumb-5\r\nX-Forwarded-Authorization: crumb-8\r\nApi_Key: crumb-9\r\n" +
		"X-Slack-Token: crumb-10\r\nX-Client-Secret: crumb-11\r\nX-Plain: stays\r\n"
	target := "/h?access_token=crumb-6&n=1"
	body := `{"customer":{"email":"crumb-7@example.com","n":1}}`
	for name, c := range map[string]struct {
		flags  []string
		queued bool
		end    func(t *testing.T, b inProcess, app *recorder, listen []string)
	}{
		"forwarded at once":     {nil, false, nil},
		"delivered by another":  {[]string{"--mode", "ack", "--base", "5ms"}, true, delivered},
		"delivered after a 202": {[]string{"--queue", "--base", "5ms"}, true, delivered},
		"after a command": {[]string{"--mode", "ack", "--base", "5ms", "--exec", "true", "--exec-unverified"}, true,
			delivered},
		"cancelled": {[]string{"--mode", "ack", "--base", "5ms"}, true,
			func(t *testing.T, b inProcess, _ *recorder, _ []string) { b.run(t, 0, "queue", "cancel", "--all") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := &recorder{open: !c.queued}
			server := httptest.NewServer(app)
			defer server.Close()
			b := newBarb(t)
			mirror := &recorder{open: true}
			mirrored := httptest.NewServer(mirror)
			defer mirrored.Close()
			config := fmt.Sprintf("[history]\nredact = [\"header:X-Own\", \"json:/customer/email\"]\n[[route]]\n"+
				"forward_to = [%q, {url = %q, mirror = true}]\n", server.URL, mirrored.URL)
			if err := os.WriteFile(filepath.Join(b.dir, "barb.toml"), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			listen := append([]string{"--config", filepath.Join(b.dir, "barb.toml"), "--json", "--with-headers", "--with-url",
				"--with-body"}, c.flags...)
			address, stop := b.listen(t, listen...)
			if status := raw(t, address, target, fields, body); status[0] != '2' {
				t.Errorf("answered %s", status)
			}
			stop()
			_ = os.Remove(filepath.Join(b.dir, "ready"))
			for _, show := range [][]string{{"show", "1"}, {"show", "1", "--json"}, {"show", "1", "--raw"},
				{"show", "1", "--curl"}, {"history", "--json", "-n", "0"}, {"show", "1", "--attempts", "--json"}} {
				if out := b.run(t, 0, show...); strings.Contains(out, crumb) {
					t.Errorf("%v shows %s", show, out)
				}
			}
			if c.queued {
				if out := b.run(t, 0, "show", "1", "--with-secrets", "--raw"); !strings.Contains(out, fields) ||
					!strings.Contains(out, body) || !strings.Contains(out, target) {
					t.Errorf("the queue keeps %s", out)
				}
				c.end(t, b, app, listen)
			}
			for _, got := range append(app.all(), mirror.all()...) {
				if got.target != target || got.body != body || got.header.Get("Authorization") != "Bearer crumb-1" ||
					got.header.Get("Cookie") != "a=crumb-2; b=1" || got.header.Get("X-Own") != "crumb-5" {
					t.Errorf("the app got %+v", got)
				}
			}
			if b.onDisk(t, crumb) {
				t.Error("the history has credentials")
			}
			if name != "cancelled" && (len(app.all()) != 1 || len(mirror.all()) != 1) {
				t.Errorf("the app got %d, its mirror %d", len(app.all()), len(mirror.all()))
			}
			masked := b.run(t, 0, "show", "1", "--jq", ".masked | join(\",\")")
			if want := "header AUTHORIZATION,header Cookie,header X-Gitlab-Token,header X-Api-Key,header X-Own,header " +
				"X-Forwarded-Authorization,header Api_Key,header X-Slack-Token,header X-Client-Secret,query access_token,body " +
				"/customer/email"; !strings.HasPrefix(masked, want) {
				t.Errorf("masked: %s", masked)
			}
			b.run(t, 2, "replay", "1", "--to", server.URL)
			b.run(t, 2, "replay", "1", "--exact", "--to", server.URL)
			b.run(t, 2, "verify", "1", "-s", "github", "--secret", "some-secret-of-mine")
		})
	}
}

func delivered(t *testing.T, b inProcess, app *recorder, listen []string) {
	t.Helper()
	app.set(true)
	_, stop := b.listen(t, listen...)
	until(t, "the queue is delivered", 20*time.Second, func() bool { return len(app.all()) == 1 })
	stop()
}

// A secret that barb was given is kept nowhere, also where a sender takes it to a route of another scheme. Nor is what
// [history] redact names, when the message that had it has left the queue.
func TestAConfiguredSecretIsKeptNowhere(t *testing.T) {
	t.Parallel()
	const token, passcode, shared = "gitlab-crumb-token-1", "figma-crumb-passcode-2", "github-crumb-secret-3"
	b := newBarb(t)
	config := b.write(t, "barb.toml", fmt.Sprintf(
		"[history]\nredact = [\"query:api\"]\n[[route]]\npath = \"/gl\"\nscheme = \"gitlab\"\nsecret = \"file:%s\"\n"+
			"[[route]]\npath = \"/fig\"\nscheme = \"figma\"\nsecret = \"file:%s\"\n[[route]]\npath = \"/gh\"\n"+
			"scheme = \"github\"\nsecret = \"file:%s\"\n",
		b.write(t, "a", token), b.write(t, "b", passcode), b.write(t, "c", shared)))
	address, stop := b.listen(t, "--config", config)
	for _, c := range []struct{ target, fields, body string }{
		{"/gh", "X-Gitlab-Token: " + token + "\r\n", "{}"},
		{"/gh", "", `{"passcode":"` + passcode + `"}`},
		{"/gh", "X-Hub-Signature: " + shared + "\r\n", "{}"},
		{"/gl?t=" + shared, "", "{}"},
		{"/other/" + token, "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(shared)) + "\r\n", "{}"},
	} {
		raw(t, address, c.target, c.fields, c.body)
	}
	stop()
	for _, show := range [][]string{{"show", "1..5", "--raw"},
		{"history", "--json", "--with-url", "--with-headers", "--with-body"}} {
		if out := b.run(t, 0, show...); strings.Contains(out, "crumb") ||
			strings.Contains(out, base64.StdEncoding.EncodeToString([]byte(shared))) {
			t.Errorf("%v shows %s", show, out)
		}
	}
	app := &recorder{open: true}
	server := httptest.NewServer(app)
	defer server.Close()
	b.run(t, 0, "send", server.URL+"/q?api=crumb-query-4&n=1", "-d", "{}", "--queue", "--config", config)
	b.run(t, 0, "send", server.URL+"/q?api=crumb-query-5&n=1", "-d", "{}", "--queue", "--config", config)
	b.run(t, 0, "queue", "cancel", "2", "--config", config)
	b.run(t, 0, "deliver", "--once", "--config", config)
	if got := app.all(); len(got) != 1 || got[0].target != "/q?api=crumb-query-4&n=1" {
		t.Errorf("the app got %+v", got)
	}
	for _, crumb := range []string{"crumb-token", "crumb-passcode", "crumb-secret", "crumb-query"} {
		if b.onDisk(t, crumb) {
			t.Errorf("the history has %s", crumb)
		}
	}
}
