package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/web"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

const secret = "a-page-secret-0123456789"

// acting is a page on which a person can do something, with an app that answers 200 and keeps what came.
type acting struct {
	*site
	app  *httptest.Server
	came []string // the bodies
	head []http.Header
	home string
}

func newActing(t *testing.T) *acting {
	t.Helper()
	return actingWith(t, func(*web.Page) {})
}

func actingWith(t *testing.T, adjust func(*web.Page)) *acting {
	t.Helper()
	a := &acting{home: t.TempDir()}
	a.app = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.came, a.head = append(a.came, string(body)), append(a.head, r.Header)
		_, _ = io.WriteString(w, `{"ok":true}`)
	}))
	t.Cleanup(a.app.Close)
	if err := os.WriteFile(filepath.Join(a.home, "barb.toml"), []byte("[[route]]\npath = \"/hooks\"\nforward_to = \""+
		a.app.URL+"\"\n[[route]]\npath = \"/checked\"\nscheme = \"github\"\nsecret = \"env:SECRET\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := map[string]string{"HOME": a.home, "XDG_CONFIG_HOME": a.home, "XDG_DATA_HOME": a.home, "SECRET": secret,
		"BARB_TRUST": "1", "BARB_DB": filepath.Join(a.home, "history.db")}
	sh := shell.New(shell.Env{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Dir: a.home,
		Now: noonNow, Getenv: func(name string) string { return set[name] }, Rand: func() float64 { return 0.5 },
		Interruptible: context.WithCancel}, "test")
	sh.Root = &cobra.Command{Use: "barb"}
	sh.AddGlobalFlags(sh.Root)
	if err := sh.Prepare(sh.Root); err != nil {
		t.Fatal(err)
	}
	history, err := sh.WriteHistory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	a.site = siteWith(t, history, func(p *web.Page) {
		p.Actions = &act.Actions{Shell: sh}
		p.Hide = func(x *record.Exchange) *record.Exchange { return sh.Redactor.Keep(x, true) }
		adjust(p)
	})
	a.enter()
	return a
}

// signedHook is a webhook that SECRET signed, and its forward to the app, which failed.
func (a *acting) signedHook(body string) *record.Exchange {
	a.t.Helper()
	s, _ := catalog.Lookup("github")
	signed, err := s.Sign(sign.Message{Method: "POST", URL: "http://127.0.0.1:4242/hooks", Time: noon, Body: []byte(body)},
		sign.Secret{Key: []byte(secret)})
	if err != nil {
		a.t.Fatal(err)
	}
	x := received(1)
	x.Scheme, x.Request.Target, x.Request.URL = "github", "/hooks", "http://127.0.0.1:4242/hooks"
	x.Request.Body, x.Verdict = []byte(body), record.Verdict{Status: record.Valid, Secret: "env:SECRET"}
	x.Request.Header = record.Header{{Name: "Content-Type", Value: "application/json"}}
	for _, f := range signed.Fields {
		x.Request.Header = append(x.Request.Header, record.Field{Name: f.Name, Value: f.Value})
	}
	a.add(x)
	f := *x
	f.ID, f.Thread, f.Webhook, f.Kind, f.Role, f.Verdict = 0, x.ID, x.ID, record.Sent, record.Forward, record.Verdict{}
	f.Request.URL, f.Request.Target, f.Response = a.app.URL+"/hooks", "", &record.Response{Status: 500}
	a.add(&f)
	return x
}

var tokenIn = regexp.MustCompile(`name=token value="([^"]+)"`)

func (a *acting) token() string {
	a.t.Helper()
	found := tokenIn.FindStringSubmatch(a.get("/w/1"))
	if found == nil {
		a.t.Fatal("the page has no token")
	}
	return found[1]
}

var fromPage = map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}

