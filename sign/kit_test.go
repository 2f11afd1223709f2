package sign_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
)

// at is when the messages of the tests are signed.
var at = time.Unix(1700000000, 0)

// pair is a secret as either side holds it.
type pair struct{ signing, verifying sign.Secret }

func text(s string) sign.Secret { return sign.Secret{Name: "test", Key: []byte(s)} }

func pemText(kind string, der []byte, err error) sign.Secret {
	if err != nil {
		panic(err)
	}
	return text(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
}

// rsaKeys are two RSA keys; making them is slow, so they are made once.
var rsaKeys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		var err error
		if keys[i], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err)
		}
	}
	return keys
})

// certify wraps a key into a certificate.
func certify(k *rsa.PrivateKey, from, to time.Time) sign.Secret {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: from, NotAfter: to,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	return pemText("CERTIFICATE", der, err)
}

// newPair makes the n-th secret (0 or 1) of a scheme in the form the provider issues it.
func newPair(s sign.Scheme, n int) pair {
	switch s.Auth {
	case sign.Ed25519:
		public, private, _ := ed25519.GenerateKey(rand.Reader)
		return pair{text(hex.EncodeToString(private.Seed())), text(hex.EncodeToString(public))}
	case sign.ECDSA:
		k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		private, err := x509.MarshalECPrivateKey(k)
		public, _ := x509.MarshalPKIXPublicKey(k.Public())
		return pair{pemText("EC PRIVATE KEY", private, err), text(base64.StdEncoding.EncodeToString(public))}
	case sign.RSA:
		k := rsaKeys()[n]
		private, err := x509.MarshalPKCS8PrivateKey(k)
		return pair{pemText("PRIVATE KEY", private, err), certify(k, at.AddDate(-1, 0, 0), at.AddDate(1, 0, 0))}
	default:
	}
	secret := text(fmt.Sprintf("an odd secret: %d of the tests, é", n))
	if s.Key == sign.Whsec {
		secret = text("whsec_" + base64.StdEncoding.EncodeToString(secret.Key))
	}
	return pair{secret, secret}
}

// newMessage is a message that any scheme can sign.
func newMessage(s sign.Scheme) sign.Message {
	m := sign.Message{
		ID: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", Time: at, Event: "invoice.paid",
		Method: "POST", URL: "https://hooks.example.com/in?x=1",
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"type":"invoice.paid","webhookTimestamp":1700000000000,"n":1.0}`),
		Params: map[string]string{"webhook_id": "1JE4291016473214C"},
	}
	if s.Code == sign.Twilio {
		m.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		m.Body = []byte("To=%2B18005551212&Body=hello+world&Digits=1234")
	}
	return m
}

// deliver returns a message as the receiver gets it after s signed it.
func deliver(t testing.TB, s sign.Scheme, m sign.Message, secrets ...sign.Secret) sign.Message {
	t.Helper()
	signed, err := s.Sign(m, secrets...)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return receive(m, signed)
}

func receive(m sign.Message, signed sign.Signed) sign.Message {
	got := sign.Message{Method: m.Method, URL: m.URL, Header: m.Header.Clone(), Body: m.Body, Params: m.Params}
	for _, f := range signed.Fields {
		got.Header.Set(f.Name, f.Value)
	}
	if signed.URL != "" {
		got.URL = signed.URL
	}
	return got
}

// forEach runs a test for every scheme of the catalogue, with a message that was rightly signed.
func forEach(t *testing.T, test func(t *testing.T, s sign.Scheme, m sign.Message, keys pair)) {
	t.Helper()
	for _, s := range sign.All() {
		t.Run(s.Name, func(t *testing.T) {
			keys := newPair(s, 0)
			test(t, s, deliver(t, s, newMessage(s), keys.signing), keys)
		})
	}
}

// with returns a message with a header changed; a nil value removes it.
func with(m sign.Message, name string, values ...string) sign.Message {
	m.Header = m.Header.Clone()
	m.Header.Del(name)
	if len(values) > 0 {
		m.Header[http.CanonicalHeaderKey(name)] = values
	}
	return m
}

// expect verifies at the moment of signing and checks the reason; "" means valid.
func expect(t *testing.T, what string, s sign.Scheme, m sign.Message, secret sign.Secret, want ...sign.Reason) {
	t.Helper()
	_, err := s.Verify(m, at, secret)
	got := reasonOf(t, err)
	for _, w := range want {
		if got == w {
			return
		}
	}
	t.Errorf("%s: reason %q, want %q (%v)", what, got, want, err)
}

// headerOf returns the header of a place, "" when it is none.
func headerOf(p sign.Place) string {
	if len(p) > 7 && p[:7] == "header:" {
		return string(p[7:])
	}
	return ""
}

func hmacHex(key, content []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(content)
	return hex.EncodeToString(mac.Sum(nil))
}

func digest512(content string) string {
	sum := sha512.Sum512([]byte(content))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
