package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/barbhq/barb/store/record"
)

// Each of these runs in some browser where it is not escaped.
var attacks = []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg onload=alert(1)>`,
	`javascript:alert(1)`, `</textarea><script>alert(1)</script>`, `</pre></details><script>alert(1)</script>`,
	`<!--<script>`, `{{.Token}}`, `<iframe srcdoc="<script>alert(1)</script>">`, `<a href=//evil.example>x</a>`,
	"<b\x00>x", "&lt;script&gt;", `<base href=//evil.example>`, `<meta http-equiv=refresh content=0>`}

// Everything that a sender or an app can write is put into one webhook, and every page that shows it is looked at.
func TestNothingOfASenderBecomesMarkup(t *testing.T) {
	t.Parallel()
	s := entered(t)
	for _, a := range attacks {
		x := received(1)
		target := "/" + a + "?q=" + a + "&" + url.QueryEscape(a) + "=" + url.QueryEscape(a) + "&%zz=" + a
		x.Request.Target, x.Request.URL = target, "http://127.0.0.1:4242"+target
		x.Request.Method, x.EventType, x.WebhookID = "P"+a, a, a
		x.Remote, x.ServerName, x.Scheme = a, a, a
		x.Verdict = record.Verdict{Status: record.Invalid, Reason: a, Secret: a, Tried: a, Version: a}
		x.Request.Header = append(x.Request.Header, record.Field{Name: a, Value: a},
			record.Field{Name: "Content-Type", Value: a})
		x.Request.Trailer = record.Header{{Name: a, Value: a}}
		x.Request.Body = []byte(`{"` + strings.ReplaceAll(strings.ReplaceAll(a, `"`, `\"`), "\x00", "") + `":"` +
			strings.ReplaceAll(strings.ReplaceAll(a, `"`, `\"`), "\x00", "") + `"}`)
		x.Response = &record.Response{Status: 500, Proto: a, Reason: a, Header: record.Header{{Name: a, Value: a}},
			Body: []byte(a)}
		x.Err = &record.Failure{Kind: record.FailureKind(a), Text: a}
		x.Scripted = a
		form, text := *x, *x
		form.Request.Header = record.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}
		form.Request.Body = []byte("a=" + strings.ReplaceAll(strings.ReplaceAll(a, "%", "%25"), "&", "%26") + "&b=1")
		text.Request.Body = []byte("<x>" + a + "</x>")
		s.add(x, &form, &text)
	}
	paths := []string{"/", "/?q=%3Cscript%3Ealert(1)%3C/script%3E", "/?q=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
		"/rows", "/pulse"}
	newest, err := s.Newest(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for id := int64(1); id <= newest; id++ {
		path := "/w/" + itoa(id)
		paths = append(paths, path, path+"?part=hook", path+"/rest/request?from=1", path+"/rest/response-"+itoa(id)+"?from=1")
	}
	for _, path := range paths {
		text := s.get(path)
		rest := text
		for _, own := range []string{`<script src="/static/app.js?v=`, "</script></head>"} {
			rest = strings.ReplaceAll(rest, own, "")
		}
		for _, bad := range []string{"<script", "</script", "<img", "<iframe", "<base", "<meta http-equiv", "<svg onload",
			"<a href=//", "<b\x00", "\x00", "</textarea", "<!--", "token="} {
			if i := strings.Index(rest, bad); i >= 0 {
				t.Fatalf("%s has %q: …%s…", path, bad, rest[max(0, i-80):min(len(rest), i+80)])
			}
		}
	}
}

// What cannot be seen is a mark.
func TestUnseenCharactersAreMarks(t *testing.T) {
	t.Parallel()
	s := entered(t)
	x := received(1)
	x.EventType = "paid\u202egnp.exe"
	x.Request.Body = []byte("a\u200bb\x1b[31m\ttab\r\nend\xff")
	x.Request.Header = append(x.Request.Header, record.Field{Name: "X-Odd", Value: "\u2066left"})
	s.add(x)
	text := s.get("/w/1")
	for _, bad := range []string{"\u202e", "\u200b", "\x1b", "\u2066"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, want := range []string{">RLO</i>", ">LRI</i>"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestABodyIsDownloadedAsAFileThatNoBrowserShows(t *testing.T) {
	t.Parallel()
	s := entered(t)
	x := received(1)
	x.Request.Body = []byte("<script>alert(1)</script>\x00\xff")
	x.Request.Header = record.Header{{Name: "Content-Type", Value: "text/html"}}
	s.add(x)
	status, h, text := s.ask("GET", "/w/1/download/request", nil, "")
	if status != 200 || text != string(x.Request.Body) {
		t.Errorf("status %d, %q", status, text)
	}
	if h.Get("Content-Type") != "application/octet-stream" ||
		h.Get("Content-Disposition") != `attachment; filename="webhook-1-request.bin"` {
		t.Error(h)
	}
	for _, path := range []string{"/w/1/download/..%2f..%2fetc%2fpasswd", "/w/1/download/response-2", "/w/2/download/raw",
		"/w/-1/download/raw", "/w/1/download/%22%0d%0aX:y", "/w/x/download/raw", "/static/../web.go",
		"/static/%2e%2e/web.go"} {
		status, h, text := s.ask("GET", path, nil, "")
		if status == 200 || h.Get("X") != "" || strings.Contains(text, "package") {
			t.Errorf("%s: status %d", path, status)
		}
	}
}

// A long query string is folded in the request line, since the table below has it. What has no name or no value has a
// row, too.
func TestALongQueryIsFolded(t *testing.T) {
	t.Parallel()
	s := entered(t)
	x := received(1)
	x.Request.Target = "/hooks?a=1&a=2&b&=x&" + strings.Repeat("long=xxxxxxxxxx&", 20)
	short := received(2)
	short.Request.Target = "/hooks?a=1"
	s.add(x, short)
	text := s.get("/w/1")
	has(t, text, "<summary class=wire>POST /hooks?… HTTP/1.1</summary>",
		`<div id=query><table class="fields wire"><tbody>`,
		"<tr><th scope=row>a</th><td>1</td></tr>\n<tr><th scope=row>a</th><td>2</td></tr>\n<tr><th scope=row>b</th><td></td>",
		"<tr><th scope=row></th><td>x</td></tr>", "long=xxxxxxxxxx&amp;long=xxxxxxxxxx")
	has(t, s.get("/w/2"), "<p class=\"wire head\">POST /hooks?a=1 HTTP/1.1</p>")
}
