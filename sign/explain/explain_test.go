package explain_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/explain"
)

func TestNothingIsClaimedWhereNothingMatches(t *testing.T) {
	for _, name := range []string{"stripe", "github", "standard-webhooks", "slack", "shopify", "twilio", "square",
		"discord", "gitlab", "zoom", "linear-like"} {
		for _, p := range []struct {
			what  string
			plant func(*explain.Question)
		}{
			{"another secret", secret("another_0123456789abcdef")},
			{"another value in the body", body(`{"type":"pong","n":1}`)},
			{"another form", body("type=pong&n=1")},
			{"another URL", both(to("https://elsewhere.test/x"), body(`{"type":"pong","n":1}`))},
		} {
			t.Run(name+" with "+p.what, func(t *testing.T) {
				s, ok := catalog.Lookup(name)
				if !ok {
					s = lookup(t, "github")
					s.Name, s.Header = "mine", "X-Mine"
				}
				q := signedBy(t, s, ascii, usualKey(s))
				if s.Auth == sign.Ed25519 {
					q.Secrets = signedBy(t, s, ascii, strings.Repeat("k", 32)).Secrets
				} else {
					p.plant(&q)
				}
				if _, err := q.Scheme.Verify(q.Message, q.Now, q.Secrets...); err == nil {
					return // a token, or a form's fields, say nothing about this
				}
				if a := find(t, q); len(a.Causes) > 0 || len(a.Hints) > 0 || a.Cut || a.Tried == 0 {
					t.Errorf("%d tried, cut %v: %+v %+v", a.Tried, a.Cut, a.Causes, a.Hints)
				}
			})
		}
	}
}

func TestAValidMessageHasNothingToExplain(t *testing.T) {
	a := find(t, signed(t, "stripe", compact))
	if len(a.Causes)+len(a.Hints)+len(a.Seen)+a.Tried > 0 {
		t.Errorf("%+v", a)
	}
}

// Whatever is done to a message, what is claimed verifies, and what is not the body's is not blamed on the body.
func TestAClaimAlwaysVerifies(t *testing.T) {
	mistakes := slices.Concat(bodyMistakes, secretMistakes, messageMistakes)
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.SampledFrom(mistakes).Draw(rt, "mistake")
		p.signed = rapid.SampledFrom([]string{p.signed, compact, python, php, indented, sorted, slackish}).Draw(rt, "signed")
		q := p.question(t)
		p.plant(&q)
		if rapid.Bool().Draw(rt, "damaged") {
			q.Message.Body = rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(rt, "bytes")
		}
		q.Message.Header.Set("X-Extra", rapid.StringN(0, 20, 60).Draw(rt, "header"))
		q.Message.URL = rapid.SampledFrom([]string{q.Message.URL, address, "http://a:1/b?c=d&a=b", "not a url", "//",
			""}).Draw(rt, "url")
		for _, c := range find(t, q).Causes {
			if c.Difference == nil && c.Part == explain.Body {
				t.Errorf("%s without a difference", c.Kind)
			}
		}
	})
}

// The bound is on what is written and hashed, so that it holds on every machine alike.
func TestTheSearchIsBounded(t *testing.T) {
	const mib = 1 << 20
	q := signed(t, "stripe", ascii)
	q.Message.Body = []byte(`{"items":[` + strings.Repeat(`{"id":1,"name":"café","a":[1.5,true]},`, mib/40) + `{}]}`)
	q.Budget = 64 * mib
	a := find(t, q)
	if !a.Cut || len(a.Causes) > 0 {
		t.Errorf("cut %v, causes %v", a.Cut, a.Causes)
	}
	if largest := int64(8 * len(q.Message.Body)); a.Bytes > q.Budget+largest {
		t.Errorf("%d bytes were hashed, %d are allowed and one more candidate", a.Bytes, q.Budget)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if a := explain.Find(ended, q); !a.Cut || a.Tried != 0 {
		t.Errorf("with a context that has ended, %d were tried, cut %v", a.Tried, a.Cut)
	}
}

func TestNothingIsCheckedTwice(t *testing.T) {
	q := signed(t, "github", ascii)
	q.Message.Body = []byte("{}")
	other := explain.Other{Secret: sign.Secret{Name: "env:OTHER", Key: []byte("another_0123456789abcdef")}}
	q.Others = []explain.Other{other}
	once := find(t, q).Tried
	q.Others = []explain.Other{other, other, other}
	if again := find(t, q).Tried; once == 0 || again != once {
		t.Errorf("%d candidates with one other secret, %d with the same one three times", once, again)
	}
}

func TestHeadersThatLookLikeSignaturesAreSeen(t *testing.T) {
	q := signed(t, "github", ascii)
	q.Message.Body = []byte("changed beyond repair")
	q.Message.Header.Set("X-Acme-Signature", "abc")
	q.Scheme = lookup(t, "stripe")
	a := find(t, q)
	if len(a.Causes) > 0 || len(a.Seen) != 2 {
		t.Fatalf("%+v", a)
	}
	if got := fmt.Sprint(a.Seen[0]); got != "{X-Acme-Signature []}" {
		t.Errorf("first %s", got)
	}
	if a.Seen[1].Header != "X-Hub-Signature-256" || !slices.Contains(a.Seen[1].Schemes, "github") {
		t.Errorf("second %v", a.Seen[1])
	}
}

func TestWhatIsLostIsHintedAt(t *testing.T) {
	for _, c := range []struct {
		name, body string
		header     [2]string
		want       explain.Kind
	}{
		{"cut at 64 KiB", big[:64<<10], [2]string{}, explain.Truncated},
		{"shorter than announced", "abc", [2]string{"Content-Length", "4000"}, explain.Truncated},
		{"cut anywhere", compact[:40], [2]string{}, explain.Truncated},
		{"unpacked by another library", compact, [2]string{"Content-Encoding", "gzip"}, explain.UnpackedUnprovable},
		{"empty", "", [2]string{}, explain.BodyMissing},
		{"an object as text", "[object Object]", [2]string{}, explain.ObjectStringified},
		{"replacement characters", "caf\uFFFD", [2]string{}, explain.CharactersLost},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := signed(t, "github", `{"something":"else"}`)
			q.Message.Body = []byte(c.body)
			if c.header[0] != "" {
				q.Message.Header.Set(c.header[0], c.header[1])
			}
			a := find(t, q)
			if len(a.Causes) > 0 || len(a.Hints) == 0 || a.Hints[0].Kind != c.want || len(a.Hints[0].Fix) == 0 {
				t.Errorf("causes %v, hints %v; want %s", a.Causes, a.Hints, c.want)
			}
		})
	}
}

