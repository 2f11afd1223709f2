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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
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
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test.paypal.com"}, NotBefore: from, NotAfter: to,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	return pemText("CERTIFICATE", der, err)
}

// newPair makes the n-th secret (0 or 1) of a scheme in the form the provider issues it.
func newPair(s sign.Scheme, n int) pair {
	switch s.Auth {
	case sign.Ed25519:
		public, private, _ := ed25519.GenerateKey(rand.Reader)
		der, err := x509.MarshalPKIXPublicKey(public)
		return map[sign.KeyForm]pair{
			sign.Hex32:    {text(hex.EncodeToString(private.Seed())), text(hex.EncodeToString(public))},
			sign.Base6432: {text(b64(private.Seed())), text(b64(public))},
			sign.Whpk:     {text("whsk_" + b64(private)), text("whpk_" + b64(public))},
			sign.PEM:      {pkcs8(private), pemText("PUBLIC KEY", der, err)},
		}[s.Key]
	case sign.ECDSA:
		k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		private, err := x509.MarshalECPrivateKey(k)
		public, _ := x509.MarshalPKIXPublicKey(k.Public())
		if s.Key == sign.PEM {
			return pair{pemText("EC PRIVATE KEY", private, err), pemText("PUBLIC KEY", public, nil)}
		}
		return pair{pemText("EC PRIVATE KEY", private, err), text(b64(public))}
	case sign.RSA:
		k := rsaKeys()[n]
		return pair{pkcs8(k), certify(k, at.AddDate(-1, 0, 0), at.AddDate(1, 0, 0))}
	default:
	}
	secret := symmetric(s, fmt.Appendf(nil, "an odd secret: %d of the tests, é", n))
	return pair{secret, secret}
}

// symmetric writes the bytes of a key as a scheme's provider does.
func symmetric(s sign.Scheme, key []byte) sign.Secret {
	switch s.Key {
	case sign.Whsec:
		return text("whsec_" + b64(key))
	case sign.Base64Key:
		return text(b64(key))
	case sign.HexKey:
		return text(hex.EncodeToString(key))
	case sign.KeyPair:
		return text("public_key:" + string(key))
	default:
		return text(string(key))
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func pkcs8(private any) sign.Secret {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	return pemText("PRIVATE KEY", der, err)
}

// jsonBody holds what any scheme looks for in a JSON body.
const jsonBody = `{"type":"invoice.paid","webhookTimestamp":1700000000000,"n":1.0,` +
	`"event":{"event_type":"sent","id":"e1"},"value":[{"id":"1"},{"id":"2"}],` +
	`"notificationItems":[` +
	`{"NotificationRequestItem":{"amount":{"currency":"EUR","value":1130},"pspReference":"7914073381342284"}},` +
	`{"NotificationRequestItem":{"eventCode":"REFUND"}}]}`

// newMessage is a message that any scheme can sign.
func newMessage(s sign.Scheme) sign.Message {
	m := sign.Message{
		ID: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", Time: at, Event: "invoice.paid",
		Method: "POST", URL: "https://hooks.example.com/in?x=1",
		Header: http.Header{"Content-Type": {"application/json"}, "X-Fal-Webhook-User-Id": {"user_barb"}},
		Body:   []byte(jsonBody),
		Params: params(),
	}
	if signsForm(s) {
		m.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		m.Body = []byte("To=%2B18005551212&Body=hello+world&Digits=1234&type=x")
	}
	if s.Code == sign.SNS {
		m.Body = []byte(`{"Type":"Notification","Message":"hello"}`)
	}
	if s.Code == sign.EasyPost {
		m.Body = []byte(`{"type":"invoice.paid","weight": 1, "n":1.0}`)
	}
	return m
}

func params() map[string]string {
	return map[string]string{
		"webhook_id": "1JE4291016473214C", "env": "master", "api_key": "APIabc", "audience": "https://hooks.example.com/in",
		"keyid": "k1",
		"email": "push@barb.iam.gserviceaccount.com", "topic_arn": "arn:aws:sns:us-east-1:000000000000:barb",
		"user_id": "user_barb",
	}
}

// signsForm reports whether a scheme signs the fields of a form.
func signsForm(s sign.Scheme) bool {
	return s.Code == sign.Twilio || s.Code == sign.Plivo || strings.Contains(s.Content, "form|sorted")
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
	if signed.Body != nil {
		got.Body = signed.Body
	}
	if signed.URL != "" {
		got.URL = signed.URL
	}
	return got
}

// forEach runs a test for every scheme of the catalogue, with a message that was rightly signed.
func forEach(t *testing.T, test func(t *testing.T, s sign.Scheme, m sign.Message, keys pair)) {
	t.Helper()
	for _, s := range catalog.All() {
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
