package verifier_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

var now = time.Unix(1_760_000_000, 0)

func secretOf(name, key string) sign.Secret { return sign.Secret{Name: name, Key: []byte(key)} }

var secret = secretOf("env:SECRET", "whsec_a secret of the tests")

// signed is a message with a body that a scheme has signed some time ago.
func signed(t *testing.T, scheme, body string, by sign.Secret, ago time.Duration) sign.Message {
	t.Helper()
	m := sign.Message{Method: "POST", URL: "https://example.com/in", Header: http.Header{},
		Body: []byte(body), ID: "msg_1"}
	return add(t, m, scheme, by, ago)
}

// add signs a message with one more scheme.
func add(t *testing.T, m sign.Message, scheme string, by sign.Secret, ago time.Duration) sign.Message {
	t.Helper()
	s, ok := catalog.Lookup(scheme)
	if !ok {
		t.Fatalf("no scheme %s", scheme)
	}
	m.Time = now.Add(-ago)
	out, err := s.Sign(m, by)
	if err != nil {
		t.Fatal(err)
	}
	m.Header = m.Header.Clone()
	for _, f := range out.Fields {
		m.Header.Set(f.Name, f.Value)
	}
	return m
}

func named(t *testing.T, scheme string, secrets ...sign.Secret) *verifier.Verifier {
	t.Helper()
	s, ok := catalog.Lookup(scheme)
	if !ok {
		t.Fatalf("no scheme %s", scheme)
	}
	return &verifier.Verifier{Scheme: s, Secrets: secrets}
}

func TestANamedSchemeChecksWithItsSecrets(t *testing.T) {
	const body = `{"id":"evt_1","type":"invoice.paid"}`
	other := secretOf("env:OTHER", "whsec_another secret of the tests")
	hour := time.Hour
	tolerant := named(t, "stripe", secret)
	tolerant.Tolerance = &hour
	for what, c := range map[string]struct {
		v      *verifier.Verifier
		m      sign.Message
		reason sign.Reason
	}{
		"valid":        {named(t, "stripe", other, secret), signed(t, "stripe", body, secret, 0), ""},
		"wrong secret": {named(t, "stripe", other), signed(t, "stripe", body, secret, 0), sign.SignatureMismatch},
		"too old": {named(t, "stripe", secret), signed(t, "stripe", body, secret, 10*time.Minute),
			sign.TimestampExpired},
		"a tolerance":      {tolerant, signed(t, "stripe", body, secret, 10*time.Minute), ""},
		"another scheme's": {named(t, "stripe", secret), signed(t, "github", body, secret, 0), sign.MissingSignature},
	} {
		got := c.v.Check(c.m, now)
		if got.Verdict.Reason != string(c.reason) || (got.Verdict.Status == record.Valid) != (c.reason == "") {
			t.Errorf("%s: %+v", what, got)
		}
		named := got.Scheme == "stripe" && got.WebhookID == "evt_1" && got.EventType == "invoice.paid"
		if !named || got.Fault != nil || !got.CoversBody {
			t.Errorf("%s: %+v", what, got)
		}
		if c.reason == "" && (got.Secret.Name != "env:SECRET" || got.Verdict.Secret != "env:SECRET") {
			t.Errorf("%s: by %q", what, got.Secret.Name)
		}
	}
}

func TestWhatCannotBeCheckedWithIsTheCallersFault(t *testing.T) {
	c := named(t, "discord", secret).Check(sign.Message{Header: http.Header{}, Body: []byte("{}")}, now)
	if c.Fault == nil || c.Verdict.Reason != string(sign.WrongKeyForm) {
		t.Errorf("%+v", c)
	}
}

func TestStrictRefusesTheSpellingThatTheSDKRefuses(t *testing.T) {
	m := signed(t, "github", "{}", secret, 0)
	_, digits, _ := strings.Cut(m.Header.Get("X-Hub-Signature-256"), "=")
	m.Header.Set("X-Hub-Signature-256", "sha256="+strings.ToUpper(digits))
	v := named(t, "github", secret)
	if c := v.Check(m, now); c.Verdict.Status != record.Valid || c.Spelling == "" {
		t.Errorf("%+v", c)
	}
	v.Strict = true
	c := v.Check(m, now)
	if c.Verdict.Reason != string(sign.WrongSpelling) || c.Verdict.Secret != "" || !strings.Contains(c.Detail, "genuine") {
		t.Errorf("%+v", c)
	}
	auto := &verifier.Verifier{Auto: true, Strict: true, Secrets: v.Secrets}
	if c := auto.Check(m, now); c.Scheme != "github" || c.Verdict.Reason != string(sign.WrongSpelling) {
		t.Errorf("under auto: %+v", c)
	}
}

