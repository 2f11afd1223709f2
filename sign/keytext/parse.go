package keytext

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"
)

// Key is an asymmetric key.
type Key struct {
	Public  crypto.PublicKey
	Private crypto.Signer // nil when only the public key is known
	Owner   string        // common name of a certificate
	// The validity of a certificate; zero without one.
	NotBefore, NotAfter time.Time
}

// Ed25519 reads 32 bytes as a public key and as a seed, because they look alike. A seed followed by its public key
// is unambiguous.
func Ed25519(b []byte) (Key, bool) {
	switch len(b) {
	case ed25519.SeedSize:
		return Key{Public: ed25519.PublicKey(b), Private: ed25519.NewKeyFromSeed(b)}, true
	case ed25519.PrivateKeySize:
		private := ed25519.NewKeyFromSeed(b[:ed25519.SeedSize])
		return Key{Public: private.Public(), Private: private}, private.Equal(ed25519.PrivateKey(b))
	}
	return Key{}, false
}

// PEM returns the first key or certificate of a text. openssl writes the curve's parameters before a key, and lines
// such as "Bag Attributes" before the block (RFC 7468, section 2). Each of several joined files may begin with a
// byte order mark.
func PEM(text string) (Key, bool) {
	for rest := []byte(strings.ReplaceAll(text, byteOrderMark, "")); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return Key{}, false
		}
		parse := DER
		if block.Type == "CERTIFICATE" {
			parse = parseCertificate
		}
		if k, ok := parse(block.Bytes); ok {
			return k, true
		}
	}
}

func parseCertificate(der []byte) (Key, bool) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Key{}, false
	}
	return Key{Public: cert.PublicKey, Owner: cert.Subject.CommonName, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter},
		true
}

// DER returns the key in any DER form of a single key; a text matches at most one form.
func DER(der []byte) (Key, bool) {
	if public, err := x509.ParsePKIXPublicKey(der); err == nil {
		return Key{Public: public}, true
	}
	if public, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return Key{Public: public}, true
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		parsed, err = x509.ParseECPrivateKey(der)
	}
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(der)
	}
	private, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return Key{}, false
	}
	return Key{Public: private.Public(), Private: private}, true
}
