package sign_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// drawMessage makes a message that the scheme can sign.
func drawMessage(t *rapid.T, s sign.Scheme) sign.Message {
	m := sign.Message{
		ID:     rapid.StringMatching(`[A-Za-z0-9_-]{1,40}`).Draw(t, "id"),
		Time:   time.UnixMilli(rapid.Int64Range(1e12, 4e12).Draw(t, "time")),
		Event:  rapid.StringMatching(`[a-z_]+(\.[a-z]+)?`).Draw(t, "event"),
		Method: rapid.SampledFrom([]string{"POST", "PUT"}).Draw(t, "method"),
		URL: "https://" + rapid.StringMatching(
			`[a-z]{1,9}\.example(:[0-9]{2,4})?(/[a-zA-Z0-9%~]*)?(\?[a-z]=[a-z0-9+]*)?`).Draw(t, "url"),
		Header: http.Header{"Content-Type": {"application/json"}},
		Params: params(),
	}
	for name := range m.Params {
		m.Params[name] = rapid.StringMatching(`[A-Za-z0-9]{17}`).Draw(t, name)
	}
	if s.Code == sign.RFC9421 { // it takes keys of two kinds, and a secret of 32 bytes may be of either
		m.Params["alg"] = "hmac-sha256"
	}
	m.Header.Set("X-Fal-Webhook-User-Id", m.Params["user_id"])
	m.Body = drawBody(t, s, m.Time)
	if signsForm(s) && (s.Code != sign.Twilio || rapid.Bool().Draw(t, "form")) {
		m.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form := rapid.MapOfN(rapid.String(), rapid.SliceOfN(rapid.String(), 1, 3), 0, 5).Draw(t, "fields")
		m.Body = []byte(url.Values(form).Encode())
	}
	return m
}

// drawBody makes any bytes where the scheme takes any, else a JSON text with what the scheme looks for around a drawn
// text.
func drawBody(t *rapid.T, s sign.Scheme, at time.Time) []byte {
	any := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body")
	if strings.Contains(s.Content, "{body|json}") {
		any = []byte(rapid.String().Draw(t, "text"))
	}
	text, _ := json.Marshal(string(any))
	switch {
	case s.Name == "linear":
		return slices.Concat([]byte(`{"webhookTimestamp":`+strconv.FormatInt(at.UnixMilli(), 10)+`,"x":"`), any)
	case s.Code == sign.Adyen:
		return fmt.Appendf(nil, `{"notificationItems":[{"NotificationRequestItem":{"merchantReference":%s}},`+
			`{"NotificationRequestItem":{"merchantReference":%s}}]}`, text, text)
	case s.Code == sign.SNS:
		return fmt.Appendf(nil, `{"Type":"Notification","Message":%s,"SignatureVersion":"%d"}`, text,
			rapid.IntRange(1, 2).Draw(t, "version"))
	case strings.HasPrefix(s.Header, "json:"):
		return fmt.Appendf(nil, `{"value":[{"x":%s},{}],"event":{"event_type":%s}}`, text, text)
	}
	return any
}

func drawPair(t *rapid.T, s sign.Scheme, fixed pair) pair {
	if s.Auth != sign.HMAC && s.Auth != sign.Token && s.Auth != sign.Digest {
		return fixed // made once: keys of these kinds are slow to make
	}
	key := rapid.SliceOfN(rapid.ByteRange('!', '~'), 1, 80).Draw(t, "secret")
	if s.Auth == sign.Token && s.Enc == sign.Base64 {
		key = append([]byte("user:"), key...)
	}
	secret := symmetric(s, key)
	return pair{secret, secret}
}

// signedAt is when the message says it was signed, in the precision of the scheme.
func signedAt(s sign.Scheme, m sign.Message) time.Time {
	if s.Time.Unit == sign.Milliseconds || s.Time.Unit == sign.RFC3339Millis {
		return m.Time
	}
	return m.Time.Truncate(time.Second)
}

// TestWhatIsSignedVerifiesAndNoChangedBitDoes draws messages and secrets for every scheme, signs each once (the slow
// part) and holds all properties against it.
func TestWhatIsSignedVerifiesAndNoChangedBitDoes(t *testing.T) {
	for _, s := range catalog.All() {
		t.Run(s.Name, func(t *testing.T) {
			fixed := newPair(s, 0)
			s.Tolerance = sign.Both(sign.NoLimit)
			rapid.Check(t, func(t *rapid.T) {
				keys := drawPair(t, s, fixed)
				if s.Auth == sign.RSA { // the certificate's life is another test's
					keys.verifying = keys.signing
				}
				m := drawMessage(t, s)
				signed, err := s.Sign(m, keys.signing)
				if err != nil {
					t.Fatal(err)
				}
				got := receive(m, signed)
				verifies(t, s, m, got, keys)
				changedBody(t, s, m, got, keys)
				changedSignature(t, s, m, got, keys)
				changedHeader(t, s, m, got, keys)
				changedURL(t, s, m, got, keys)
			})
		})
	}
}

