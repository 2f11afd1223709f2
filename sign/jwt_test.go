package sign_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
)

// jwt makes a token of HS256 with any head and claims.
func jwt(key, head, claims string) string {
	enc := base64.RawURLEncoding
	input := enc.EncodeToString([]byte(head)) + "." + enc.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(input))
	return input + "." + enc.EncodeToString(mac.Sum(nil))
}

const (
	jwtKey  = "a secret of the tests"
	hs256   = `{"alg":"HS256","typ":"JWT"}`
	aDay    = 24 * time.Hour
	monday  = `{"iat":1700000000,"exp":1700000300`
	netlify = `{"iss":"netlify","sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}` // of {}
)

func TestTokensAreReadStrictly(t *testing.T) {
	s := lookup(t, "netlify")
	m := sign.Message{Header: map[string][]string{}, Body: []byte("{}")}
	token := func(tok string) sign.Message { return with(m, s.Header, tok) }
	good := jwt(jwtKey, hs256, netlify)
	parts := strings.Split(good, ".")
	expect(t, "good", s, token(good), text(jwtKey), "")
	for what, c := range map[string]struct {
		token string
		want  sign.Reason
	}{
		"alg none": {jwt(jwtKey, `{"alg":"none"}`, netlify), sign.MalformedSignature},
		"alg none unsigned": {base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
			sign.MalformedSignature},
		"alg of another":    {jwt(jwtKey, `{"alg":"HS512"}`, netlify), sign.MalformedSignature},
		"no alg":            {jwt(jwtKey, `{}`, netlify), sign.MalformedSignature},
		"crit":              {jwt(jwtKey, `{"alg":"HS256","crit":["x"]}`, netlify), sign.MalformedSignature},
		"claims null":       {jwt(jwtKey, hs256, `null`), sign.MalformedSignature},
		"claims list":       {jwt(jwtKey, hs256, `[]`), sign.MalformedSignature},
		"two parts":         {parts[0] + "." + parts[1], sign.MalformedSignature},
		"four parts":        {good + ".x", sign.MalformedSignature},
		"padded":            {good + "=", sign.MalformedSignature},
		"no signature":      {parts[0] + "." + parts[1] + ".", sign.MalformedSignature},
		"another key":       {jwt("x", hs256, netlify), sign.SignatureMismatch},
		"Bearer":            {"Bearer " + good, sign.MalformedSignature},
		"other issuer":      {jwt(jwtKey, hs256, strings.Replace(netlify, "netlify", "evil", 1)), sign.WrongClaim},
		"no issuer":         {jwt(jwtKey, hs256, strings.Replace(netlify, "iss", "x", 1)), sign.WrongClaim},
		"no digest":         {jwt(jwtKey, hs256, strings.Replace(netlify, "sha256", "x", 1)), sign.WrongClaim},
		"digest of another": {jwt(jwtKey, hs256, strings.Replace(netlify, "4413", "0000", 1)), sign.SignatureMismatch},
		"digest a number":   {jwt(jwtKey, hs256, `{"iss":"netlify","sha256":1}`), sign.WrongClaim},
		"too long":          {jwt(jwtKey, hs256, `{"x":"`+strings.Repeat("a", 20<<10)+`"}`), sign.MalformedSignature},
		"run out": {jwt(jwtKey, hs256, strings.Replace(netlify, "{", `{"exp":1699999999,`, 1)),
			sign.TimestampExpired},
		"exp no number": {jwt(jwtKey, hs256, strings.Replace(netlify, "{", `{"exp":"soon",`, 1)), sign.MalformedTimestamp},
	} {
		expect(t, what, s, token(c.token), text(jwtKey), c.want)
	}
	expect(t, "twice", s, with(m, s.Header, good, good), text(jwtKey), sign.DuplicateHeader)
}

