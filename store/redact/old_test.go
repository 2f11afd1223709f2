package redact_test

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// An earlier barb did not note what it masked: what is certain is put back, and the rest is not guessed.
func TestWhatAnEarlierBarbMaskedIsPutBackOnlyWhereItIsCertain(t *testing.T) {
	secret := sign.Secret{Name: "env:TOKEN", Key: []byte("user:pa&ss+word é")}
	basic, token, body := "Basic dXNlcjpwYSZzcyt3b3JkIMOp", string(secret.Key), `{"passcode":"[secret]"}`
	for name, c := range map[string]struct {
		scheme string
		header record.Header
		body   string
		want   string // in the header, or the body; "": refused
	}{
		"basic": {"chargebee", record.Header{{Name: "authorization", Value: "Basic [secret]"}}, `{}`,
			basic},
		"token": {"gitlab", record.Header{{Name: "X-Gitlab-Token", Value: "[secret]"}}, `{}`, token},
		"token behind a word": {"auth0", record.Header{{Name: "Authorization", Value: "Bearer [secret]"}}, `{}`,
			"Bearer " + token},
		"another placeholder": {"gitlab", record.Header{{Name: "X-Gitlab-Token", Value: "[secret]"}}, `[secret]`, ""},
		"in the body, escaped": {"figma", record.Header{{Name: "Content-Length", Value: "38"}}, body,
			`{"passcode":"user:pa\u0026ss+word é"}`},
		"in the body, plain": {"figma", record.Header{{Name: "Content-Length", Value: "33"}}, body,
			`{"passcode":"user:pa&ss+word é"}`},
		"in the body, another way":  {"figma", record.Header{{Name: "Content-Length", Value: "43"}}, body, ""},
		"in the body, of no length": {"figma", nil, body, ""},
	} {
		x := &record.Exchange{Kind: record.Received, Scheme: c.scheme,
			Verdict: record.Verdict{Status: record.Valid, Secret: "env:TOKEN"},
			Request: record.Request{Method: "POST", URL: "http://a/", Target: "/", Proto: "HTTP/1.1", Body: []byte(c.body),
				Header: c.header}}
		came, err := redact.New(lookup, []sign.Secret{secret}, nil).RestoreOld(x)
		switch {
		case c.want == "" && err == nil:
			t.Errorf("%s: guessed as %v %s", name, came.Request.Header, came.Request.Body)
		case c.want != "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && string(came.Request.Body) != c.want && came.Request.Header[0].Value != c.want:
			t.Errorf("%s: put back as %v %s", name, came.Request.Header, came.Request.Body)
		}
		if _, err := redact.New(lookup, nil, nil).RestoreOld(x); err == nil || !strings.Contains(err.Error(), "env:TOKEN") {
			t.Errorf("%s: without the secret: %v", name, err)
		}
	}
}
