package explain_test

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/explain"
)

// at is when the messages of the tests are signed and checked.
var at = time.Unix(1700000000, 0)

const (
	rawKey   = "barb_test_secret_0123456789abcdef"
	whsecKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	address  = "https://example.com/hooks/in"
)

// usualKey is a secret in the form that the scheme takes.
func usualKey(s sign.Scheme) string {
	if s.Key == sign.Whsec {
		return whsecKey
	}
	return rawKey
}

func lookup(t testing.TB, name string) sign.Scheme {
	t.Helper()
	s, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("no scheme %s", name)
	}
	return s
}

// signed is a question about a message that is still valid.
func signed(t testing.TB, name, body string) explain.Question {
	t.Helper()
	s := lookup(t, name)
	return signedBy(t, s, body, usualKey(s))
}

func signedBy(t testing.TB, s sign.Scheme, body, key string) explain.Question {
	t.Helper()
	q := explain.Question{Scheme: s, Now: at, Secrets: []sign.Secret{{Name: "env:SECRET", Key: []byte(key)}}}
	q.Message = sign.Message{ID: "msg_1", Time: at, Method: "POST", URL: address, Body: []byte(body),
		Header: http.Header{}}
	signing := q.Secrets[0]
	if s.Auth == sign.Ed25519 {
		private := ed25519.NewKeyFromSeed([]byte(key)[:32])
		signing.Key = []byte(hex.EncodeToString(private.Seed()))
		q.Secrets[0].Key = []byte(hex.EncodeToString(private.Public().(ed25519.PublicKey)))
	}
	out, err := s.Sign(q.Message, signing)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	for _, f := range out.Fields {
		q.Message.Header.Add(f.Name, f.Value)
	}
	if out.URL != "" {
		q.Message.URL = out.URL
	}
	if _, err := s.Verify(q.Message, at, q.Secrets...); err != nil {
		t.Fatalf("%s does not verify before anything was planted: %v", s.Name, err)
	}
	return q
}

func find(t testing.TB, q explain.Question) explain.Answer {
	t.Helper()
	a := explain.Find(context.Background(), q)
	for _, c := range a.Causes {
		checkProof(t, c)
	}
	return a
}

// checkProof holds a cause against what it claims.
func checkProof(t testing.TB, c explain.Cause) {
	t.Helper()
	_, err := c.Proof.Scheme.Verify(c.Proof.Message, at, c.Proof.Secret)
	if err != nil {
		t.Errorf("%s is claimed, but its proof does not verify: %v", c.Kind, err)
	}
	if c.Change == "" || c.Words == "" || c.Part == "" {
		t.Errorf("a cause without words: %+v", c)
	}
}

func timeOf(seconds int64) time.Duration { return time.Duration(seconds) * time.Second }