func verifies(t *rapid.T, s sign.Scheme, m, got sign.Message, keys pair) {
	late := time.Duration(rapid.IntRange(-1e6, 1e6).Draw(t, "late")) * time.Millisecond
	match, err := s.Verify(got, signedAt(s, m).Add(late), keys.verifying)
	if err != nil || match.HasAge && match.Age != late {
		t.Fatalf("%+v, %v", match, err)
	}
	if found := new(catalog.Set).Detect(got); !slices.ContainsFunc(found,
		func(d sign.Scheme) bool { return d.Name == s.Name }) {
		t.Fatalf("not among the %d detected", len(found))
	}
}

// port finds an authority with a colon in it.
var port = regexp.MustCompile(`://[^/?#]*:`)

// flip changes one bit.
func flip(t *rapid.T, b []byte) []byte {
	out := bytes.Clone(b)
	bit := rapid.IntRange(0, 8*len(b)-1).Draw(t, "bit")
	out[bit/8] ^= 1 << (bit % 8)
	return out
}

func changedBody(t *rapid.T, s sign.Scheme, m, got sign.Message, keys pair) {
	if !s.CoversBody() || len(got.Body) == 0 || signsFields(s) {
		return
	}
	before := got.Body
	got.Body = flip(t, before)
	if signsForm(s) && sameForm(before, got.Body) {
		return // %2b and %2B are one field to Twilio
	}
	if _, err := s.Verify(got, signedAt(s, m), keys.verifying); err == nil {
		t.Fatal("valid")
	}
}

// signsFields reports whether a scheme signs fields of the body and not its bytes; tests of its own change those.
func signsFields(s sign.Scheme) bool {
	return s.Code == sign.Adyen || s.Code == sign.SNS || s.Code == sign.Braintree
}

// sameForm compares what Twilio signs of two forms: sorted names and values without separators.
func sameForm(a, b []byte) bool {
	flat := func(body []byte) string {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return "broken: " + string(body)
		}
		var out strings.Builder
		for _, name := range slices.Sorted(func(yield func(string) bool) {
			for name := range form {
				if !yield(name) {
					return
				}
			}
		}) {
			slices.Sort(form[name])
			for _, value := range slices.Compact(form[name]) {
				out.WriteString(name + value)
			}
		}
		return out.String()
	}
	return flat(a) == flat(b)
}

func changedSignature(t *rapid.T, s sign.Scheme, m, got sign.Message, keys pair) {
	text := signatureText(s, got)
	changed := string(flip(t, []byte(text)))
	switch s.Enc {
	case sign.Hex:
		sig, _ := hex.DecodeString(text)
		changed = hex.EncodeToString(flip(t, sig))
	case sign.Base64:
		sig, _ := base64.StdEncoding.DecodeString(text)
		changed = base64.StdEncoding.EncodeToString(flip(t, sig))
	case sign.Base64URL:
		sig, _ := base64.RawURLEncoding.DecodeString(text)
		changed = base64.RawURLEncoding.EncodeToString(flip(t, sig))
	default:
	}
	if _, err := s.Verify(setSignature(s, got, text, changed), signedAt(s, m), keys.verifying); err == nil {
		t.Fatal("valid")
	}
}

func changedHeader(t *rapid.T, s sign.Scheme, m, got sign.Message, keys pair) {
	for _, name := range []string{headerOf(s.Time.In), headerOf(s.IDIn)} {
		if name == "" || name == headerOf(s.IDIn) && !strings.Contains(s.Content, "{id}") {
			continue
		}
		changed := with(got, name, string(flip(t, []byte(got.Header.Get(name)))))
		if strings.TrimSpace(changed.Header.Get(name)) == got.Header.Get(name) {
			continue
		}
		if _, err := s.Verify(changed, signedAt(s, m), keys.verifying); err == nil {
			t.Fatalf("%s: %q is valid", name, changed.Header.Get(name))
		}
	}
}

func changedURL(t *rapid.T, s sign.Scheme, m, got sign.Message, keys pair) {
	if !strings.Contains(s.Content, "{url}") && s.Code != sign.Twilio && (s.JWT == nil || s.JWT.URL == "") {
		return
	}
	got.URL = string(flip(t, []byte(got.URL)))
	if s.Code == sign.Twilio && port.MatchString(got.URL) {
		return // a changed port is one that was left out
	}
	if _, err := s.Verify(got, signedAt(s, m), keys.verifying); err == nil {
		t.Fatalf("%s is valid", got.URL)
	}
}
