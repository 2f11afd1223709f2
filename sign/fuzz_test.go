package sign_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// The targets below look for panics, and for the one thing worse: a stranger's message that verifies. Their seeds run
// in every ordinary test run; `go test -fuzz NAME ./sign` goes on from there.

// fuzzKeys are keys that no seed was signed with.
func fuzzKeys() map[string]sign.Secret {
	keys := make(map[string]sign.Secret)
	for _, s := range catalog.All() {
		keys[s.Name] = newPair(s, 0).verifying
	}
	return keys
}

// seeds returns the schemes whose vectors a fuzz target begins with: all of them under -fuzz. Without it each seed is
// run once against every scheme, and one scheme for each kind of key is enough.
func seeds() []sign.Scheme {
	all := catalog.All()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		return all
	}
	type kind struct {
		auth sign.Auth
		key  sign.KeyForm
	}
	seen := make(map[kind]bool)
	return slices.DeleteFunc(all, func(s sign.Scheme) bool {
		k := kind{s.Auth, s.Key}
		defer func() { seen[k] = true }()
		return seen[k]
	})
}

func FuzzSignatureHeader(f *testing.F) {
	for _, s := range seeds() {
		for _, v := range vectors(f, s.Name) {
			f.Add(v.Headers[http.CanonicalHeaderKey(s.Header)], v.Body)
		}
	}
	for _, value := range []string{
		"", " ", "t=", "t=1,t=2", "t=1,v1=", ",,,,", "v1, v1,", "v1,\r\n", "sha256=", "ts=1;h1=zz",
		strings.Repeat("v1=00,", 99), "\xff", "=",
	} {
		f.Add(value, []byte("{}"))
	}
	keys := fuzzKeys()
	f.Fuzz(func(t *testing.T, value string, body []byte) {
		for _, s := range catalog.All() {
			m := newMessage(s)
			m.Body = body
			m.Header.Set(s.Header, value)
			for _, p := range []sign.Place{s.Time.In, s.IDIn} {
				if name := headerOf(p); name != "" {
					m.Header.Set(name, "1700000000")
				}
			}
			new(catalog.Set).Detect(m)
			s.Tolerance = sign.Both(sign.NoLimit)
			if match, err := s.Verify(m, at, keys[s.Name]); err == nil {
				t.Errorf("%s: %q over %q: %+v", s.Name, value, body, match)
			}
		}
	})
}

