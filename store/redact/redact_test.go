package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// odd are secrets that are easily put back wrong.
var odd = []string{
	"glpat-0123456789abcdef", "x", "ab", "user:pass", "user:p a+s&s%3D", "Bearer x+y z", "[secret]", "a[secret]b",
	"secret", "[secret][secret]",
	`quo"te\and\\more`, "<&>'\"`", "%25%2525", "100%", "+ +%20", "grün-ünïcode-😀", "\xff\xfe\xfd-not-utf8",
	"glpat-0123456789abcdef-longer",
	"0123456789abcdef", "aaaaaaaa", "aaaaaaaaaaaa", strings.Repeat("ab", 2000), "tab\tin it", "https://h/?a=b&c=d#e",
	"12345678", `\u0026\u0026`, "{{env}}{{x}}",
}

// writings are the ways in which a sender may write a secret into a text.
var writings = []func(string) string{
	func(s string) string { return s },
	url.QueryEscape,
	url.PathEscape,
	func(s string) string { return strings.ToLower(url.QueryEscape(s)) },
	func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
		return b.String()
	},
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) },
	func(s string) string { b, _ := json.Marshal(s); return string(b[1 : len(b)-1]) },
	func(s string) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(s)
		return strings.TrimSuffix(b.String(), "\n")[1 : b.Len()-2]
	},
	func(s string) string {
		b, _ := json.Marshal(s)
		return strings.ReplaceAll(string(b[1:len(b)-1]), "/", `\/`)
	},
	func(s string) string {
		var b strings.Builder
		for _, r := range s {
			if r > 0xffff {
				b.WriteRune(r)
				continue
			}
			fmt.Fprintf(&b, `\u%04X`, r)
		}
		return b.String()
	},
}

func lookup(name string) (sign.Scheme, bool) { return catalog.Lookup(name) }

func tokenSchemes() (all []sign.Scheme) {
	for _, s := range catalog.All() {
		if s.Auth == sign.Token {
			all = append(all, s)
		}
	}
	return all
}

// message is a signed webhook of a scheme in which secrets stand in many places and writings.
func message(t *testing.T, r *rand.Rand, scheme sign.Scheme, secrets []sign.Secret) *record.Exchange {
	t.Helper()
	echo := func() string {
		s := string(secrets[r.IntN(len(secrets))].Key)
		return writings[r.IntN(len(writings))](s)
	}
	target := "/hook?a=" + url.QueryEscape(string(secrets[0].Key)) + "&b=[secret]&c=" + url.QueryEscape(echo())
	header := record.Header{{Name: "Host", Value: "h"},
		{Name: "X-Note", Value: "before [secret] " + strings.Trim(header(echo()), " \t") + " after"},
		{Name: "x-note", Value: strings.Trim(header(echo()), " \t")}}
	body := []byte(fmt.Sprintf(`{"value":[{"id":"1"},{"id":"2"}],"passcode":"","note":%q,"raw":"%s","mask":"[secret]%s"}`,
		"n", echo(), echo()))
	m := sign.Message{Method: "POST", URL: "http://h" + target, Body: body, Header: header.HTTP(), ID: "id1", Event: "e"}
	signed, err := scheme.Sign(m, secrets[0])
	if err != nil {
		t.Skipf("%s cannot be signed: %v", scheme.Name, err)
	}
	for _, f := range signed.Fields {
		header = append(header, record.Field(f))
		if r.IntN(3) == 0 {
			header = append(header, record.Field{Name: strings.ToUpper(f.Name), Value: f.Value})
		}
	}
	if signed.Body != nil {
		body = signed.Body
	}
	header = append(header, record.Field{Name: "Content-Length", Value: fmt.Sprint(len(body))})
	x := &record.Exchange{Kind: record.Received, Scheme: scheme.Name,
		Verdict: record.Verdict{Status: record.Valid, Secret: secrets[0].Name},
		Request: record.Request{Method: "POST", URL: "http://h" + target, Target: target, Proto: "HTTP/1.1",
			Header: header, Body: body}}
	x.Request.Head = string(x.Request.AppendHead(nil))
	return x
}

