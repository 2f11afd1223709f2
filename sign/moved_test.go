package sign_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/proof"
)

// signedContent is what a scheme signs of a message, put together from outside by its template; false where that cannot
// be.
func signedContent(s sign.Scheme, m sign.Message) (string, bool) {
	if s.Content == "" || s.JWT != nil || s.Code != "" {
		return "", false
	}
	text := s.Content
	value := func(p sign.Place) string { return m.Header.Get(headerOf(p)) }
	sig := s.Signature(m)
	for item := range strings.FieldsFuncSeq(sig, func(r rune) bool { return strings.ContainsRune(s.Split, r) }) {
		if after, ok := strings.CutPrefix(strings.TrimSpace(item), s.Time.Key); ok && s.Time.Key != "" {
			text = strings.ReplaceAll(text, "{ts}", after)
		}
		if name, after, ok := strings.Cut(strings.TrimSpace(item), "="); ok {
			text = strings.ReplaceAll(text, "{item."+name+"}", after)
		}
	}
	text = strings.ReplaceAll(text, "{ts}", value(s.Time.In))
	text = strings.ReplaceAll(text, "{id}", value(s.IDIn))
	text = strings.ReplaceAll(text, "{method}", m.Method)
	text = strings.ReplaceAll(text, "{url}", m.URL)
	// a forger does not know it; the other scheme adds it in the same place
	text = strings.ReplaceAll(text, "{secret}", "")
	text = strings.ReplaceAll(text, "{lb}", "{")
	text = strings.ReplaceAll(text, "{rb}", "}")
	text = strings.ReplaceAll(text, "{body|json}", `"`+strings.ReplaceAll(string(m.Body), `"`, `\"`)+`"`)
	text = strings.ReplaceAll(text, "{body}", string(m.Body))
	return text, !strings.Contains(text, "{json.") && !strings.Contains(text, "{body|") &&
		!strings.Contains(text, "{header.") && !strings.Contains(text, "{param.")
}

// plainHeader is a scheme that signs the body alone, as an untimed scheme of the same key and hash does.
func plainHeader(s sign.Scheme) sign.Scheme {
	return sign.Scheme{Name: "plain", Auth: s.Auth, Hash: s.Hash, Enc: sign.Hex, Key: s.Key, Content: "{body}",
		Header: "X-Plain"}
}

// decoded is a signature's bytes.
func decoded(s sign.Scheme, m sign.Message) []byte {
	value := s.Signature(m)
	for item := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(s.Split, r) }) {
		after, ok := strings.CutPrefix(strings.TrimSpace(item), s.Prefix)
		if !ok {
			continue
		}
		for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString,
			base64.RawURLEncoding.DecodeString} {
			if b, err := decode(after); err == nil && len(b) > 0 {
				return b
			}
		}
	}
	return nil
}

// A captured message of any timed scheme, put into the header of one that has no timestamp, is known by the form of its
// body.
func TestWhatATimedSchemeSignedIsKnownWhereverItIsMoved(t *testing.T) {
	moved := 0
	for _, from := range catalog.All() {
		if !from.Timed() || from.Auth == sign.Token {
			continue
		}
		for _, body := range []string{jsonBody, "", "x", "a=b&c=d", "1", "\x00\xff", strings.Repeat("long ", 10_000)} {
			keys := newPair(from, 0)
			m := newMessage(from)
			if from.Time.In == "" || strings.HasPrefix(string(from.Time.In), "header:") {
				m.Body = []byte(body)
			}
			signed, err := from.Sign(m, keys.signing)
			if err != nil {
				continue
			}
			m = receive(m, signed)
			content, ok := signedContent(from, m)
			if !ok {
				continue
			}
			to := plainHeader(from)
			forged := sign.Message{Method: "POST", URL: m.URL, Body: []byte(content),
				Header: http.Header{"X-Plain": {hex.EncodeToString(decoded(from, m))}}}
			later := at.AddDate(3, 0, 0)
			if from.Auth == sign.HMAC {
				if _, err := to.Verify(forged, later, keys.verifying); err != nil {
					t.Fatalf("%s: the test's own forgery is none: %v (%q)", from.Name, err, content)
				}
				moved++
			}
			if _, ok := proof.MovedFrom(to, forged, later, catalog.All()); !ok {
				t.Errorf("%s with %.20q: %.80q is not known", from.Name, body, content)
			}
		}
	}
	if moved < 60 {
		t.Errorf("only %d were forged", moved)
	}
}

// The schemes whose content is made by code, by a token or of fields, each with what it signs as its documentation has
// it. What providers without timestamps send has none of these forms.
func TestGenuineBodiesHaveNoTimedForm(t *testing.T) {
	bodies := []string{jsonBody, "{}", "[]", "", "true", "null", `{"created":1700000000,"at":"2023-11-14T22:13:20Z"}`,
		`{"a":1.5}`,
		`{"time":"2023-11-14T22:13:20Z"}`, `[1700000000,{"a":1700000000123}]`, "<xml><t>2023-11-14T22:13:20Z</t></xml>",
		"payload=%7B%22ref%22%3A%22main%22%7D", "From=%2B4915123456789&To=4915123456789", "id=tr_7UhSN1zuXS",
		"a=1&t=2023-11-14T22%3A13%3A20Z",
		"hello 2023-11-14T22:13:20Z world", "id,time\n1,1700000000\n"}
	for _, s := range catalog.All() {
		if s.Timed() || s.Auth == sign.Token {
			continue
		}
		for _, body := range bodies {
			if strings.Contains(body, "webhookTimestamp") {
				body = strings.ReplaceAll(body, "webhookTimestamp", "at")
			}
			m := sign.Message{Method: "POST", URL: "https://hooks.example.com/in?x=1", Body: []byte(body)}
			if from, ok := proof.MovedFrom(s, m, at, catalog.All()); ok {
				t.Errorf("%s: %q has the form of %s", s.Name, body, from.Name)
			}
		}
		keys := newPair(s, 0)
		m := deliver(t, s, func() sign.Message {
			m := newMessage(s)
			m.Body = []byte(strings.ReplaceAll(string(m.Body), "webhookTimestamp", "at"))
			return m
		}(), keys.signing)
		if from, ok := proof.MovedFrom(s, m, at, catalog.All()); ok {
			t.Errorf("%s: its own message has the form of %s", s.Name, from.Name)
		}
	}
}