func TestAutoChecksWithTheStrictestSchemeThatAMessageShows(t *testing.T) {
	const body = `{"id":"evt_1","type":"invoice.paid"}`
	other := secretOf("env:OTHER", "whsec_another secret of the tests")
	both := add(t, signed(t, "github", body, secret, 0), "stripe", secret, 0)
	forged := add(t, signed(t, "github", body, secret, 0), "stripe", other, 0)
	old := signed(t, "stripe", body, secret, 10*time.Minute)
	malformed := sign.Message{Method: "POST", Header: http.Header{"X-Hub-Signature-256": {"nothing"}}, Body: []byte(body)}
	for what, c := range map[string]struct {
		m              sign.Message
		scheme, detail string
		reason         sign.Reason
	}{
		"one scheme":  {signed(t, "github", body, secret, 0), "github", "", ""},
		"two schemes": {both, "stripe", "", ""},
		"a weaker one is good": {forged, "stripe", "not tried, because the webhook has a signed timestamp: github, " +
			"meta; -s github",
			sign.SignatureMismatch},
		"too old": {old, "stripe", "", sign.TimestampExpired},
		"no header": {sign.Message{Header: http.Header{}, Body: []byte(body)}, "", "no signature header of a known scheme",
			sign.MissingSignature},
		"malformed": {malformed, "github", "", sign.MalformedSignature},
	} {
		got := (&verifier.Verifier{Auto: true, Secrets: []sign.Secret{secret}}).Check(c.m, now)
		if got.Scheme != c.scheme || got.Verdict.Reason != string(c.reason) || !strings.Contains(got.Detail, c.detail) {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

func TestAutoFindsAUsersOwnScheme(t *testing.T) {
	own, _ := catalog.Lookup("github")
	own.Name, own.Header = "mine", "X-Mine-Signature"
	m := signed(t, "github", "{}", secret, 0)
	m.Header.Set("X-Mine-Signature", m.Header.Get("X-Hub-Signature-256"))
	m.Header.Del("X-Hub-Signature-256")
	v := &verifier.Verifier{Auto: true, Secrets: []sign.Secret{secret}}
	if c := v.Check(m, now); c.Verdict.Status != record.Invalid {
		t.Errorf("without it: %+v", c)
	}
	v.Schemes = &catalog.Set{Own: []sign.Scheme{own}}
	if c := v.Check(m, now); c.Verdict.Status != record.Valid || c.Scheme != "mine" {
		t.Errorf("%+v", c)
	}
}

// A secret that has verified Stripe's webhooks does not verify GitHub's: a captured one cannot be moved to a scheme
// that asks less.
func TestASecretIsHeldToTheSchemeThatItVerified(t *testing.T) {
	v := &verifier.Verifier{Auto: true, Secrets: []sign.Secret{secret}}
	m := signed(t, "github", "{}", secret, 0)
	for pin, valid := range map[string]bool{"stripe": false, "github": true, "": true, "gone": true} {
		c := v.CheckPinned(m, now, map[string]string{string(secret.Key): pin})
		if (c.Verdict.Status == record.Valid) != valid {
			t.Errorf("pinned to %q: %+v", pin, c)
		}
		if !valid && (c.Verdict.Reason != string(sign.WeakerSignature) || !strings.Contains(c.Detail, "barb prune --pins")) {
			t.Errorf("pinned to %q: %+v", pin, c)
		}
	}
	stricter := signed(t, "stripe", "{}", secret, 0)
	pinned := map[string]string{string(secret.Key): "github"}
	if c := v.CheckPinned(stricter, now, pinned); c.Verdict.Status != record.Valid {
		t.Errorf("a stricter one: %+v", c)
	}
	named := named(t, "github", secret)
	if c := named.CheckPinned(m, now, map[string]string{string(secret.Key): "stripe"}); c.Verdict.Status != record.Valid {
		t.Errorf("a scheme that was named: %+v", c)
	}
}

func TestAutoRefusesWhatMayHaveBeenMovedFromAnotherScheme(t *testing.T) {
	captured := "1760000000.{}" // Stripe, among others, signs a time, a dot and the body
	v := &verifier.Verifier{Auto: true, Secrets: []sign.Secret{secret}}
	c := v.Check(signed(t, "github", captured, secret, 0), now)
	if c.Verdict.Reason != string(sign.WeakerSignature) ||
		!strings.Contains(c.Detail, "has the form of what generic-ts signs") {
		t.Errorf("%+v", c)
	}
}

func TestARefusalSaysHowOldTheMessageIsAndWhatWasTried(t *testing.T) {
	const body = `{"id":"evt_1","type":"invoice.paid"}`
	auto := &verifier.Verifier{Auto: true, Secrets: []sign.Secret{secret}}
	old := signed(t, "stripe", body, secret, 10*time.Minute)
	for what, v := range map[string]*verifier.Verifier{"named": named(t, "stripe", secret), "auto": auto} {
		c := v.Check(old, now)
		if !c.Verdict.HasAge || c.Verdict.Age != 10*time.Minute || c.Verdict.Version != "v1" || c.WebhookID != "evt_1" ||
			c.EventType != "invoice.paid" || strings.Contains(c.Detail, "tried") {
			t.Errorf("%s: %+v", what, c)
		}
	}
	forged := signed(t, "github", body, secretOf("env:OTHER", "whsec_another secret of the tests"), 0)
	if c := auto.Check(forged, now); !strings.HasSuffix(c.Detail, " (tried github, meta)") {
		t.Errorf("%+v", c)
	}
}

func TestASecretThatIsHeldDoesNotHideOneThatIsFree(t *testing.T) {
	free := secretOf("env:FREE", "whsec_another secret of the tests")
	v := &verifier.Verifier{Auto: true, Secrets: []sign.Secret{secret, free}}
	for by, want := range map[string]sign.Reason{string(secret.Key): sign.WeakerSignature, string(free.Key): "",
		"whsec_an unknown secret of the tests": sign.SignatureMismatch} {
		m := signed(t, "github", "{}", secretOf("", by), 0)
		c := v.CheckPinned(m, now, map[string]string{string(secret.Key): "stripe"})
		if c.Verdict.Reason != string(want) || (c.Verdict.Status == record.Valid) != (want == "") {
			t.Errorf("signed with %q: %+v", by, c)
		}
	}
}

func TestAutoBoundsTheAgeThatASchemeDoesNotBound(t *testing.T) {
	own, _ := catalog.Lookup("stripe")
	own.Name, own.Header, own.Tolerance.Past = "mine", "X-Mine", sign.NoLimit
	m := signed(t, "stripe", "{}", secret, 10*time.Minute)
	m.Header.Set("X-Mine", m.Header.Get("Stripe-Signature"))
	m.Header.Del("Stripe-Signature")
	v := &verifier.Verifier{Auto: true, Secrets: []sign.Secret{secret}, Schemes: &catalog.Set{Own: []sign.Scheme{own}}}
	if c := v.Check(m, now); c.Scheme != "mine" || c.Verdict.Reason != string(sign.TimestampExpired) {
		t.Errorf("%+v", c)
	}
	if c := v.CheckPinned(m, now, map[string]string{string(secret.Key): "mine"}); c.Verdict.Status != record.Valid {
		t.Errorf("a scheme that the secret has verified: %+v", c)
	}
}

// token is a JSON Web Token with claims, as an application may make one with the secret of its webhooks.
func token(claims string, by sign.Secret) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, by.Key)
	_, _ = mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestAutoRefusesATokenThatSaysNothingOfTheBody(t *testing.T) {
	const claims = `{"iss":"Vonage","iat":1760000000,"exp":1760000060}`
	v := &verifier.Verifier{Auto: true, Secrets: []sign.Secret{secret}}
	for body, want := range map[string]sign.Reason{`{"a":1}`: sign.WeakerSignature, "": ""} {
		m := sign.Message{Method: "POST", Header: http.Header{"Authorization": {"Bearer " + token(claims, secret)}},
			Body: []byte(body)}
		if c := v.Check(m, now); c.Verdict.Reason != string(want) || c.Scheme != "vonage" {
			t.Errorf("under auto with %q: %+v", body, c)
		}
		if c := named(t, "vonage", secret).Check(m, now); c.Verdict.Status != record.Valid {
			t.Errorf("named with %q: %+v", body, c)
		}
	}
}

// A token that LiveKit has made for another body is refused as that: monday.com's scheme, which asks less of a token,
// is not tried with it.
func TestAutoTriesATokenWithTheStrictestSchemeOnly(t *testing.T) {
	other := sha256.Sum256([]byte("another body"))
	claims := `{"iss":"key","exp":1760000060,"sha256":"` + base64.StdEncoding.EncodeToString(other[:]) + `"}`
	m := sign.Message{Method: "POST", Header: http.Header{"Authorization": {token(claims, secret)}}, Body: []byte("{}")}
	for want, params := range map[sign.Reason]map[string]string{
		sign.MissingParam: nil, sign.SignatureMismatch: {"api_key": "key"},
	} {
		v := &verifier.Verifier{Auto: true, Secrets: []sign.Secret{secret}, Params: params}
		if c := v.Check(m, now); c.Scheme != "livekit" || c.Verdict.Reason != string(want) {
			t.Errorf("with %v: %+v", params, c)
		}
	}
	if c := named(t, "monday", secret).Check(m, now); c.Verdict.Status != record.Valid {
		t.Errorf("named: %+v", c)
	}
}