func TestATokenIsGoodForAsLongAsItSays(t *testing.T) {
	s := lookup(t, "monday")
	verify := func(claims string, now time.Duration) sign.Reason {
		m := sign.Message{Header: map[string][]string{"Authorization": {jwt(jwtKey, hs256, claims)}}}
		_, err := s.Verify(m, at.Add(now), text(jwtKey))
		return reasonOf(t, err)
	}
	for _, c := range []struct {
		claims string
		now    time.Duration
		want   sign.Reason
	}{
		{monday + "}", 0, ""}, {monday + "}", 300 * time.Second, ""},
		{monday + "}", 301 * time.Second, sign.TimestampExpired},
		{monday + "}", -5 * time.Minute, ""}, {monday + "}", -6 * time.Minute, sign.TimestampInFuture},
		{monday + `,"nbf":1700086400}`, 0, sign.TimestampInFuture},
		{`{"exp":1700086400}`, aDay - time.Second, ""}, {`{"exp":1700086400}`, aDay + time.Second, sign.TimestampExpired},
		{`{"iat":1700000000}`, 0, sign.MissingTimestamp}, {`{"iat":-1,"exp":1700000300}`, 0, sign.MalformedTimestamp},
		{`{"exp":1e300}`, 0, sign.MalformedTimestamp},
	} {
		if got := verify(c.claims, c.now); got != c.want {
			t.Errorf("%s at %v: %q, want %q", c.claims, c.now, got, c.want)
		}
	}
	s = lookup(t, "vonage")
	m := sign.Message{Header: map[string][]string{"Authorization": {"Bearer " + jwt(jwtKey, hs256, `{"iss":"Vonage"}`)}}}
	expect(t, "vonage without iat", s, m, text(jwtKey), sign.MissingTimestamp)
}

func TestATokenWithoutADigestDoesNotCoverTheBody(t *testing.T) {
	s := lookup(t, "vonage")
	m := sign.Message{Header: map[string][]string{
		"Authorization": {"Bearer " + jwt(jwtKey, hs256, `{"iss":"Vonage","iat":1700000000}`)}}, Body: []byte("x")}
	if match, err := s.Verify(m, at, text(jwtKey)); err != nil || !match.BodyUnsigned {
		t.Errorf("%+v, %v", match, err)
	}
}

func TestOfTwoMissingParamsTheIssuerIsNamed(t *testing.T) {
	s := lookup(t, "livekit")
	claims := *s.JWT
	claims.AudienceParam = "audience"
	s.JWT = &claims
	m := newMessage(s)
	m.Params = nil
	for range 50 {
		var missing *sign.Error
		if _, err := s.Sign(m, newPair(s, 0).signing); !errors.As(err, &missing) || missing.Param != s.JWT.IssuerParam {
			t.Fatalf("%v, want %s", err, s.JWT.IssuerParam)
		}
	}
}

func TestAudienceAndIssuerAreThoseOfTheReceiver(t *testing.T) {
	for name, param := range map[string]string{"pubsub": "audience", "livekit": "api_key"} {
		s := lookup(t, name)
		keys := newPair(s, 0)
		m := deliver(t, s, newMessage(s), keys.signing)
		expect(t, name, s, m, keys.verifying, "")
		m.Params = params()
		m.Params[param] = "another"
		expect(t, name+" of another", s, m, keys.verifying, sign.WrongClaim)
		m.Params = nil
		expect(t, name+" unknown", s, m, keys.verifying, sign.MissingParam)
	}
}

func TestAKeySetVerifiesWithWhicheverKeySigned(t *testing.T) {
	const n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB" +
		"ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8" +
		"KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_" +
		"xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	const set = `{"keys":[{"kty":"RSA","n":"` + n +
		`","e":"AQAB","kid":"1"},{"kty":"EC","crv":"P-256","x":"!","y":"!"},{"kty":"OKP","crv":"X25519","x":"AA"},` +
		`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
	for scheme, want := range map[string]sign.Reason{"pubsub": "", "fusionauth": "", "fal": "", "plaid": sign.WrongKeyForm,
		"stripe": sign.WrongKeyForm} {
		if err := lookup(t, scheme).CheckSecret(text(set), false); reasonOf(t, err) != want {
			t.Errorf("%s: %v", scheme, err)
		}
	}
	encrypts := strings.ReplaceAll(set, `"kty"`, `"use":"enc","kty"`)
	if err := lookup(t, "pubsub").CheckSecret(text(encrypts), false); reasonOf(t, err) != sign.WrongKeyForm {
		t.Errorf("keys that encrypt: %v", err)
	}
	if err := lookup(t, "pubsub").CheckSecret(text(set), true); reasonOf(t, err) != sign.WrongKeyForm {
		t.Errorf("signing with public keys: %v", err)
	}
	// RFC 8037 appendix A.4: the key above, and what it signs.
	s := sign.Scheme{Name: "x", Auth: sign.Ed25519, Enc: sign.Base64URL, Key: sign.PEM, Content: "{body}", Header: "X-Sig"}
	m := sign.Message{
		Body: []byte("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"),
		Header: map[string][]string{
			"X-Sig": {"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"}},
	}
	expect(t, "RFC 8037", s, m, text(set), "")
	expect(t, "changed", s, setBody(m, "x"), text(set), sign.SignatureMismatch)
}