func TestTheAdviceIsForTheFrameworkThatTheEvidenceShows(t *testing.T) {
	const most, python3, js = "express next.js flask", "flask django fastapi", "express next.js fastify"
	csharp := `{"n":"caf\u00E9 \u0022\u003C"}`
	for name, c := range map[string]struct{ signed, have, framework, want, words string }{
		"Python":              {compact, python, "", python3, "as Python's json.dumps does"},
		"PHP":                 {compact, php, "", "laravel", "PHP"},
		"JavaScript":          {python, compact, "", most, "re-serialised the JSON"},
		"Go":                  {`{"h":"<a>"}`, `{"h":"\u003ca\u003e"}`, "", "net/http", "Go"},
		"C#":                  {`{"n":"café \"<"}`, csharp, "", "asp.net", "System.Text.Json"},
		"a known one":         {compact, python, "rails", "rails", "Python"},
		"an unknown one":      {python, compact, "cobol on cogs", most, ""},
		"a Buffer":            {compact, buffer(compact), "", js, ""},
		"bytes":               {ascii, `b'` + ascii + `'`, "", python3, ""},
		"Lambda":              {compact, `{"body":` + stringified(compact) + `,"isBase64Encoded":false}`, "", "lambda", ""},
		"a newline":           {ascii, ascii + "\n", "", "shell express next.js", ""},
		"a newline, known":    {ascii, ascii + "\n", "django", "shell django", ""},
		"CRLF in pretty JSON": {indented, strings.ReplaceAll(indented, "\n", "\r\n"), "", "shell express next.js", ""},
	} {
		q := signed(t, "stripe", c.signed)
		q.Message.Body, q.Framework = []byte(c.have), c.framework
		a := find(t, q)
		if len(a.Causes) == 0 {
			t.Errorf("%s: nothing found", name)
			continue
		}
		var names []string
		for _, f := range a.Causes[0].Fix {
			names = append(names, f.Framework)
		}
		if got := strings.Join(names, " "); got != c.want || !strings.Contains(a.Causes[0].Words, c.words) {
			t.Errorf("%s: %s, want %s: %s", name, got, c.want, a.Causes[0].Words)
		}
	}
}

func TestAFormGetsTheAdviceForForms(t *testing.T) {
	for name, c := range map[string]struct{ signed, have, contentType string }{
		"re-encoded":  {slackish, strings.ReplaceAll(slackish, "+", "%20"), ""},
		"as JSON":     {"token=x&team=a+b", `{"token":"x","team":"a b"}`, ""},
		"a newline":   {slackish, slackish + "\n", "application/x-www-form-urlencoded; charset=utf-8"},
		"out of form": {"payload=" + url.QueryEscape(ascii), ascii, ""},
	} {
		q := signed(t, "slack", c.signed)
		q.Message.Body, q.Framework = []byte(c.have), "express"
		if c.contentType != "" {
			q.Message.Header.Set("Content-Type", c.contentType)
		}
		a := find(t, q)
		if len(a.Causes) != 1 || !strings.Contains(a.Causes[0].Fix[len(a.Causes[0].Fix)-1].Text, "x-www-form-urlencoded") {
			t.Errorf("%s: %+v", name, a.Causes)
		}
	}
	q := signed(t, "slack", compact)
	q.Message.Body, q.Framework = []byte(indented), "express"
	if a := find(t, q); strings.Contains(a.Causes[0].Fix[0].Text, "urlencoded") {
		t.Errorf("JSON gets %v", a.Causes[0].Fix)
	}
}

