package signer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

var now = time.Date(2026, 1, 20, 14, 32, 0, 0, time.UTC)

// of makes the signer of a scheme in the catalogue.
func of(t *testing.T, name, key string) *signer.Signer {
	t.Helper()
	scheme, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("there is no scheme %s", name)
	}
	return &signer.Signer{Scheme: scheme, Secrets: []sign.Secret{{Name: "env:SECRET", Key: []byte(key)}}}
}

func hook(body string, fields ...record.Field) record.Exchange {
	return record.Exchange{Request: record.Request{Method: "POST", URL: "https://hooks.example/in", Header: fields,
		Body: []byte(body)}}
}

// verify fails the test where a receiver would refuse the request.
func verify(t *testing.T, s *signer.Signer, r *record.Request) {
	t.Helper()
	m := sign.Message{Method: r.Method, URL: r.URL, Header: r.Header.HTTP(), Body: r.Body, Params: s.Params}
	if _, err := s.Scheme.Verify(m, now, s.Secrets...); err != nil {
		t.Errorf("%s: %v\n%+v", s.Scheme.Name, err, r)
	}
}

func TestSignedRequestsVerify(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"stripe": "whsec_" + strings.Repeat("x", 32),
		"standard-webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"github":            "it is a secret", "figma": "a long passcode"} {
		s := of(t, name, key)
		x := hook(`{"id":"evt_1","type":"invoice.paid"}`, record.Field{Name: "Content-Length", Value: "36"})
		s.Describe(&x)
		if err := s.Sign(&x, now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		verify(t, s, &x.Request)
	}
}

func TestDescribeTakesNamesFromTheRequest(t *testing.T) {
	t.Parallel()
	signed := of(t, "stripe", "whsec_"+strings.Repeat("x", 32))
	x := hook(`{"id":"evt_1","type":"invoice.paid"}`)
	signed.Describe(&x)
	want := record.Verdict{Status: record.Valid, Version: "v1", Secret: "env:SECRET"}
	if x.WebhookID != "evt_1" || x.EventType != "invoice.paid" || x.Scheme != "stripe" || !cmp.Equal(x.Verdict, want) {
		t.Errorf("%+v", x)
	}
	x = hook(`{"id":"evt_1","type":"invoice.paid"}`)
	x.WebhookID, x.EventType = "mine", "mine.too"
	if signed.Describe(&x); x.WebhookID != "mine" || x.EventType != "mine.too" {
		t.Errorf("%+v", x)
	}
	header := of(t, "gitlab", "a long token")
	x = hook(`{}`, record.Field{Name: "X-Gitlab-Event", Value: "Push Hook"})
	if header.Describe(&x); x.EventType != "Push Hook" {
		t.Errorf("%+v", x)
	}
	x = hook(`{"id":"evt_1"}`)
	if (&signer.Signer{}).Describe(&x); !strings.HasPrefix(x.WebhookID, "msg_") || x.Scheme != "" ||
		x.Verdict.Status != "" {
		t.Errorf("%+v", x)
	}
	x = hook(`{}`)
	if (&signer.Signer{UUIDs: true}).Describe(&x); len(x.WebhookID) != 36 {
		t.Errorf("%q", x.WebhookID)
	}
}

func TestWithoutSecretsOnlyTheIDIsAdded(t *testing.T) {
	t.Parallel()
	x := hook(`{}`)
	x.WebhookID = "msg_1"
	if sign := (&signer.Signer{}).ForAttempt(&x); sign != nil {
		t.Error("there is something to do")
	}
	r := x.Request
	if err := (&signer.Signer{IDField: "webhook-id"}).ForAttempt(&x)(now, &r); err != nil ||
		r.Header.Get("webhook-id") != "msg_1" {
		t.Errorf("%+v, %v", r.Header, err)
	}
	if err := (&signer.Signer{}).Sign(&x, now); err != nil || len(x.Request.Header) != 0 {
		t.Errorf("%+v, %v", x.Request.Header, err)
	}
}

// A captured request has an old signature, which the new one replaces in its place.
func TestASignatureThatIsThereIsReplaced(t *testing.T) {
	t.Parallel()
	s := of(t, "github", "it is a secret")
	given := record.Header{{Name: "x-hub-signature-256", Value: "sha256=old"}, {Name: "Accept", Value: "*/*"}}
	x := hook(`{}`, given...)
	if err := s.Try(&x, now); err != nil || !cmp.Equal(x.Request.Header, given) {
		t.Errorf("trying changed the request: %+v, %v", x.Request.Header, err)
	}
	r := x.Request
	r.Header = append(record.Header{}, given...)
	if err := s.ForAttempt(&x)(now, &r); err != nil {
		t.Fatal(err)
	}
	verify(t, s, &r)
	if strings.ToLower(r.Header[0].Name) != "x-hub-signature-256" || r.Header[0].Value == "sha256=old" ||
		!cmp.Equal(x.Request.Header, given) {
		t.Errorf("%+v of %+v", r.Header, x.Request.Header)
	}
}

func TestABodyWithItsTokenStaysAsItIs(t *testing.T) {
	t.Parallel()
	s := of(t, "figma", "a long passcode")
	for body, want := range map[string]string{
		`{"passcode": "a long p\u0061sscode"}`: `{"passcode": "a long p\u0061sscode"}`,
		`{"event_type":"PING"}`:                `{"event_type":"PING","passcode":"a long passcode"}`,
	} {
		x := hook(body, record.Field{Name: "Content-Length", Value: "0"})
		if err := s.Sign(&x, now); err != nil || string(x.Request.Body) != want {
			t.Errorf("%s, %v", x.Request.Body, err)
		}
		verify(t, s, &x.Request)
	}
}

func TestErrorSaysWhyNothingCanBeSigned(t *testing.T) {
	t.Parallel()
	x := hook(`{}`)
	s := of(t, "twilio", "a token of twilio")
	x.Request.URL = ""
	err := s.Sign(&x, now)
	refused, ok := errors.AsType[*signer.Error](err)
	reason, known := errors.AsType[*sign.Error](err)
	if !ok || !known || refused.Scheme.Name != "twilio" || reason.Reason != sign.MissingURL ||
		err.Error() != reason.Detail {
		t.Errorf("%v", err)
	}
	if err := (&signer.Error{Err: errors.New("disk full")}); err.Error() != "disk full" {
		t.Errorf("%v", err)
	}
}
