package proof_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/proof"
)

var at = time.Unix(1700000000, 0)

func lookup(t *testing.T, name string) sign.Scheme {
	t.Helper()
	s, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("no scheme %s", name)
	}
	return s
}

func TestOtherTimedContentsAreKnown(t *testing.T) {
	plain := sign.Scheme{Name: "plain", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw,
		Content: "{body}", Header: "X-Plain"}
	contents := map[string]string{
		"hook0-v1":     `1700000000.x-event-id x-event-type.1.a.{"a":1}`,
		"mercadopago":  "id:123;request-id:abc;ts:1700000000;",
		"mercadopago-": "ts:1700000000;",
		"contentful":   "POST\n/hook?a=1\nx-contentful-signed-headers:x;x-contentful-timestamp:1700000000000\n{\"a\":1}",
		"rfc9421":      "\"@method\": POST\n\"@signature-params\": (\"@method\");created=1700000000;keyid=\"k\"",
		"aws-sns": "Message\nhello\nMessageId\n1\nTimestamp\n2023-11-14T22:13:20.000Z\nTopicArn\narn:x\nType\n" +
			"Notification\n",
		"qstash":       "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJVcHN0YXNoIiwiZXhwIjoxNzAwMDAwMDAwfQ",
		"mailgun":      "1700000000" + strings.Repeat("ab", 25),
		"dropbox-sign": "1700000000signature_request_sent",
		"linear":       `{"action":"create","webhookTimestamp":1700000000000}`,
		"paypal":       "69cd13f0-d67a-11e5|2023-11-14T22:13:20Z|1JE4291016473214C|3406284910",
		"fal":          "req-1\nuser_1\n1700000000\n" + strings.Repeat("0a", 32),
		"kick":         "01J.2023-11-14T22:13:20Z.{}",
		"twitch":       "e76c6bd4-55c9-4987-8304-da1588d8988b2023-11-14T22:13:20.123456789Z{}",
	}
	for name, content := range contents {
		m := sign.Message{Method: "POST", URL: "http://h/", Body: []byte(content)}
		from, ok := proof.MovedFrom(plain, m, at, catalog.All())
		if !ok {
			t.Errorf("%s: %q is not known", name, content)
		}
		own, _ := catalog.Lookup(strings.TrimSuffix(name, "-"))
		if _, alone := proof.MovedFrom(plain, m, at, []sign.Scheme{own}); own.Timed() && !alone {
			t.Errorf("%s is known as %s only", name, from.Name)
		}
	}
}

// A scheme of one's own is compared by its own template.
func TestContentsOfOnesOwnSchemesAreKnown(t *testing.T) {
	plain := sign.Scheme{Name: "plain", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw,
		Content: "{body}", Header: "X-Plain"}
	for template, content := range map[string]string{
		"{ts}/{id}/{body}":            "1700000000/evt_1/{}",
		"{body}|{ts}":                 "{}|1700000000",
		"{body}{ts}":                  "{}1700000000",
		"v9:{id}:{body}:{ts}:end":     "v9:evt_1:{}:1700000000:end",
		"{method} {path} {ts} {body}": "POST /hook 1700000000 {}",
		"{body|sha256hex}.{ts}":       strings.Repeat("0a", 32) + ".1700000000",
		"{header.X-Shop}.{ts}.{body}": "shop.1700000000.{}",
	} {
		own := sign.Scheme{Name: "own", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw,
			Content: template, Header: "X-Own",
			Time: sign.Timestamp{In: "header:X-Time", Unit: sign.Seconds}, IDIn: "header:X-Id",
			Tolerance:   sign.Both(time.Minute),
			NoSeparator: template == "{body}{ts}"}
		if err := catalog.Validate(own); err != nil {
			t.Errorf("%s: %v", template, err)
		}
		if _, ok := proof.MovedFrom(plain, sign.Message{Body: []byte(content)}, at, []sign.Scheme{own}); !ok {
			t.Errorf("%s: %q is not known", template, content)
		}
	}
}

func TestTheStrictestSchemeComesFirst(t *testing.T) {
	for _, pair := range [][2]string{{"stripe", "github"}, {"mailgun", "github"}, {"github", "gitlab"},
		{"sanity", "github"}, {"stripe", "mailgun"},
		{"hubspot-v3", "hubspot-v2"}, {"discord", "wise"}, {"qstash", "netlify"}} {
		a, b := lookup(t, pair[0]), lookup(t, pair[1])
		if !proof.Stricter(a, b) || proof.Stricter(b, a) {
			t.Errorf("%s against %s", a.Name, b.Name)
		}
	}
	all := catalog.All()
	for _, a := range all {
		if a.Auth == sign.Token && slices.ContainsFunc(all,
			func(b sign.Scheme) bool { return proof.Stricter(a, b) && b.Auth != sign.Token }) {
			t.Errorf("%s, a token, is stricter than a signature", a.Name)
		}
	}
}

func TestASchemeWhoseTimeTheMessageLacksComesLast(t *testing.T) {
	schemes := []sign.Scheme{lookup(t, "gitlab"), lookup(t, "stripe"), lookup(t, "github"), lookup(t, "slack")}
	m := sign.Message{Header: http.Header{"Stripe-Signature": {"t=1700000000,v1=00"}}, Body: []byte(`{}`)}
	proof.Strictest(m, schemes)
	var names []string
	for _, s := range schemes {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "stripe github gitlab slack" {
		t.Error(got)
	}
}

func TestATimedSchemesMessageIsNotMoved(t *testing.T) {
	m := sign.Message{Body: []byte("1700000000.{}")}
	if from, ok := proof.MovedFrom(lookup(t, "stripe"), m, at, catalog.All()); ok {
		t.Errorf("it is moved from %s", from.Name)
	}
	if _, ok := proof.MovedFrom(lookup(t, "github"), m, at, catalog.All()); !ok {
		t.Error("what Stripe signs is not known")
	}
	old := sign.Message{Body: []byte("0999999999.{}")}
	if from, ok := proof.MovedFrom(lookup(t, "github"), old, at, []sign.Scheme{lookup(t, "stripe")}); ok {
		t.Errorf("a number of another kind is taken for the time of %s", from.Name)
	}
}

func TestAComparisonThatTakesTooLongCountsAsAMatch(t *testing.T) {
	own := sign.Scheme{Name: "own", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw, Header: "X-Own",
		Content: "{header.X-A}.{header.X-B}.{header.X-C}.{header.X-D}.{ts}",
		Time:    sign.Timestamp{In: "header:X-T", Unit: sign.Seconds}}
	if _, ok := proof.MovedFrom(lookup(t, "github"), sign.Message{Body: []byte(strings.Repeat(".", 1000) + "x")}, at,
		[]sign.Scheme{own}); !ok {
		t.Error("it was compared to its end")
	}
}
