package web_test

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

// A webhook that was not checked is marked where a secret is known for its path, and can be checked then.
func TestAWebhookThatCouldHaveBeenCheckedIsMarked(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	unchecked := func(path string) *record.Exchange {
		x := a.signedHook(`{"a":1}`)
		x.ID, x.Verdict, x.Scheme = 0, record.Verdict{}, ""
		x.Request.Target, x.Request.URL = path, "http://127.0.0.1:4242"+path
		a.add(x)
		return x
	}
	known, open, greeting := unchecked("/checked/1"), unchecked("/hooks"), unchecked("/checked")
	const word = `<span class="l2 c-warn">! <span class="w">not checked</span>`
	list := a.get("/rows")
	if n := strings.Count(list, word); n != 2 {
		t.Errorf("%d rows are marked", n)
	}
	has(t, a.get("/w/"+itoa(known.ID)), "! signature not checked, though a secret is known for it",
		"It was not checked when it came, though a secret is known for it.", `class="says c-warn"`)
	has(t, a.get("/w/"+itoa(known.ID)+"/signature?part=1"), "checked now", "valid, signed with env:SECRET")
	if text := a.get("/w/" + itoa(open.ID)); strings.Contains(text, "a secret is known") {
		t.Error("a path whose route has no scheme is marked")
	}
	greeting.ID, greeting.Handshake = 0, "zoom"
	a.add(greeting)
	if text := a.get("/w/" + itoa(greeting.ID)); strings.Contains(text, "a secret is known") {
		t.Error("a handshake is marked")
	}
}

// The page marks the headers that the scheme signs, and the header that holds the signature.
func TestTheHeadersThatAreSignedAreMarked(t *testing.T) {
	t.Parallel()
	s := entered(t)
	x := received(1)
	x.Scheme = "svix"
	x.Request.Header = record.Header{{Name: "svix-id", Value: "msg_1"}, {Name: "Svix-Timestamp", Value: "1768910400"},
		{Name: "Svix-Signature", Value: "v1,YQ=="}, {Name: "X-Hmac-Like", Value: "signature"}}
	s.add(x)
	text := s.get("/w/1")
	for name, mark := range map[string]string{"svix-id": "signed", "Svix-Timestamp": "signed",
		"Svix-Signature": "signature", "X-Hmac-Like": ""} {
		_, row, _ := strings.Cut(text, "<th scope=row>"+name)
		row, _, _ = strings.Cut(row, "</th>")
		if got := strings.Contains(row, "<em"); got != (mark != "") || !strings.Contains(row, mark) {
			t.Errorf("%s: %q", name, row)
		}
	}
}

// changed is a webhook of github that was changed after it was signed.
func (a *acting) changed(signed, came string) string {
	a.t.Helper()
	x := a.signedHook(signed)
	x.ID, x.Request.Body = 0, []byte(came)
	x.Verdict = record.Verdict{Status: record.Invalid, Reason: string(sign.SignatureMismatch), Tried: "env:SECRET"}
	a.add(x)
	return "/w/" + itoa(x.ID)
}

// searched is the signature of a webhook, asked for until the search for the cause had the time that it takes: it is
// given 1.7 s, and a busy machine needs more for a long body.
func (a *acting) searched(path string) (text string) {
	a.t.Helper()
	for range 20 {
		if text = a.get(path + "/signature?part=1"); strings.Contains(text, "What the sender signed") {
			break
		}
	}
	return text
}

// Where a cause is known, the first byte that differs is marked in what was signed and in what came.
func TestTheFirstDifferingByteIsShownInPlace(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	path := a.changed(`{"a":1,"b":"<i>"}`, `{"a": 1, "b": "<i>"}`)
	text := a.get(path + "/signature?part=1")
	has(t, text, "What the sender signed, byte for byte (17B)", "The first byte that differs is byte 5.",
		"{&#34;a&#34;:<mark>1</mark>,&#34;b&#34;:&#34;&lt;i&gt;&#34;}", "The same of what came (20B)",
		"{&#34;a&#34;:<mark> </mark>1, &#34;b&#34;")
	pad := strings.Repeat("ü", 20_000)
	text = a.searched(a.changed(`{"a":"`+pad+`","b":1}`, `{"a": "`+pad+`", "b": 1}`))
	has(t, text, "The first byte that differs is byte 5.", "<mark>&#34;</mark>", "32kB more are not shown")
	text = a.searched(a.changed(`{"a":"`+pad+`","b":1}`+"\n", `{"a":"`+pad+`","b":1}`))
	has(t, text, "This begins at byte ", "<mark>LF</mark>"[:6], `<mark><i class=e>end</i></mark>`)
	if n := strings.Count(text, "ü"); n < 5000 || n > 9000 {
		t.Errorf("%d of 40,000 characters are shown", n)
	}
	unknown := a.get(a.changed(`{"a":1}`, `{"b":2}`) + "/signature?part=1")
	has(t, unknown, "What was signed, byte for byte (7B)")
	if strings.Contains(unknown, "<mark>") {
		t.Error("a place is marked that nobody knows")
	}
}

// The reason why a signature is bad stands on the page once.
func TestTheReasonIsSaidOnce(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	path := a.changed(`{"a":1}`, `{"b":2}`)
	const why = "signature does not match secret env:SECRET"
	if n := strings.Count(a.get(path), why); n != 1 {
		t.Errorf("the page says it %d times", n)
	}
	part := a.get(path + "/signature?part=1")
	if strings.Contains(part, why) {
		t.Error("the panel says it again")
	}
	if n := strings.Count(a.get(path+"/signature"), why); n != 1 {
		t.Errorf("the panel alone says it %d times", n)
	}
	late := received(1)
	late.Scheme, late.Request.Header = "stripe", record.Header{{Name: "Stripe-Signature", Value: "t=1,v1=ab"}}
	late.Verdict = record.Verdict{Status: record.Invalid, Reason: string(sign.TimestampExpired)}
	a.add(late)
	if s, ok := catalog.Lookup("stripe"); !ok || !s.Timed() {
		t.Fatal("stripe has no time")
	}
	lines := strings.Split(a.get("/w/"+itoa(late.ID)+"/signature"), "\n")
	for i, line := range lines {
		for _, other := range lines[:i] {
			if text := between(line); text != "" && text == between(other) {
				t.Errorf("twice: %s", text)
			}
		}
	}
}

// between is the text of a paragraph or an item of a list.
func between(line string) string {
	_, text, ok := strings.Cut(line, "<li>")
	if !ok {
		_, text, _ = strings.Cut(line, "<p>")
	}
	text, _, _ = strings.Cut(text, "</")
	return text
}
