package sign_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

const longBody = 2 << 20

// hundredHeaders is a message with the header of every scheme that a secret may verify, each signed with another
// secret.
func hundredHeaders(t *testing.T, body []byte, only func(sign.Scheme) bool) (m sign.Message, schemes []sign.Scheme) {
	t.Helper()
	m = sign.Message{Method: "POST", URL: "https://hooks.example.com/in?x=1", Header: http.Header{},
		Body: body, Params: params()}
	for _, s := range catalog.All() {
		if s.InBody() || s.Auth != sign.HMAC && s.Auth != sign.Digest || !only(s) {
			continue
		}
		one := newMessage(s)
		one.Body, one.Time = body, at.Add(time.Duration(len(schemes))*time.Second) // or they would sign the same
		signed, err := s.Sign(one, newPair(s, 1).signing)
		if err != nil {
			continue
		}
		for _, f := range signed.Fields {
			m.Header.Set(f.Name, f.Value)
		}
		schemes = append(schemes, s)
	}
	return m, schemes
}

func hashedBy(t *testing.T, m sign.Message, schemes []sign.Scheme, secrets ...sign.Secret) (bodies float64) {
	t.Helper()
	m.Sums = new(sign.Sums)
	for _, s := range schemes {
		if s.CheckSecret(secrets[0], false) == nil {
			if _, err := s.Verify(m, at, secrets...); err == nil {
				t.Errorf("%s: a forgery is valid", s.Name)
			}
		}
	}
	return float64(m.Sums.Hashed()) / float64(len(m.Body))
}

func TestWhatManySchemesSignAlikeIsHashedOnce(t *testing.T) {
	body := bytes.Repeat([]byte("x"), longBody)
	m, schemes := hundredHeaders(t, body,
		func(s sign.Scheme) bool { return s.Content == "{body}" && s.Time.Unit == "" && s.Key == sign.Raw })
	var hashes []sign.Hash
	for _, s := range schemes {
		if !slices.Contains(hashes, s.Hash) {
			hashes = append(hashes, s.Hash)
		}
	}
	if len(schemes) < 30 || len(hashes) < 4 {
		t.Fatalf("%d schemes with %d hashes", len(schemes), len(hashes))
	}
	secret, other := text("the secret that is checked with"), text("another that is checked with")
	if n := hashedBy(t, m, schemes, secret); n != float64(len(hashes)) {
		t.Errorf("the body was hashed %v times for %d hashes and one key", n, len(hashes))
	}
	if n := hashedBy(t, m, schemes, secret, other); n != float64(2*len(hashes)) {
		t.Errorf("the body was hashed %v times for %d hashes and two keys", n, len(hashes))
	}
}

func TestAHundredHeadersAreNotAHundredPasses(t *testing.T) {
	body := bytes.Repeat([]byte("x"), longBody)
	m, schemes := hundredHeaders(t, body, func(sign.Scheme) bool { return true })
	if len(schemes) < 80 {
		t.Fatalf("only %d schemes", len(schemes))
	}
	// HMAC with SHA-256 has most of them: at most four passes, and a few of the other hashes and the plain digests.
	if n := hashedBy(t, m, schemes, text("the secret that is checked with")); n > 14 {
		t.Errorf("the body was hashed %v times", n)
	}
	for name, values := range m.Header {
		m.Header[name] = slices.Repeat(values, 100)
	}
	if n := hashedBy(t, m, schemes, text("the secret that is checked with")); n > 14 {
		t.Errorf("with each header a hundred times the body was hashed %v times", n)
	}
}

// Sharing what was computed changes no verdict.
func TestSumsChangeNoVerdict(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		m.Sums = new(sign.Sums)
		for range 2 {
			expect(t, "genuine", s, m, keys.verifying, "")
		}
		for _, other := range catalog.All() {
			if other.Auth != s.Auth || other.CheckSecret(keys.verifying, false) != nil {
				continue
			}
			alone := m
			alone.Sums = nil
			_, with := other.Verify(m, at, keys.verifying)
			_, without := other.Verify(alone, at, keys.verifying)
			if reasonOf(t, with) != reasonOf(t, without) {
				t.Errorf("%s: %v with sums, %v without", other.Name, with, without)
			}
		}
		expect(t, "genuine at last", s, m, keys.verifying, "")
	})
}

func TestSumsAreOfTheContentAndTheKey(t *testing.T) {
	m := sign.Message{Method: "POST", Body: []byte("{}"), Header: http.Header{}, Sums: new(sign.Sums)}
	github, shopify := lookup(t, "github"), lookup(t, "shopify")
	mine, other := text("a secret of the tests"), text("another of the tests")
	m.Header.Set("X-Hub-Signature-256", "sha256="+hmacHex(mine.Key, m.Body))
	expect(t, "mine", github, m, mine, "")
	expect(t, "another", github, m, other, sign.SignatureMismatch)
	expect(t, "mine again", github, m, mine, "")
	m.Header.Set("X-Shopify-Hmac-Sha256", strings.Repeat("A", 43)+"=")
	expect(t, "forged", shopify, m, mine, sign.SignatureMismatch)
}
