// Package newkey makes throw-away secrets for tests, in the forms that providers issue. It stores and prints nothing.
package newkey

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
	"time"

	"github.com/barbhq/barb/sign"
)

const (
	newKeyBytes = 32   // size of a symmetric key; Standard Webhooks asks for 24 to 64
	newKeyBits  = 2048 // size of an RSA key
	newCertLife = 365 * 24 * time.Hour
)

// Pair is a throw-away secret as each side holds it, in the scheme's own forms; for a symmetric scheme they are equal.
type Pair struct{ Signing, Verifying []byte }

// Of makes a random throw-away secret of a scheme, in the form that the provider issues. For schemes with a
// certificate, now is the beginning of its validity, which lasts a year.
func Of(s *sign.Scheme, now time.Time) (Pair, error) {
	if s.Auth == sign.HMAC || s.Auth == sign.Digest || s.Auth == sign.Token {
		secret := newSecret(s)
		return Pair{secret, secret}, nil
	}
	private, err := newPrivate(s)
	if err != nil {
		return Pair{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Pair{}, err
	}
	signing := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}) // every asymmetric scheme reads PEM
	verifying, err := encodePublic(s, private, now)
	return Pair{signing, verifying}, err
}

// newSecret makes a symmetric key in the scheme's form.
func newSecret(s *sign.Scheme) []byte {
	b := make([]byte, newKeyBytes)
	if s.Code == sign.RFC9421 { // 32 bytes could be read as a public key
		b = make([]byte, 2*newKeyBytes)
	}
	_, _ = rand.Read(b) // never fails
	switch s.Key {
	case sign.Whsec, sign.WhsecOrRaw, sign.WhsecAndRaw:
		return base64.StdEncoding.AppendEncode([]byte("whsec_"), b)
	case sign.Base64Key:
		return base64.StdEncoding.AppendEncode(nil, b)
	case sign.KeyPair:
		return hex.AppendEncode([]byte("barb_public_key:"), b)
	default:
		if s.Auth == sign.Token && s.Enc == sign.Base64 {
			return hex.AppendEncode([]byte("barb:"), b)
		}
		return hex.AppendEncode(nil, b)
	}
}

func newPrivate(s *sign.Scheme) (crypto.Signer, error) {
	switch s.Auth {
	case sign.ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case sign.RSA:
		return rsa.GenerateKey(rand.Reader, newKeyBits)
	default: // Ed25519
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
}

// encodePublic returns the public key in the provider's form.
func encodePublic(s *sign.Scheme, private crypto.Signer, now time.Time) ([]byte, error) {
	public := private.Public()
	if small, ok := public.(ed25519.PublicKey); ok {
		switch s.Key {
		case sign.Hex32:
			return hex.AppendEncode(nil, small), nil
		case sign.Base6432:
			return base64.StdEncoding.AppendEncode(nil, small), nil
		case sign.Whpk:
			return base64.StdEncoding.AppendEncode([]byte("whpk_"), small), nil
		default:
		}
	}
	if s.CertName != "" || s.Code == sign.SNS {
		return newCertificate(s, private, now)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if s.Key == sign.SPKI {
		return base64.StdEncoding.AppendEncode(nil, der), err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

func newCertificate(s *sign.Scheme, private crypto.Signer, now time.Time) ([]byte, error) {
	name := "barb.test"
	if s.CertName != "" {
		name = "barb-test" + s.CertName
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.Unix()), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(newCertLife),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), err
}
