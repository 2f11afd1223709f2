package conformance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// secretPair is one secret for both sides: the same text, or a private and a public key.
type secretPair struct{ signs, verifies string }

// pairs returns two pairs: the right secret and a wrong one.
func (s sample) pairs(t *testing.T) [2]secretPair {
	t.Helper()
	if s.Key == "" {
		return [2]secretPair{{s.Secrets[0], s.Secrets[0]}, {s.Secrets[1], s.Secrets[1]}}
	}
	return [2]secretPair{keyPair(t, s.Key), keyPair(t, s.Key)}
}

// keyPair makes a throw-away key pair: the private key in PEM, the public one in the provider's form.
func keyPair(t *testing.T, spec string) secretPair {
	t.Helper()
	kind, form, _ := strings.Cut(spec, " ")
	private, err := generate(kind)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	public, err := published(private, form)
	if err != nil {
		t.Fatal(err)
	}
	return secretPair{signs: block("PRIVATE KEY", der), verifies: public}
}

func generate(kind string) (crypto.Signer, error) {
	switch kind {
	case "ed25519":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case "p256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
}

func published(private crypto.Signer, form string) (string, error) {
	raw, _ := private.Public().(ed25519.PublicKey)
	spki, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return "", err
	}
	switch form {
	case "hex32":
		return hex.EncodeToString(raw), nil
	case "base64-32":
		return base64.StdEncoding.EncodeToString(raw), nil
	case "whpk":
		return "whpk_" + base64.StdEncoding.EncodeToString(raw), nil
	case "spki":
		return base64.StdEncoding.EncodeToString(spki), nil
	case "certificate":
		return certificate(private)
	default: // pem
		return block("PUBLIC KEY", spki), nil
	}
}

// certificate makes a self-signed certificate that has been valid for a month.
func certificate(private crypto.Signer) (string, error) {
	const month = 30 * 24 * time.Hour
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "messageverificationcerts.paypal.com"},
		NotBefore: time.Now().Add(-month), NotAfter: time.Now().Add(month),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	return block("CERTIFICATE", der), err
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
