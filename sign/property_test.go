package sign_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
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
)

// drawMessage makes a message that the scheme can sign.
func drawMessage(t *rapid.T, s sign.Scheme) sign.Message {
	m := sign.Message{
		ID:     rapid.StringMatching(`[A-Za-z0-9_-]{1,40}`).Draw(t, "id"),
		Time:   time.UnixMilli(rapid.Int64Range(1e12, 4e12).Draw(t, "time")),
		Event:  rapid.StringMatching(`[a-z_]+(\.[a-z]+)?`).Draw(t, "event"),
		Method: rapid.SampledFrom([]string{"POST", "PUT"}).Draw(t, "method"),
		URL:    "https://" + rapid.StringMatching(`[a-z]{1,9}\.example(:[0-9]{2,4})?(/[a-zA-Z0-9%~]*)?(\?[a-z]=[a-z0-9+]*)?`).Draw(t, "url"),
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body"),
		Params: map[string]string{"webhook_id": rapid.StringMatching(`[A-Z0-9]{17}`).Draw(t, "webhook_id")},
	}
	switch s.Name {
	case "linear":
		stamp := strconv.FormatInt(m.Time.UnixMilli(), 10)
		m.Body = slices.Concat([]byte(`{"webhookTimestamp":`+stamp+`,"x":"`), m.Body)
	case "twilio":
		if rapid.Bool().Draw(t, "form") {
			m.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			form := rapid.MapOfN(rapid.String(), rapid.SliceOfN(rapid.String(), 1, 3), 0, 5).Draw(t, "fields")
			m.Body = []byte(url.Values(form).Encode())
		}
	}
	return m
}

func drawPair(t *rapid.T, s sign.Scheme, fixed pair) pair {
	if s.Auth != sign.HMAC && s.Auth != sign.Token {
		return fixed // made once: keys of these kinds are slow to make
	}
	raw := rapid.SliceOfN(rapid.ByteRange('!', '~'), 1, 80).Draw(t, "secret")
	if s.Key == sign.Whsec {
		raw = []byte("whsec_" + base64.StdEncoding.EncodeToString(raw))
	}
	secret := sign.Secret{Name: "test", Key: raw}
	return pair{secret, secret}
}

// signedAt is when the message says it was signed, in the precision of the scheme.
func signedAt(s sign.Scheme, m sign.Message) time.Time {
	if s.Time.Unit == sign.Milliseconds {
		return m.Time
	}
	return m.Time.Truncate(time.Second)
}

// TestWhatIsSignedVerifiesAndNoChangedBitDoes draws messages and secrets for every scheme, signs each once (the slow part)
// and holds all properties against it.
func TestWhatIsSignedVerifiesAndNoChangedBitDoes(t *testing.T) {
	for _, s := range sign.All() {
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
	if found := sign.Detect(got); !slices.ContainsFunc(found, func(d sign.Scheme) bool { return d.Name == s.Name }) {
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
	if !s.CoversBody() || len(got.Body) == 0 {
		return
	}
	before := got.Body
	got.Body = flip(t, before)
	if s.Code == sign.Twilio && sameForm(before, got.Body) {
		return // %2b and %2B are one field to Twilio
	}
	if _, err := s.Verify(got, signedAt(s, m), keys.verifying); err == nil {
		t.Fatal("valid")
	}
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
	_, value, _ := strings.Cut(got.Header.Get(s.Header), s.Prefix)
	var changed string
	switch s.Enc {
	case sign.Hex:
		sig, _ := hex.DecodeString(value)
		changed = hex.EncodeToString(flip(t, sig))
	case sign.Base64:
		sig, _ := base64.StdEncoding.DecodeString(value)
		changed = base64.StdEncoding.EncodeToString(flip(t, sig))
	default:
		changed = string(flip(t, []byte(value)))
	}
	got = with(got, s.Header, strings.Replace(got.Header.Get(s.Header), value, changed, 1))
	if _, err := s.Verify(got, signedAt(s, m), keys.verifying); err == nil {
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
	if !strings.Contains(s.Content, "{url}") && s.Code != sign.Twilio {
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
