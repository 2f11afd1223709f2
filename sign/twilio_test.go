package sign_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
)

// twilioKey is the key of Twilio's own published examples.
const twilioKey = "12345"

func twilioMessage(url, contentType, body string) sign.Message {
	m := sign.Message{Method: "POST", URL: url, Header: http.Header{}, Body: []byte(body)}
	if contentType != "" {
		m.Header.Set("Content-Type", contentType)
	}
	return m
}

const form = "application/x-www-form-urlencoded"

func TestTwilioTriesTheURLWithAndWithoutItsPort(t *testing.T) {
	s := lookup(t, "twilio")
	for _, c := range []struct {
		signed, seen string
		want         sign.Reason
	}{
		{"https://a.example/x?y=1", "https://a.example:443/x?y=1", ""},
		{"https://a.example:443/x", "https://a.example/x", ""},
		{"http://a.example:80", "http://a.example", ""},
		{"HTTP://a.example:80?q", "HTTP://a.example?q", ""},
		{"https://a.example/x", "https://a.example:8443/x", ""},
		{"https://u:p@a.example/x", "https://u:p@a.example:443/x", ""},
		{"https://[::1]:443/x", "https://[::1]/x", ""},
		{"https://[::1]/x", "https://[::1]:443/x", ""},
		{"https://a.example:80/x", "https://a.example/x", sign.SignatureMismatch},
		{"https://a.example/x", "http://a.example/x", sign.SignatureMismatch},
		{"https://a.example/x", "https://a.example/x/", sign.SignatureMismatch},
		{"https://a.example/x?a=1&b=2", "https://a.example/x?b=2&a=1", sign.SignatureMismatch},
		{"https://a.example/%7Ex", "https://a.example/~x", sign.SignatureMismatch},
		{"not a URL", "not a URL", ""},
	} {
		m := deliver(t, s, twilioMessage(c.signed, form, "A=1"), text(twilioKey))
		m.URL = c.seen
		expect(t, c.signed+" seen as "+c.seen, s, m, text(twilioKey), c.want)
	}
}

func TestTwilioSignsFormsByTheirFields(t *testing.T) {
	s := lookup(t, "twilio")
	sigOf := func(body string) string {
		return deliver(t, s, twilioMessage("https://a.example/", form, body), text(twilioKey)).Header.Get(
			"X-Twilio-Signature")
	}
	same := map[string]string{
		"b=2&a=1":             "a=1&b=2",
		"a=2&a=1&a=2":         "a=1&a=2",
		"a=%2B1+x":            "a=%2b1%20x",
		"a&b=":                "a=&b",
		"&&a=1&":              "a=1",
		"a=1=2":               "a=1%3D2",
		"B=1&a=2&A=3&%C3%A9=": "A=3&B=1&a=2&é",
	}
	for a, b := range same {
		if sigOf(a) != sigOf(b) {
			t.Errorf("%q and %q differ", a, b)
		}
	}
	for a, b := range map[string]string{"a=1": "A=1", "a=1&a=2": "a=1"} {
		if sigOf(a) == sigOf(b) {
			t.Errorf("%q and %q are one", a, b)
		}
	}
	for _, body := range []string{"a=%zz", "a=1;b=2"} {
		if _, err := s.Sign(twilioMessage("https://a.example/", form, body), text(twilioKey)); reasonOf(t,
			err) != sign.MalformedBody {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestTwilioBindsABodyThatIsNoFormByItsHash(t *testing.T) {
	s := lookup(t, "twilio")
	const json = "application/json; charset=utf-8"
	m := twilioMessage("https://a.example/x?foo=1#frag", json, `{"a":1}`)
	got := deliver(t, s, m, text(twilioKey))
	const hash = "bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
	if got.URL != "https://a.example/x?foo=1&"+hash+"#frag" {
		t.Error(got.URL)
	}
	expect(t, "as signed", s, got, text(twilioKey), "")
	expect(t, "another body", s, setBody(got, `{"a":2}`), text(twilioKey), sign.SignatureMismatch)

	plain := got
	plain.URL = m.URL
	expect(t, "hash dropped", s, plain, text(twilioKey), sign.UnsignedBody)
	twice := got
	twice.URL = strings.Replace(got.URL, "?", "?"+hash+"&", 1)
	expect(t, "hash twice", s, twice, text(twilioKey), sign.MalformedSignature)

	again := deliver(t, s, setBody(got, `{"a":2}`), text(twilioKey)) // a replay of an edited body
	if strings.Count(again.URL, "bodySHA256") != 1 || again.URL == got.URL {
		t.Error(again.URL)
	}
	expect(t, "signed again", s, again, text(twilioKey), "")
	retried := deliver(t, s, got, text(twilioKey))
	if retried.URL != got.URL {
		t.Errorf("a retry has another URL: %s", retried.URL)
	}
}

func TestTwilioWithoutAContentTypeGoesByTheBody(t *testing.T) {
	s := lookup(t, "twilio")
	for body, hashed := range map[string]bool{"": false, "a=1": false, "\t{\"a\":1}": true, "[1]": true} {
		got := deliver(t, s, twilioMessage("https://a.example", "", body), text(twilioKey))
		if strings.Contains(got.URL, "bodySHA256") != hashed {
			t.Errorf("%q: %s", body, got.URL)
		}
		expect(t, body, s, got, text(twilioKey), "")
	}
}

// TestTwilioOfficialBodyHash is a case of Twilio's own SDK tests: a JSON body bound by the URL.
func TestTwilioOfficialBodyHash(t *testing.T) {
	for _, v := range vectors(t, "twilio") {
		if v.Case != "json_tampered_body" {
			continue
		}
		v.Body = []byte(`{"property": "value", "boolean": true}`)
		expect(t, "official", lookup(t, "twilio"), v.message(), text(v.Secrets[0]), "")
	}
}

// Conversations names the event in the form. A callback of a message or a call names a status, which is no event type.
func TestTwilioNamesTheEventOfConversationsAlone(t *testing.T) {
	s := lookup(t, "twilio")
	for body, want := range map[string]string{
		"ConversationSid=CH1&EventType=onMessageAdded&Body=a+b":      "onMessageAdded",
		"EventType=on%4Dessage":                                      "onMessage",
		"MessageSid=SM1&MessageStatus=delivered&SmsStatus=delivered": "",
		"CallSid=CA1&CallStatus=completed":                           "",
		`{"EventType":"onMessageAdded"}`:                             "",
	} {
		if got := s.Event(twilioMessage("https://example.com/", "application/x-www-form-urlencoded", body)); got != want {
			t.Errorf("%s: %q", body, got)
		}
	}
}