func FuzzTimestamp(f *testing.F) {
	for _, stamp := range []string{
		"1700000000", "1700000000000", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123456789+05:30", "0", "-1", "+1",
		"1.0", "1e9", "0x1",
		"99999999999999999999999999999", "١٧٠٠", "NaN", "", " 1", "9999-99-99T99:99:99Z", "2023-02-30T00:00:00Z",
	} {
		f.Add(stamp)
	}
	s, ok := catalog.Lookup("discord")
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
	for _, s := range seeds() {
		for _, v := range vectors(f, s.Name) {
			f.Add([]byte(v.Secrets[0]))
		}
		keys := newPair(s, 0)
		f.Add(keys.signing.Key)
		f.Add(keys.verifying.Key)
	}
	for _, key := range []string{
		"", "whsec_", "whsec_=", "whsec_\n", "-----BEGIN CERTIFICATE-----",
		"-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n",
		strings.Repeat("-----BEGIN EC PARAMETERS-----\n\n-----END EC PARAMETERS-----\n", 50), "MAA=", "\x00",
		strings.Repeat("00", 32),
	} {
		f.Add([]byte(key))
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		secret := sign.Secret{Name: "test", Key: key}
		for _, s := range catalog.All() {
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
	s, ok := catalog.Lookup("twilio")
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
		`{"type":"a","event":{"type":"b"},"id":1}`, `[{"event":"x","sg_event_id":"y"}]`, `{"type":"\ud800"}`,
		`{"webhookTimestamp":1700000000000}`,
		strings.Repeat("[", 300), strings.Repeat(`{"event":`, 300), `{"a":"` + strings.Repeat(`\"`, 300), "\x00", `{"type"`,
		`]`, `{"a":,"type":"b"}`,
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
	for _, s := range catalog.All() {
		f.Add(s.Content, s.Format, s.More)
	}
	f.Add("{body}", "t={ts}v1={sig}", "")
	f.Add("{", "}", "{}")
	f.Add("{body}{body}{body|crc32}{lb}{rb}", "{sig}{ts}{", "{{sig}}")
	f.Add("{json.a}{header.X}{param.p}{path}{url}{method}", "", "")
	keys := text("a secret of the tests")
	f.Fuzz(func(t *testing.T, content, format, more string) {
		s, _ := catalog.Lookup("stripe")
		s.Content, s.Format, s.More = content, format, more
		valid := catalog.Validate(s) == nil
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

// FuzzJWT makes tokens of any head and claims. One that is signed with another key is never good; one that is signed
// rightly never for another body.
func FuzzJWT(f *testing.F) {
	for _, head := range []string{hs256, `{"alg":"none"}`, `{"alg":"HS256","crit":["b64"],"b64":false}`,
		`{"alg":"HS256","kid":"../x","jku":"http://x"}`,
		`{"alg":"none","ALG":"HS256"}`, `{"alg":["HS256"]}`, "null", "{", `{"alg":"HS256"} {}`} {
		f.Add(head, netlify, "")
	}
	for _, claims := range []string{monday + "}", `{"exp":1e999}`, `{"aud":[1,"x"],"iat":0}`, "null", "[]",
		strings.Repeat("[", 3000), `{"sha256":""}`, `{"iat":1.5}`} {
		f.Add(hs256, claims, "x")
	}
	f.Add("", "", "a.b.c")
	keys := fuzzKeys()
	f.Fuzz(func(t *testing.T, head, claims, raw string) {
		for _, s := range catalog.All() {
			if s.JWT == nil {
				continue
			}
			s.Tolerance = sign.Both(sign.NoLimit)
			for _, tok := range []string{jwt(jwtKey, head, claims), raw, jwt(jwtKey, head, claims) + raw} {
				m := newMessage(s)
				m.Header.Set(s.Header, s.Prefix+tok)
				new(catalog.Set).Detect(m)
				if match, err := s.Verify(m, at, keys[s.Name]); err == nil {
					t.Errorf("%s: %q: %+v", s.Name, tok, match)
				}
				if s.Auth != sign.HMAC {
					continue
				}
				match, err := s.Verify(m, at, text(jwtKey))
				if err == nil && !match.BodyUnsigned && !strings.Contains(claims, digestOf(s, m.Body)) {
					t.Errorf("%s: %q: %+v", s.Name, claims, match)
				}
			}
		}
	})
}

// digestOf is a part of the body's digest that stands in claims however they are escaped there.
func digestOf(s sign.Scheme, body []byte) string {
	sum := sha256.Sum256(body)
	if s.JWT.BodyEnc == sign.Hex {
		return hex.EncodeToString(sum[:])[60:]
	}
	return ""
}

// FuzzStructuredFields gives the reader of HTTP message signatures any headers.
func FuzzStructuredFields(f *testing.F) {
	for _, v := range vectors(f, "rfc9421") {
		f.Add(v.Headers["Signature-Input"], v.Headers["Signature"], v.Headers["Content-Digest"])
	}
	for _, input := range []string{`s=()`, `s=("a";sf);x`, `s=("@query-param";name="a,b=c")`, `s=("`, `s=(")";x="\"")`,
		`s=("a" "a")`, `s=(a)`, `s`, `=`, `,`, `s=(")`,
		`a=("date");created=1, b=("date");created=2`, strings.Repeat(`a=(),`, 40),
		`s=("@target-uri" "@authority" "@scheme" "@request-target" "@path" "@query");created=1700000000`} {
		f.Add(input, "s=:AA==:", "sha-256=:AA==:")
	}
	s, _ := catalog.Lookup("rfc9421")
	s.Tolerance = sign.Both(sign.NoLimit)
	f.Fuzz(func(t *testing.T, input, signature, digest string) {
		m := newMessage(s)
		for name, value := range map[string]string{"Signature-Input": input, "Signature": signature,
			"Content-Digest": digest} {
			m.Header.Set(name, value)
		}
		new(catalog.Set).Detect(m)
		if match, err := s.Verify(m, at, text(b64([]byte(jwtKey)))); err == nil {
			t.Errorf("%q %q: %+v", input, signature, match)
		}
	})
}

// FuzzJWKS gives every asymmetric scheme any key set, and checks a signature with what was taken from it.
func FuzzJWKS(f *testing.F) {
	for _, set := range []string{
		`{"kty":"RSA","n":"AA","e":"AQAB"}`, `{"kty":"RSA","n":"` + strings.Repeat("_", 200) + `","e":"Aw"}`,
		`{"kty":"RSA","n":"` + strings.Repeat("_", 199) + `A","e":"AQAB"}`,
		`{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`,
		`{"kty":"OKP","crv":"Ed25519","x":"` + strings.Repeat("A", 43) + `"}`,
		`{"keys":[{"kty":"oct","k":"AA"}]}`, `{"keys":[` + strings.Repeat(`{"kty":"OKP"},`, 70) + `{}]}`,
		`{"keys":null,"kty":1}`, `{"kty"`, `{"kty":"RSA","e":"` + strings.Repeat("_", 999) + `"}`,
		`{"kty":"OKP","crv":"Ed25519","use":"enc","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
	} {
		f.Add([]byte(set))
	}
	f.Fuzz(func(t *testing.T, set []byte) {
		secret := sign.Secret{Name: "set", Key: set}
		for _, s := range catalog.All() {
			if s.Auth == sign.HMAC && s.Code != sign.RFC9421 || s.Auth == sign.Digest || s.Auth == sign.Token ||
				s.CheckSecret(secret, false) != nil {
				continue
			}
			m := deliver(t, s, newMessage(s), newPair(s, 1).signing)
			s.Tolerance = sign.Both(sign.NoLimit)
			if match, err := s.Verify(m, at, secret); err == nil && !strings.Contains(string(set), "-----BEGIN") {
				t.Errorf("%s: %q: %+v", s.Name, set, match)
			}
		}
	})
}