func TestAnAPIKeyIsRecognisedAndNotShown(t *testing.T) {
	for _, c := range []struct{ scheme, key, want, fix string }{
		{"stripe", "sk_test_abcdefgh12345678", "secret env:SECRET is an API key (sk_test_…), not the webhook secret",
			"whsec_"},
		{"slack", "xoxb-abcdefgh-12345678", "is an access token (xoxb-…)", "signing secret"},
		{"github", "github_pat_abcdefgh12345678", "is an access token (github_pat_…)", "entered when the webhook"},
		{"twilio", "AC0123456789abcdef0123456789abcdef", "is an account SID (AC…)", "auth token"},
		{"generic", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "is a JSON Web Token (eyJ…)", ""},
	} {
		body := "a=b"
		q := signed(t, c.scheme, body)
		q.Secrets[0].Key = []byte(c.key)
		a := find(t, q)
		if len(a.Causes) > 0 || len(a.Hints) != 1 || a.Hints[0].Kind != explain.SecretAPIKey ||
			!strings.Contains(a.Hints[0].Words, c.want) || !strings.Contains(fmt.Sprint(a.Hints[0].Fix), c.fix) {
			t.Errorf("%s: %+v", c.scheme, a)
		}
		if text := fmt.Sprintf("%+v", a); strings.Contains(text, c.key) || strings.Contains(text, "12345678") {
			t.Errorf("%s: the key shows: %s", c.scheme, text)
		}
	}
	for _, name := range []string{"paystack", "gitlab"} { // these take any text as the secret, or an API key
		q := signed(t, name, ascii)
		q.Secrets[0].Key = []byte("sk_live_abcdefgh12345678")
		if a := find(t, q); len(a.Hints) > 0 {
			t.Errorf("%s: %+v", name, a.Hints)
		}
	}
}

func TestASecretDoesNotShowInAnAnswer(t *testing.T) {
	for _, p := range secretMistakes {
		q := p.question(t)
		p.plant(&q)
		a := find(t, q)
		for i := range a.Causes {
			a.Causes[i].Proof.Message.Header = nil // a token's header is the token
		}
		if text := fmt.Sprintf("%+v", a); strings.Contains(strings.ToLower(text), rawKey) ||
			strings.Contains(text, whsecKey[6:]) {
			t.Errorf("%s: the secret shows", p.name)
		}
	}
}

func TestAQuestionWithoutASchemeIsAnswered(t *testing.T) {
	q := signed(t, "github", ascii)
	q.Scheme = sign.Scheme{}
	if a := find(t, q); len(a.Causes) != 1 || a.Causes[0].Kind != explain.OtherScheme {
		t.Errorf("%+v", a)
	}
	q.Secrets = nil
	if a := find(t, q); len(a.Causes) > 0 || len(a.Seen) != 1 {
		t.Errorf("%+v", a)
	}
}

func FuzzFind(f *testing.F) {
	for _, b := range []string{"", "{", `{"a":1.0e+5,"b":"\ud800","c":"`, compact, python, slackish,
		`{"type":"Buffer","data":[1,2`, "b'\\x", "\x1f\x8b", "5\r\nab", "a=%zz", "\xff\xfe{", `"\u00`, "[[[[", `{"body":{}}`,
		"-", `{"n":-1.}`, `{"":[{}]}`} {
		for _, value := range []string{"t=1700000000,v1=00", "t=1,v1=", "v0=00"} { // one for each scheme below, by its length
			f.Add([]byte(b), value, "http://[::1]:80/a?b=c", "Stripe-Signature")
		}
	}
	s := lookup(f, "stripe")
	square := lookup(f, "square")
	f.Fuzz(func(t *testing.T, body []byte, value, url, name string) {
		if len(body) > 1<<12 {
			return
		}
		m := sign.Message{Method: "POST", URL: url, Body: body, Header: http.Header{"Stripe-Signature": {value},
			name: {value, value}, "X-Square-Hmacsha256-Signature": {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="}}}
		scheme := [...]sign.Scheme{s, square, {}}[len(value)%3]
		q := explain.Question{Scheme: scheme, Message: m, Now: at, Secrets: []sign.Secret{{Name: "a", Key: []byte(rawKey)}},
			Budget: 2 << 20}
		before := bytes.Clone(body)
		for _, c := range find(t, q).Causes {
			t.Errorf("no one signed this: %s", c.Kind)
		}
		if !bytes.Equal(before, body) {
			t.Error("the body was changed in place")
		}
	})
}

func TestAMebibyteIsSearchedWithinTheDefaultBudget(t *testing.T) {
	big := `{"items":[` + strings.Repeat(`{"id":1,"name":"café","a":[1,true]},`, (1<<20)/39) + `{}]}`
	q := signed(t, "stripe", big)
	q.Message.Body = []byte(strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(big, "é", `\u00e9`), ",", ", "), ":",
		": "))
	start := time.Now()
	a := find(t, q)
	if len(a.Causes) != 1 || a.Causes[0].Kind != explain.Reserialised {
		t.Errorf("%+v", a)
	}
	t.Logf("%d tried, %d MiB, %v", a.Tried, a.Bytes>>20, time.Since(start))
}
