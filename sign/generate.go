package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"time"
)

const (
	newKeyBytes = 32   // size of a symmetric key; Standard Webhooks asks for 24 to 64
	newKeyBits  = 2048 // size of an RSA key
	newCertLife = 365 * 24 * time.Hour
)

// Pair is a throw-away secret as each side holds it, in the scheme's own forms; for a symmetric scheme they are equal.
type Pair struct{ Signing, Verifying []byte }

// NewPair makes a random throw-away secret for tests, in the form that the provider issues. For schemes with a
// certificate, now is the beginning of its validity, which lasts a year.
func (s Scheme) NewPair(now time.Time) (Pair, error) {
	if s.symmetric() {
		secret := s.newSecret()
		return Pair{secret, secret}, nil
	}
	private, err := s.newPrivate()
	if err != nil {
		return Pair{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Pair{}, err
	}
	signing := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}) // every asymmetric scheme reads PEM
	verifying, err := s.encodePublic(private, now)
	return Pair{signing, verifying}, err
}

// newSecret makes a symmetric key in the scheme's form.
func (s *Scheme) newSecret() []byte {
	b := make([]byte, newKeyBytes)
	if s.Code == RFC9421 { // 32 bytes could be read as a public key
		b = make([]byte, 2*newKeyBytes)
	}
	_, _ = rand.Read(b) // never fails
	switch s.Key {
	case Whsec, WhsecOrRaw, WhsecAndRaw:
		return Base64.encode([]byte("whsec_"), b)
	case Base64Key:
		return Base64.encode(nil, b)
	case KeyPair:
		return hex.AppendEncode([]byte("barb_public_key:"), b)
	default:
		if s.Auth == Token && s.Enc == Base64 {
			return hex.AppendEncode([]byte("barb:"), b)
		}
		return hex.AppendEncode(nil, b)
	}
}

func (s *Scheme) newPrivate() (crypto.Signer, error) {
	switch s.Auth {
	case ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA:
		return rsa.GenerateKey(rand.Reader, newKeyBits)
	default: // Ed25519
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
}

// encodePublic returns the public key in the provider's form.
func (s *Scheme) encodePublic(private crypto.Signer, now time.Time) ([]byte, error) {
	public := private.Public()
	if small, ok := public.(ed25519.PublicKey); ok {
		switch s.Key {
		case Hex32:
			return hex.AppendEncode(nil, small), nil
		case Base6432:
			return Base64.encode(nil, small), nil
		case Whpk:
			return Base64.encode([]byte("whpk_"), small), nil
		default:
		}
	}
	if s.CertName != "" || s.Code == SNS {
		return s.newCertificate(private, now)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if s.Key == SPKI {
		return Base64.encode(nil, der), err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

func (s *Scheme) newCertificate(private crypto.Signer, now time.Time) ([]byte, error) {
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
