package sign_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
)

// The targets below look for panics, and for the one thing worse: a stranger's message that verifies. Their seeds run in
// every ordinary test run; `go test -fuzz NAME ./sign` goes on from there.

// fuzzKeys are keys that no seed was signed with.
func fuzzKeys() map[string]sign.Secret {
	keys := make(map[string]sign.Secret)
	for _, s := range sign.All() {
		keys[s.Name] = newPair(s, 0).verifying
	}
	return keys
}

func FuzzSignatureHeader(f *testing.F) {
	for _, s := range sign.All() {
		for _, v := range vectors(f, s.Name) {
			f.Add(v.Headers[http.CanonicalHeaderKey(s.Header)], v.Body)
		}
	}
	for _, value := range []string{
		"", " ", "t=", "t=1,t=2", "t=1,v1=", ",,,,", "v1, v1,", "v1,\r\n", "sha256=", "ts=1;h1=zz", strings.Repeat("v1=00,", 99), "\xff", "=",
	} {
		f.Add(value, []byte("{}"))
	}
	keys := fuzzKeys()
	f.Fuzz(func(t *testing.T, value string, body []byte) {
		for _, s := range sign.All() {
			m := newMessage(s)
			m.Body = body
			m.Header.Set(s.Header, value)
			for _, p := range []sign.Place{s.Time.In, s.IDIn} {
				if name := headerOf(p); name != "" {
					m.Header.Set(name, "1700000000")
				}
			}
			sign.Detect(m)
			s.Tolerance = sign.Both(sign.NoLimit)
			if match, err := s.Verify(m, at, keys[s.Name]); err == nil {
				t.Errorf("%s: %q over %q: %+v", s.Name, value, body, match)
			}
		}
	})
}

func FuzzTimestamp(f *testing.F) {
	for _, stamp := range []string{
		"1700000000", "1700000000000", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123456789+05:30", "0", "-1", "+1", "1.0", "1e9", "0x1",
		"99999999999999999999999999999", "١٧٠٠", "NaN", "", " 1", "9999-99-99T99:99:99Z", "2023-02-30T00:00:00Z",
	} {
		f.Add(stamp)
	}
	s, ok := sign.Lookup("discord")
	if !ok {
		f.Fatal("no discord")
	}
	keys := newPair(s, 0)
	f.Fuzz(func(t *testing.T, stamp string) {
		for _, unit := range []sign.Unit{sign.Seconds, sign.Milliseconds, sign.RFC3339, sign.RFC3339Millis} {
			s.Time.Unit, s.Tolerance = unit, sign.Both(5*time.Minute)
			m := deliver(t, s, newMessage(s), keys.signing)
			genuine := strings.Trim(stamp, " \t") == m.Header.Get("X-Signature-Timestamp")
			_, err := s.Verify(with(m, "X-Signature-Timestamp", stamp), at, keys.verifying)
			if (err == nil) != genuine { // only the very timestamp that was signed may pass
				t.Errorf("%q as %s: %v", stamp, unit, err)
			}
		}
	})
}

func FuzzSecret(f *testing.F) {
	for _, s := range sign.All() {
		for _, v := range vectors(f, s.Name) {
			f.Add([]byte(v.Secrets[0]))
		}
		keys := newPair(s, 0)
		f.Add(keys.signing.Key)
		f.Add(keys.verifying.Key)
	}
	for _, key := range []string{
		"", "whsec_", "whsec_=", "whsec_\n", "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n",
		strings.Repeat("-----BEGIN EC PARAMETERS-----\n\n-----END EC PARAMETERS-----\n", 50), "MAA=", "\x00", strings.Repeat("00", 32),
	} {
		f.Add([]byte(key))
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		secret := sign.Secret{Name: "test", Key: key}
		for _, s := range sign.All() {
			s.WeakSecret(secret)
			for _, signing := range []bool{true, false} {
				if err := s.CheckSecret(secret, signing); err != nil {
					continue
				}
				if signing {
					deliver(t, s, newMessage(s), secret)
				}
			}
		}
	})
}

func FuzzFormAndURL(f *testing.F) {
	f.Add("https://a.example:443/x?y=1#z", "a=1&b=%2B&a=2", true)
	f.Add("https://[::1]", "{}", false)
	f.Add("://:@:?#", "%", true)
	f.Add("?bodySHA256=&bodySHA256", "&&=&", true)
	f.Add("x#?bodySHA256=00", "a", false)
	f.Add("http://u:p@h:80?bodySHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "", false)
	s, ok := sign.Lookup("twilio")
	if !ok {
		f.Fatal("no twilio")
	}
	f.Fuzz(func(t *testing.T, url, body string, isForm bool) {
		m := twilioMessage(url, map[bool]string{true: form, false: "application/json"}[isForm], body)
		signed, err := s.Sign(m, text(twilioKey))
		if err != nil {
			return
		}
		if _, err := s.Verify(receive(m, signed), at, text(twilioKey)); err != nil {
			t.Errorf("%q %q: %v", signed.URL, body, err)
		}
	})
}

func FuzzJSONFields(f *testing.F) {
	for _, doc := range []string{
		`{"type":"a","event":{"type":"b"},"id":1}`, `[{"event":"x","sg_event_id":"y"}]`, `{"type":"\ud800"}`, `{"webhookTimestamp":1700000000000}`,
		strings.Repeat("[", 300), strings.Repeat(`{"event":`, 300), `{"a":"` + strings.Repeat(`\"`, 300), "\x00", `{"type"`, `]`, `{"a":,"type":"b"}`,
	} {
		f.Add([]byte(doc), "event.type")
	}
	f.Add([]byte(`{"":1}`), "")
	f.Add([]byte(`[[1]]`), "0.0")
	f.Fuzz(func(t *testing.T, doc []byte, path string) {
		s := sign.Scheme{Name: "x", IDIn: sign.Place("json:" + path), EventIn: "json:event.type"}
		m := sign.Message{Body: doc}
		for _, shown := range []string{s.ID(m), s.Event(m)} {
			if n := len([]rune(shown)); n > 128 {
				t.Errorf("%d characters", n)
			}
		}
	})
}

func FuzzTemplate(f *testing.F) {
	for _, s := range sign.All() {
		f.Add(s.Content, s.Format, s.More)
	}
	f.Add("{body}", "t={ts}v1={sig}", "")
	f.Add("{", "}", "{}")
	f.Add("{body}{body}{body|crc32}{lb}{rb}", "{sig}{ts}{", "{{sig}}")
	f.Add("{json.a}{header.X}{param.p}{path}{url}{method}", "", "")
	keys := text("a secret of the tests")
	f.Fuzz(func(t *testing.T, content, format, more string) {
		s, _ := sign.Lookup("stripe")
		s.Content, s.Format, s.More = content, format, more
		valid := s.Validate() == nil
		m := newMessage(s)
		m.Header.Set("X", "y")
		s.Formula()
		signed, err := s.Sign(m, keys)
		if err != nil || !valid {
			return
		}
		if _, err := s.Verify(receive(m, signed), at, keys); err != nil {
			t.Errorf("%q %q: %v", content, format, err)
		}
	})
}
