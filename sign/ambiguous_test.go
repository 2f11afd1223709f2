package sign_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
)

// What other schemes have signed is no id, so that a captured webhook cannot be cut into an id, a time of its own and a
// body.
func TestAPieceOfABodyIsNoID(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		if !strings.Contains(s.Content, "{id}") {
			return
		}
		for _, id := range []string{`{"title":"v1`, `1700000000!{"a":"`, "<t>", `["a",`, "payload=%7B", "a=", "msg=",
			"name=x&b=", "a b", "a;b", `a\b`, "é", strings.Repeat("a", 257)} {
			expect(t, id, s, with(m, headerOf(s.IDIn), id), keys.verifying, sign.MalformedID)
			bad := newMessage(s)
			bad.ID = id
			if _, err := s.Sign(bad, keys.signing); reasonOf(t, err) != sign.MalformedID {
				t.Errorf("%q is signed: %v", id, err)
			}
		}
		for _, id := range []string{"evt_1", "0e9a1f52-55c9-4987-8304-da1588d8988b", "01J0Z3NDEKTSV4RRFFQ69G5FAV",
			"urn:uuid:1", "a+b/c", "MDEyMzQ1Njc4OWFiY2RlZg==", strings.Repeat("a", 256)} {
			good := newMessage(s)
			good.ID = id
			expect(t, id, s, deliver(t, s, good, keys.signing), keys.verifying, "")
		}
	})
}

// A field that is signed without being the body takes no piece of another scheme's content, nor does a body that
// nothing separates from the timestamp.
func TestWhatMayBeCutElsewhereIsAmbiguous(t *testing.T) {
	own := func(content string) sign.Scheme {
		return sign.Scheme{Name: "own", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw, Content: content,
			Header: "X-Own", NoSeparator: true,
			Time: sign.Timestamp{In: "header:X-Time", Unit: sign.Seconds}, Tolerance: sign.Both(time.Minute)}
	}
	shop := sign.Scheme{Name: "own", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw,
		Content: "{json.shop}", Header: "X-Own"}
	for what, c := range map[string]struct {
		scheme sign.Scheme
		shop   string
		body   string
		clear  bool
	}{
		"Stripe's content in a field":        {own("{ts}{header.X-Shop}"), `.{"id":1}`, "{}", false},
		"Convoy's, of a text":                {own("{ts}{header.X-Shop}"), `,hello`, "{}", false},
		"a push of GitHub":                   {own("{header.X-Shop}.{ts}.{body}"), `{"title":"v1`, "{}", false},
		"a form":                             {own("{header.X-Shop}.{ts}.{body}"), "payload=a", "{}", false},
		"XML":                                {own("{header.X-Shop}|{ts}|{body}"), "<a>", "{}", false},
		"a body of an untimed scheme":        {shop, "", `{"shop":"{\"ref\":1}","x":1}`, false},
		"a form that ends in a time":         {own("{body}{ts}"), "", "a=b&t=", false},
		"a text that begins with one":        {own("{ts}{body}"), "", "-and more", false},
		"a shop":                             {own("{header.X-Shop}|{ts}|{body}"), "a-shop.example", "a=b", true},
		"a sentence":                         {own("{header.X-Shop}|{ts}|{body}"), "Tea, and more; 5 EUR", "hello", true},
		"padded base64":                      {own("{ts}{header.X-Shop}"), "MDEyMzQ1Njc4OWFiY2RlZg==", "hello", true},
		"JSON beside the time":               {own("{body}{ts}"), "", "{\"a\":1}\n", true},
		"XML beside the time":                {own("{ts}{body}"), "", "<a/>", true},
		"an empty body":                      {own("{ts}{body}"), "", "", true},
		"a field of a body that is no piece": {shop, "", `{"shop":"a-shop.example"}`, true},
	} {
		secret := sign.Secret{Name: "test", Key: []byte("a secret of the tests, shared")}
		m := sign.Message{Method: "POST", Time: at, Body: []byte(c.body), Header: http.Header{"X-Shop": {c.shop}}}
		m = deliver(t, c.scheme, m, secret)
		if _, err := c.scheme.Verify(m, at, secret); err != nil {
			t.Errorf("%s: the test's own message: %v", what, err)
		}
		if why := c.scheme.Ambiguous(m); (why == "") != c.clear {
			t.Errorf("%s: %q", what, why)
		}
	}
}

// What the providers send is not ambiguous.
func TestGenuineMessagesAreNotAmbiguous(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, _ pair) {
		if why := s.Ambiguous(m); why != "" {
			t.Errorf("as barb signs it: %s", why)
		}
		for _, v := range vectors(t, s.Name) {
			if why := s.Ambiguous(v.message()); v.Expected == "valid" && why != "" {
				t.Errorf("%s: %s (%.80q)", v.Case, why, v.Body)
			}
		}
	})
}
