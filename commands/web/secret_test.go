package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/barbhq/barb/store/record"
)

// What authenticates its sender is shown when it is asked for, also without scripts. A signature is always shown.
func TestCredentialsAreHiddenUntilAskedFor(t *testing.T) {
	t.Parallel()
	s := entered(t)
	x := received(1)
	x.Request.Header = append(x.Request.Header, record.Field{Name: "Authorization", Value: "Bearer abc<d"},
		record.Field{Name: "X-Api-Key", Value: "[secret]"})
	x.Response.Header = record.Header{{Name: "Set-Cookie", Value: "sid=1"}}
	s.add(x)
	text := s.get("/w/1")
	has(t, text, "<td><details class=secret><summary>hidden: show</summary><span>Bearer abc&lt;d</span></details></td>",
		"<td><details class=secret><summary>hidden: show</summary><span>sid=1</span></details></td>",
		"<td>t=1,v1=ab</td>", "<td>[secret]</td>")
}

// asked are the parts of a page that a person opens by show.
var asked = regexp.MustCompile(`(?s)<details class=secret>.*?</details>`)

// No view of a webhook shows a stored credential before it is asked for, neither in a fold: the address, the head as it
// came, curl, the editor, what an edit changes, what differs from another. A copy has what is stored, and says so.
func TestNoStoredCredentialIsShownBeforeItIsAskedFor(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	stored := []string{"auth-tok-1", "key-of-ours-1", "query-tok-1", "sid-of-ours-1"}
	x := a.signedHook(`{"a":1}`)
	for n, old := range []string{"-1", "-2"} {
		y := *x
		y.ID, y.Thread, y.Webhook, y.WebhookID = 0, 0, 0, ""
		next := func(text string) string { return strings.ReplaceAll(text, "-1", old) }
		y.Request.Target, y.Request.URL = next("/hooks?token=query-tok-1&x=1"), next("http://h/hooks?token=query-tok-1&x=1")
		y.Request.Header = append(record.Header{{Name: "Authorization", Value: next("Bearer auth-tok-1")},
			{Name: "X-Api-Key", Value: next("key-of-ours-1")}}, x.Request.Header...)
		y.Response = &record.Response{Status: 200, Header: record.Header{{Name: "Set-Cookie", Value: next("sid-of-ours-1")}}}
		if a.add(&y); y.ID != int64(3+n) {
			t.Fatal(y.ID)
		}
	}
	views := map[string]string{}
	for _, path := range []string{"/", "/rows?q=hooks", "/w/3", "/w/3?part=hook", "/w/3/signature", "/w/3/edit",
		"/w/3/diff?with=4", "/w/4/diff", "/figures", "/complete?q=end", "/w/3/find/request?text=a", "/w/3/rest/request"} {
		views[path] = a.get(path)
	}
	_, _, views["preview"] = a.post("/w/3/preview", "body", `{"a":2}`, "header",
		"Authorization: new\nX-Api-Key: new\nX-Debug: 1")
	for path, text := range views {
		for _, value := range stored {
			if strings.Contains(asked.ReplaceAllString(text, ""), value) {
				t.Errorf("%s shows %s", path, value)
			}
		}
	}
	has(t, views["/w/3"], "<span>http://h/hooks?token=query-tok-1&amp;x=1</span>", "Authorization: Bearer auth-tok-1",
		"<th scope=row>token</th><td><details class=secret><summary>hidden: show</summary><span>query-tok-1</span></details>",
		"<th scope=row>x</th><td>1</td>")
	has(t, views["/w/3/diff?with=4"], "<span>Bearer auth-tok-1</span>", "<span>sid-of-ours-2</span>")
	has(t, views["preview"], "<span>key-of-ours-1</span>", "X-Debug")
	for _, form := range []string{"curl", "raw", "http", "fetch", "go", "python"} {
		status, headers, text := a.ask("GET", "/w/3/copy/"+form, nil, "")
		holds, err := url.PathUnescape(headers.Get("Barb-Holds"))
		if status != http.StatusOK || err != nil || holds != "header Authorization, header X-Api-Key, query token" {
			t.Errorf("%s: status %d, it holds %q", form, status, holds)
		}
		has(t, text, "auth-tok-1", "key-of-ours-1", "query-tok-1")
	}
	if _, headers, _ := a.ask("GET", "/w/1/copy/curl", nil, ""); headers.Get("Barb-Holds") != "" {
		t.Errorf("a webhook without credentials holds %s", headers.Get("Barb-Holds"))
	}
}

// A signed text that has a credential in it hides it, too: Twilio signs the address.
func TestASignedTextHidesCredentials(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	x := received(1)
	x.Scheme = "twilio"
	x.Verdict = record.Verdict{Status: record.Invalid, Secret: "env:SECRET", Reason: "signature_mismatch"}
	x.Request.Target, x.Request.URL = "/sms?token=query-tok-1", "http://127.0.0.1:4242/sms?token=query-tok-1"
	x.Request.Header = record.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"},
		{Name: "X-Twilio-Signature", Value: "MDAwMDAwMDAwMDAwMDAwMDAwMDA="}}
	x.Request.Body = []byte("Body=hi")
	a.add(x)
	text := a.get("/w/1/signature?part=1")
	has(t, text, "What was signed", "sms?token=[secret]Bodyhi", "sms?token=query-tok-1Bodyhi")
	if strings.Contains(asked.ReplaceAllString(text, ""), "query-tok-1") {
		t.Error(text)
	}
}