// post sends a form of the page.
func (a *acting) post(path string, fields ...string) (int, http.Header, string) {
	a.t.Helper()
	form := url.Values{"token": {a.token()}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return a.ask("POST", path, fromPage, form.Encode())
}

func (a *acting) exchanges() (n int) {
	a.t.Helper()
	for _, err := range a.List(a.t.Context(), store.Filter{}) {
		if n++; err != nil {
			a.t.Fatal(err)
		}
	}
	return n
}

func TestAReplayIsSentAndItsAnswerStandsInTheThread(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	a.signedHook(`{"a":1}`)
	status, _, text := a.post("/w/1/replay", "part", "1")
	if status != 200 || !strings.Contains(text, `<b class="c-ok">fixed</b>`) ||
		!strings.Contains(text, "recorded 500, now 200") {
		t.Errorf("status %d: %s", status, text)
	}
	s, _ := catalog.Lookup("github")
	if _, err := s.Verify(sign.Message{Method: "POST", URL: a.app.URL + "/hooks", Header: a.head[0],
		Body: []byte(a.came[0])}, noon, sign.Secret{Key: []byte(secret)}); err != nil {
		t.Error(err)
	}
	has(t, text, "<h2>Recorded <small>#2</small></h2>", "<b class=\"c-bad\">500</b>", "<h2>Now, of "+a.app.URL, "200 OK",
		"{&#34;ok&#34;:true}")
	if page := a.get("/w/1"); !strings.Contains(page, "replay <small>#3</small>") {
		t.Errorf("the replay is not in the timeline:\n%s", page)
	}
	status, _, text = a.post("/w/1/replay") // without a script
	if status != 200 || !strings.Contains(text, "still passing") || !strings.Contains(text, "<!doctype html>") {
		t.Errorf("status %d: %s", status, text)
	}
	_, _, text = a.post("/w/1/replay", "as", "exact", "part", "1")
	if !strings.Contains(text, "still passing") ||
		a.head[2].Get("X-Hub-Signature-256") != a.head[0].Get("X-Hub-Signature-256") {
		t.Errorf("exactly: %s", text)
	}
}

// A form sends CR LF for every line end. What was not edited goes out as it came, and what was keeps its line ends.
func TestAnEditedBodyKeepsItsLineEnds(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	for _, c := range []struct{ recorded, typed, want string }{
		{"{\n\"a\": 1\n}\n", "{\r\n\"a\": 2\r\n}\r\n", "{\n\"a\": 2\n}\n"},
		{"{\r\n\"a\": 1\r\n}", "{\n\"a\": 2\n}", "{\r\n\"a\": 2\r\n}"},
		{"one\r\ntwo\nthree", "one\r\ntwo\r\nthree", "one\r\ntwo\nthree"},
		{"one\r\ntwo\nthree", "one\r\ntwo\r\n3", "one\ntwo\n3"},
		{"\n\nlead", "\r\n\r\nlead", "\n\nlead"},
		{"x", "", ""},
	} {
		x := a.signedHook(c.recorded)
		path := "/w/" + itoa(x.ID)
		if text := a.get(path + "/edit"); !strings.Contains(text, "name=body") {
			t.Fatal(text)
		}
		status, _, text := a.post(path+"/replay", "body", c.typed, "header", "X-Debug: 1\r\n\r\nX-Other: 2", "part", "1")
		last := len(a.came) - 1
		if status != 200 || last < 0 || a.came[last] != c.want || a.head[last].Get("X-Debug") != "1" ||
			a.head[last].Get("X-Other") != "2" {
			t.Fatalf("%q typed over %q: status %d, %q came\n%s", c.typed, c.recorded, status, a.came, text)
		}
	}
	x := a.signedHook(`{"a":1}`)
	before := len(a.came)
	_, _, text := a.post("/w/"+itoa(x.ID)+"/preview", "body", `{"a":2}`, "header", "X-A: <b>", "part", "1")
	if !strings.Contains(text, "<ins>2</ins>") || !strings.Contains(text, "X-A") || strings.Contains(text, "<b>") {
		t.Errorf("preview: %s", text)
	}
	// without a script the changes stand above the form, which keeps what was chosen
	_, _, text = a.post("/w/"+itoa(x.ID)+"/preview", "body", `{"a":2}`, "as", "exact", "new-id", "1",
		"to", a.app.URL+"/hooks")
	changes, form, _ := strings.Cut(text, "data-editor")
	has(t, changes, "<ins>2</ins>")
	has(t, form, `value="exact" checked`, `value="1" checked`, `{&#34;a&#34;:2}`)
	if len(a.came) != before {
		t.Error("a look at the changes sends")
	}
	_, _, text = a.post("/w/"+itoa(x.ID)+"/replay", "body", `{"a":2}`, "as", "exact", "part", "1")
	if !strings.Contains(text, "an edited webhook cannot have the old signature") || len(a.came) != before {
		t.Error(text)
	}
	_, _, text = a.post("/w/"+itoa(x.ID)+"/replay", "body", `{"a":1}`, "as", "exact", "part", "1")
	if last := len(a.came) - 1; last != before || a.came[last] != `{"a":1}` {
		t.Errorf("exactly, nothing changed: %s", text)
	}
	before = len(a.came)
	secretFile := filepath.Join(a.home, "header.txt")
	if err := os.WriteFile(secretFile, []byte("X-Stolen: yes"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, text := a.post("/w/"+itoa(x.ID)+"/replay", "header", "@"+secretFile, "part", "1")
	if status != http.StatusUnprocessableEntity || len(a.came) != before {
		t.Errorf("a file in place of a header: status %d, %s", status, text)
	}
}

func TestPinNoteSampleAndDelete(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	a.signedHook(`{"a":1}`)
	if status, h, _ := a.post("/w/1/pin?q=x", "pinned", "1"); status != http.StatusSeeOther ||
		h.Get("Location") != "/w/1?q=x" {
		t.Errorf("pin: status %d to %s", status, h.Get("Location"))
	}
	if _, _, row := a.post("/w/1/note", "note", "two\r\nlines", "part", "1"); !strings.Contains(row, ">pinned</em>") ||
		!strings.Contains(row, ">note</em>") {
		t.Error(row)
	}
	all, err := a.Remarks(t.Context(), []int64{1})
	if err != nil || all[1] != (store.Remark{Pinned: true, Note: "two\nlines"}) {
		t.Errorf("%+v, %v", all, err)
	}
	if status, _, text := a.post("/w/1/delete", "part", "1"); status != http.StatusUnprocessableEntity ||
		!strings.Contains(text, "webhook 1 is pinned") {
		t.Errorf("delete: status %d, %s", status, text)
	}
	_, _, text := a.post("/w/1/sample", "as", "acme:order.created")
	file := filepath.Join(a.home, "barb", "events", "acme", "order.created.json")
	if saved, err := os.ReadFile(file); err != nil || string(saved) != `{"a":1}` ||
		!strings.Contains(text, "barb send :3000") {
		t.Errorf("%q, %v: %s", saved, err, text)
	}
	for _, name := range []string{"acme:order.created", "../../x:y", "a:../../x", "", "a:b\x00", "/etc:passwd"} {
		if status, _, text := a.post("/w/1/sample", "as", name); status != http.StatusUnprocessableEntity {
			t.Errorf("%q: status %d, %s", name, status, text)
		}
	}
	if status, _, text := a.post("/w/1/pin", "pinned", "0"); status != http.StatusSeeOther {
		t.Errorf("unpin: status %d, %s", status, text)
	}
	if status, _, text := a.post("/w/1/delete"); status != 200 || !strings.Contains(text, "Delete webhook 1") ||
		a.exchanges() != 2 {
		t.Errorf("asked: status %d, %s", status, text)
	}
	token := a.token()
	if status, _, _ := a.post("/w/1/delete", "yes", "1"); status != http.StatusSeeOther || a.exchanges() != 0 {
		t.Errorf("status %d, %d exchanges are left", status, a.exchanges())
	}
	form := url.Values{"token": {token}, "part": {"1"}}
	if status, _, text := a.ask("POST", "/w/1/pin", fromPage, form.Encode()); status != http.StatusNotFound {
		t.Errorf("gone: status %d, %s", status, text)
	}
}

// changes are the addresses that change something.
var changes = []string{"/w/1/replay", "/w/1/pin", "/w/1/note", "/w/1/delete", "/w/1/sample", "/w/1/preview"}

func TestNothingChangesByGETWithoutTheTokenOrFromElsewhere(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	a.signedHook(`{"a":1}`)
	token := a.token()
	right := url.Values{"token": {token}, "pinned": {"1"}, "note": {"x"}, "yes": {"1"}, "as": {"acme:x"}, "part": {"1"}}
	without := url.Values{"pinned": {"1"}, "note": {"x"}, "yes": {"1"}, "as": {"acme:x"}}
	with := func(name, value string) map[string]string {
		return map[string]string{"Content-Type": "application/x-www-form-urlencoded", name: value}
	}
	for _, path := range changes {
		for _, method := range []string{"GET", "HEAD"} {
			for _, query := range []string{"", "?" + right.Encode(), "?" + without.Encode()} {
				if status, _, _ := a.ask(method, path+query, nil, ""); status < 400 {
					t.Errorf("%s %s: status %d", method, path, status)
				}
			}
		}
		for name, attack := range map[string]struct {
			query, body string
			headers     map[string]string
		}{
			"no token":             {"", without.Encode(), fromPage},
			"a wrong token":        {"", without.Encode() + "&token=" + token[1:] + "A", fromPage},
			"a token in the query": {"?token=" + token, without.Encode(), fromPage},
			"both":                 {"?token=" + token, right.Encode(), fromPage},
			"as text":              {"", right.Encode(), with("Content-Type", "text/plain")},
			"another site":         {"", right.Encode(), with("Sec-Fetch-Site", "cross-site")},
			"another port":         {"", right.Encode(), with("Sec-Fetch-Site", "same-site")},
			"another origin":       {"", right.Encode(), with("Origin", "http://evil.example")},
			"no origin":            {"", right.Encode(), with("Origin", "null")},
			"another host":         {"", right.Encode(), with("Host", "evil.example")},
		} {
			if status, _, _ := a.ask("POST", path+attack.query, attack.headers, attack.body); status < 400 {
				t.Errorf("%s with %s: status %d", path, name, status)
			}
		}
	}
	if all, err := a.Remarks(t.Context(), []int64{1}); err != nil || len(all) != 0 || a.exchanges() != 2 ||
		len(a.came) != 0 {
		t.Errorf("something changed: %v, %v, %d exchanges, %d came", all, err, a.exchanges(), len(a.came))
	}
	if _, err := os.Stat(filepath.Join(a.home, "barb", "events")); err == nil {
		t.Error("a sample was saved")
	}
	a.browser.Jar = nil
	if status, _, _ := a.ask("POST", "/w/1/pin", fromPage, right.Encode()); status != http.StatusForbidden {
		t.Errorf("without the cookie: status %d", status)
	}
}

// A form can name only what the configuration and the history have.
func TestAReplayGoesOnlyToAConfiguredTarget(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	a.signedHook(`{"a":1}`)
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it came") }))
	defer other.Close()
	for _, to := range []string{other.URL, other.URL + "/hooks", "http://evil.example", "file:///etc/passwd",
		strings.Replace(a.app.URL, "127.0.0.1", "127.0.0.1.", 1), a.app.URL + "/hooks?x",
		a.app.URL + "@evil.example", "\r\n"} {
		if status, _, text := a.post("/w/1/replay", "to", to, "part", "1"); status != http.StatusUnprocessableEntity {
			t.Errorf("%q: status %d, %s", to, status, text)
		}
	}
	if len(a.came) != 0 || a.exchanges() != 2 {
		t.Errorf("%q came", a.came)
	}
	if _, _, text := a.post("/w/1/replay", "to", a.app.URL+"/hooks", "part", "1"); !strings.Contains(text, "fixed") {
		t.Error(text)
	}
}

func TestALeavingReplayAsksFirst(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	x := received(1)
	x.Scheme, x.Verdict = "", record.Verdict{}
	a.add(x)
	f := *x
	f.ID, f.Thread, f.Webhook, f.Kind, f.Role = 0, x.ID, x.ID, record.Sent, record.Forward
	f.Request.URL, f.Request.Target = "http://203.0.113.1:9/hooks", ""
	a.add(&f)
	_, _, text := a.post("/w/1/replay", "body", "</textarea><script>alert(1)</script>", "header", `X: "><script>`)
	if !strings.Contains(text, "which is not a private address") || !strings.Contains(text, "name=\"anywhere\"") ||
		strings.Contains(text, "<script") || a.exchanges() != 2 {
		t.Error(text)
	}
}

// What people write, and what is edited, is shown and never run.
func TestHostileNotesAndNamesAreText(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	for _, text := range slices.Concat(attacks, []string{"\u202egnp.exe", "a\x1b[31mb", "\u200bx"}) {
		x := a.signedHook(`{"note":"` + strings.NewReplacer(`"`, `'`, "\x00", "", "\x1b", "").Replace(text) + `"}`)
		path := "/w/" + itoa(x.ID)
		_, _, answer := a.post(path+"/note", "note", text, "part", "1")
		_, _, named := a.post(path+"/sample", "as", text)
		_, _, to := a.post(path+"/replay", "to", text)
		_, _, preview := a.post(path+"/preview", "body", text, "header", "X: "+text)
		for name, shown := range map[string]string{"note": answer, "sample": named, "target": to, "preview": preview,
			"page": a.get(path), "edit": a.get(path + "/edit"), "diff": a.get(path + "/diff?with=1"), "list": a.get("/rows")} {
			for _, own := range []string{`<script src="/static/app.js?v=`, "</script></head>", "</textarea>\n",
				"</textarea><p"} {
				shown = strings.ReplaceAll(shown, own, "")
			}
			for _, bad := range []string{"<script", "</script", "<img", "<iframe", "<base", "<meta http-equiv", "<svg onload",
				"<a href=//", "<b\x00", "\x00", "<!--", "</textarea>"} {
				if i := strings.Index(shown, bad); i >= 0 {
					t.Fatalf("%s of %q has %q: …%s…", name, text, bad, shown[max(0, i-80):min(len(shown), i+80)])
				}
			}
		}
	}
}
