package keytext_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign/keytext"
)

func TestPEMTakesTheFirstBlockThatIsAKey(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	parameters := block("EC PARAMETERS", []byte("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"))
	for what, text := range map[string]string{
		"SEC 1":  parameters + block("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(private))),
		"PKCS 8": "Bag Attributes\n" + block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(private))),
		"mark":   "\ufeff" + block("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&private.PublicKey))),
	} {
		k, ok := keytext.PEM(text)
		if !ok || !private.PublicKey.Equal(k.Public) || (k.Private == nil) != (what == "mark") {
			t.Errorf("%s: %v %+v", what, ok, k)
		}
	}
	for _, text := range []string{"", parameters, "-----BEGIN PUBLIC KEY-----"} {
		if k, ok := keytext.PEM(text); ok {
			t.Errorf("%q is %+v", text, k)
		}
	}
}

func TestRSAKeysAreReadInBothForms(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, der := range [][]byte{x509.MarshalPKCS1PrivateKey(private), x509.MarshalPKCS1PublicKey(&private.PublicKey)} {
		if k, ok := keytext.DER(der); !ok || !private.PublicKey.Equal(k.Public) {
			t.Errorf("%v %+v", ok, k)
		}
	}
	if k, ok := keytext.DER([]byte("no key")); ok {
		t.Errorf("%+v", k)
	}
}

func TestACertificateSaysWhoseItIsAndForHowLong(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from, until := time.Unix(1700000000, 0), time.Unix(1800000000, 0)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hooks.example.com"},
		NotBefore: from, NotAfter: until}
	der := must(x509.CreateCertificate(rand.Reader, template, template, public, private))
	k, ok := keytext.PEM(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	if !ok || !public.Equal(k.Public) || k.Owner != "hooks.example.com" || !k.NotBefore.Equal(from) ||
		!k.NotAfter.Equal(until) {
		t.Errorf("%v %+v", ok, k)
	}
	if _, ok := keytext.PEM("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"); ok {
		t.Error("four letters are a certificate")
	}
}

func TestAnEd25519SeedWithItsKeyBehindItIsClear(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if k, ok := keytext.Ed25519(private); !ok || !public.Equal(k.Public) {
		t.Errorf("%v %+v", ok, k)
	}
	private[40]++
	if _, ok := keytext.Ed25519(private); ok {
		t.Error("a seed with another key behind it is one")
	}
	if _, ok := keytext.Ed25519(private[:31]); ok {
		t.Error("31 bytes are a key")
	}
}

func TestASetHoldsTheKeysThatAreForSignatures(t *testing.T) {
	const (
		okp = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
		ec  = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",` +
			`"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
		rsa = `{"kty":"RSA","n":"sXchQ","e":"AQAB","use":"sig"}`
	)
	for text, want := range map[string]int{
		okp: 1, ec: 1, `{"kty":"RSA","n":"sXch","e":"AQAB","use":"sig"}`: 1,
		`{"keys":[` + okp + `,` + ec + `]}`:                                       2,
		strings.Replace(okp, `"kty"`, `"use":"enc","kty"`, 1):                     0,
		strings.Replace(okp, "11qY", "", 1):                                       0,
		strings.Replace(okp, "11qY", "\\n11qY", 1):                                0,
		strings.Replace(ec, "f83O", "", 1):                                        0,
		strings.Replace(ec, "f83O", "f83P", 1):                                    0,
		`{"kty":"RSA","n":"sXch","e":"AQ"}`:                                       0,
		`{"kty":"oct","k":"AA"}`:                                                  0,
		`{"kty"`:                                                                  0,
		`{"keys":[` + strings.TrimSuffix(strings.Repeat(okp+",", 65), ",") + `]}`: 0,
	} {
		if keys := keytext.Set([]byte(text)); len(keys) != want {
			t.Errorf("%.80s: %d keys, want %d", text, len(keys), want)
		}
	}
	for text, want := range map[string]bool{okp: true, ec: true, rsa: true, `{"keys":[]}`: false, `[` + okp + `]`: false} {
		if got := keytext.IsSet([]byte(text)); got != want {
			t.Errorf("%.80s: %v", text, got)
		}
	}
}