// header makes of a text one that may stand in a header.
func header(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

func TestWhatIsMaskedIsRestoredToTheByte(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i, key := range odd {
		other := sign.Secret{Name: "env:OTHER", Key: []byte(odd[(i+1+r.IntN(len(odd)-1))%len(odd)])}
		c := restoring{secrets: []sign.Secret{{Name: "env:TOKEN", Key: []byte(key)}, other}}
		c.all = redact.New(lookup, c.secrets, nil)
		if i < 4 { // a proof is slow on purpose
			c.without = redact.New(lookup, c.secrets[1:], nil)
			c.changed = redact.New(lookup, []sign.Secret{{Name: "env:TOKEN", Key: []byte("changed-" + key)}, other}, nil)
		}
		for _, scheme := range tokenSchemes() {
			if scheme.CheckSecret(c.secrets[0], true) == nil { // else it cannot travel there at all
				c.check(t, message(t, r, scheme, c.secrets))
			}
		}
	}
}

// restoring are redactors that have the secrets of a message, one of them, and another under the same reference.
type restoring struct {
	secrets               []sign.Secret
	all, without, changed *redact.Redactor
}

func (c *restoring) check(t *testing.T, x *record.Exchange) {
	t.Helper()
	key := string(c.secrets[0].Key)
	what := fmt.Sprintf("%s with %.40q and %.40q", x.Scheme, key, c.secrets[1].Key)
	before := x.Request
	kept := c.all.Keep(x, false)
	if diff := cmp.Diff(before, x.Request); diff != "" {
		t.Fatalf("%s: keeping changed what came: %s", what, diff)
	}
	for name, text := range map[string]string{"head": kept.Request.Head, "url": kept.Request.URL,
		"body": string(kept.Request.Body)} {
		rest := strings.ReplaceAll(text, redact.Placeholder, "")
		for _, written := range []string{key, url.QueryEscape(key), base64.StdEncoding.EncodeToString([]byte(key))} {
			if len(key) >= 8 && strings.Contains(rest, written) {
				t.Errorf("%s: the kept %s has it: %q", what, name, text)
			}
		}
	}
	if kept == x || kept.BodySize() != len(before.Body) {
		t.Errorf("%s: nothing was masked, or its size is %d instead of %d", what, kept.BodySize(), len(before.Body))
	}
	for i := range kept.Masks {
		kept.Masks[i].Piece = "" // the history has none
	}
	restored, missing := c.all.Restore(kept)
	if diff := cmp.Diff(before, restored.Request); diff != "" || len(missing) > 0 {
		t.Errorf("%s: %v %s", what, missing, diff)
	}
	if c.without == nil || x.Scheme != "gitlab" {
		return
	}
	if _, missing := c.without.Restore(kept); len(missing) == 0 || missing[0].Why != "secret env:TOKEN is not given" {
		t.Errorf("%s: without the secret: %+v", what, missing)
	}
	if _, missing := c.changed.Restore(kept); len(missing) == 0 ||
		missing[0].Why != "secret env:TOKEN is not the one it came with" {
		t.Errorf("%s: with another secret: %+v", what, missing)
	}
}

// A listener looks at every webhook: one without credentials costs it no memory.
func TestAWebhookWithoutCredentialsIsKeptAsItIs(t *testing.T) {
	x := message(t, rand.New(rand.NewPCG(1, 2)), tokenSchemes()[0],
		[]sign.Secret{{Name: "env:TOKEN", Key: []byte("glpat-0123456789")}})
	x.Scheme, x.Request.Header = "", slices.DeleteFunc(x.Request.Header,
		func(f record.Field) bool { return strings.EqualFold(f.Name, "X-Gitlab-Token") })
	r := redact.New(lookup, nil, nil)
	if allocated := testing.AllocsPerRun(100, func() {
		if r.Keep(x, true) != x {
			t.Error("it is changed")
		}
	}); allocated > 0 {
		t.Errorf("%g allocations", allocated)
	}
}

func place(t *testing.T, text string) redact.Place {
	t.Helper()
	p, err := redact.ParsePlace(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlacesAreMaskedAndTheRestStays(t *testing.T) {
	for _, c := range []struct{ place, contentType, body, want, masked string }{
		{"json:/customer/email", "application/json", `{"customer":{"email":"a@b.c","n":1}}`,
			`{"customer":{"email":"[secret]","n":1}}`, "body /customer/email"},
		{"json:/customer/email", "text/plain", `{"customer":{"email":"a","email":"b\"c"}}`,
			`{"customer":{"email":"[secret]","email":"[secret]"}}`, "body /customer/email"},
		{"json:/customer/email", "", `{"customer":{"\u0065mail":"a"}, "email":"x"}`,
			`{"customer":{"\u0065mail":"[secret]"}, "email":"x"}`, "body /customer/email"},
		{"json:/customer", "", ` {"customer" : {"email":"a"} , "n":1}`, ` {"customer" : "[secret]" , "n":1}`,
			"body /customer"},
		{"json:/cards/1", "", `{"cards":[1,4242,3]}`, `{"cards":[1,"[secret]",3]}`, "body /cards/1"},
		{"json:/a~1b/m~0n", "", `{"a/b":{"m~n":"v"}}`, `{"a/b":{"m~n":"[secret]"}}`, "body /a~1b/m~0n"},
		{"json:/email", "", `{"email":"cut o`, `{"email":"[secret]`, "body /email"},
		{"json:/email", "", "\ufeff" + `{"email":"a"}`, "\ufeff" + `{"email":"[secret]"}`, "body /email"},
		{"json:/email", "", `not JSON`, `not JSON`, ""},
		{"json:", "", `{"email":1}`, `"[secret]"`, "body"},
		{"form:card", "application/x-www-form-urlencoded; charset=utf-8", `a=1&c%61rd=42&card=&card=43`,
			`a=1&c%61rd=[secret]&card=&card=[secret]`, "body card"},
		{"form:card", "text/plain", `card=42`, `card=42`, ""},
	} {
		x := &record.Exchange{Kind: record.Sent, Request: record.Request{Method: "POST", URL: "http://a/",
			Body:   []byte(c.body),
			Header: record.Header{{Name: "Content-Type", Value: c.contentType}}}}
		kept := redact.New(lookup, nil, []redact.Place{place(t, c.place)}).Keep(x, false)
		if string(kept.Request.Body) != c.want {
			t.Errorf("%s of %s: %s", c.place, c.body, kept.Request.Body)
		}
		if names := strings.Join(slices.Compact(kept.Masked()), ","); strings.Split(names, ",")[0] != c.masked {
			t.Errorf("%s of %s: masked %q", c.place, c.body, names)
		}
		restored, missing := redact.New(lookup, nil, nil).Restore(kept)
		if len(missing) > 0 || string(restored.Request.Body) != c.body {
			t.Errorf("%s of %s: restored to %s, %v", c.place, c.body, restored.Request.Body, missing)
		}
	}
	packed := &record.Exchange{Request: record.Request{Body: []byte("packed"),
		Header: record.Header{{Name: "Content-Encoding", Value: "gzip"}}}}
	if kept := redact.New(lookup, nil, []redact.Place{place(t, "json:/email")}).Keep(packed, false); string(
		kept.Request.Body) != redact.Placeholder {
		t.Errorf("a packed body is kept as %q", kept.Request.Body)
	}
	for _, bad := range []string{"", "header:", "cookie:x", "json:customer", "json:/a~2", "query:", "X-Api-Key"} {
		if _, err := redact.ParsePlace(bad); err == nil {
			t.Errorf("%q is a place", bad)
		}
	}
}

func TestAnUncheckedWebhookIsKeptWithoutCredentials(t *testing.T) {
	target := "/h?access_token=tok-1&n=1&api%5Fkey=tok-2&tokens=3"
	x := &record.Exchange{Kind: record.Received, Scheme: "figma",
		Request: record.Request{Method: "POST", URL: "http://h" + target, Target: target, Proto: "HTTP/1.1",
			Header: record.Header{{Name: "host", Value: "h"}, {Name: "AUTHORIZATION", Value: "Bearer tok-3"},
				{Name: "cookie", Value: "s=tok-4"}, {Name: "Cookie", Value: "t=tok-5"},
				{Name: "Proxy-Authorization", Value: "Basic dG9rLTY="}, {Name: "X-Gitlab-Token", Value: "tok-7"},
				{Name: "X-API-KEY", Value: "tok-8"}, {Name: "X-Plain", Value: "stays"}},
			Body: []byte(`{"passcode":"tok-9","n":1}`), Trailer: record.Header{{Name: "X-Auth-Token", Value: "tok-0"}},
			Chunks: "1a\r\n0\r\nX-Auth-Token: tok-0\r\n\r\n"},
		Response: &record.Response{Status: 200, Header: record.Header{{Name: "Set-Cookie", Value: "s=tok-a"},
			{Name: "X-Plain", Value: "stays"}},
			Head: "HTTP/1.1 200 OK\r\nSet-Cookie: s=tok-a\r\nX-Plain: stays\r\n\r\n"}}
	x.Request.Head = string(x.Request.AppendHead(nil))
	before := x.Request
	kept := redact.New(lookup, nil, nil).Keep(x, true)
	all := fmt.Sprint(kept.Request.URL, kept.Request.Target, kept.Request.Header, kept.Request.Head,
		string(kept.Request.Body), kept.Request.Trailer, kept.Request.Chunks, *kept.Response)
	if strings.Contains(all, "tok-") || strings.Contains(all, "dG9r") {
		t.Errorf("kept: %s", all)
	}
	want := "POST /h?access_token=[secret]&n=1&api%5Fkey=[secret]&tokens=3 HTTP/1.1\r\nhost: h\r\n" +
		"AUTHORIZATION: Bearer [secret]\r\ncookie: [secret]\r\nCookie: [secret]\r\n" +
		"Proxy-Authorization: Basic [secret]\r\nX-Gitlab-Token: [secret]\r\nX-API-KEY: [secret]\r\nX-Plain: stays\r\n\r\n"
	if diff := cmp.Diff(want, kept.Request.Head); diff != "" {
		t.Error(diff)
	}
	restored, missing := redact.New(lookup, nil, nil).Restore(kept)
	if diff := cmp.Diff(before, restored.Request); diff != "" || len(missing) > 0 {
		t.Error(diff, missing)
	}
	for i := range kept.Masks {
		kept.Masks[i].Piece = ""
	}
	if _, missing := redact.New(lookup, nil, nil).Restore(kept); len(missing) == 0 ||
		missing[0].Why != "header AUTHORIZATION is not in the history" {
		t.Errorf("missing: %v", missing)
	}
	if kept := redact.New(lookup, nil, nil).Keep(x, false); kept != x {
		t.Error("a checked one is not kept as it came")
	}
}

// A user's own scheme may send its secret in a query or a form, where it is found however short and however escaped it
// is.
func TestAnOwnSchemesSecretIsRestoredFromQueryAndForm(t *testing.T) {
	for _, place := range []string{"query:k y", "form:k y"} {
		own := sign.Scheme{Name: "own", Auth: sign.Token, Key: sign.Raw, Header: place}
		r := redact.New(func(string) (sign.Scheme, bool) { return own, true },
			[]sign.Secret{{Name: "env:K", Key: []byte("a b&")}}, nil)
		pairs := "x=a+b%26&k+y=a+b%26&k%20y=%61%20b%26&ky=1"
		x := &record.Exchange{Scheme: "own", Request: record.Request{Method: "POST", URL: "http://h/?" + pairs,
			Target: "/?" + pairs, Body: []byte(pairs),
			Header: record.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
			Head:   "POST /?" + pairs + " HTTP/1.1\r\n\r\n"}}
		kept := r.Keep(x, false)
		want := "x=a+b%26&k+y=[secret]&k%20y=[secret]&ky=1"
		if got := kept.Request.Target[2:]; place[0] == 'q' && (got != want || !strings.Contains(kept.Request.Head, want)) {
			t.Errorf("%s: kept %s and %s", place, got, kept.Request.Head)
		}
		if got := string(kept.Request.Body); place[0] == 'f' && got != want {
			t.Errorf("%s: kept %s", place, got)
		}
		for i := range kept.Masks {
			kept.Masks[i].Piece = ""
		}
		restored, missing := r.Restore(kept)
		if diff := cmp.Diff(x.Request, restored.Request); diff != "" || len(missing) > 0 {
			t.Errorf("%s: %v %s", place, missing, diff)
		}
	}
}

// A scheme that signs has no place for its secret. A body that holds it all the same, at whatever place and as it is or
// in base64, is masked, and one that does not is the same exchange.
func TestASecretInTheBodyOfASignedMessageIsMasked(t *testing.T) {
	t.Parallel()
	const key = "0123456789abcdef-secret"
	r := redact.New(lookup, []sign.Secret{{Name: "env:A", Key: []byte("another-secret")},
		{Name: "env:B", Key: []byte(key)}}, nil)
	for _, form := range []string{key, base64.StdEncoding.EncodeToString([]byte(key)),
		base64.RawURLEncoding.EncodeToString([]byte(key))} {
		for at := range 40 {
			body := []byte(strings.Repeat("0", at) + form + strings.Repeat("x", 40-at))
			for name, x := range map[string]*record.Exchange{
				"request": {Kind: record.Sent, Scheme: "standard-webhooks", Request: record.Request{Body: body}},
				"answer": {Kind: record.Sent, Scheme: "standard-webhooks",
					Response: &record.Response{Status: 200, Body: body}},
			} {
				kept := r.Redact(x)
				text := string(kept.Request.Body)
				if kept.Response != nil {
					text = string(kept.Response.Body)
				}
				if strings.Contains(text, form) || !strings.Contains(text, redact.Placeholder) {
					t.Errorf("%s with %q at %d is kept as %q", name, form, at, text)
				}
			}
			without := &record.Exchange{Kind: record.Sent, Scheme: "standard-webhooks",
				Request: record.Request{Body: body[:at+len(form)/2]}}
			if kept := r.Redact(without); kept != without {
				t.Errorf("%q is kept as %q", without.Request.Body, kept.Request.Body)
			}
		}
	}
}
