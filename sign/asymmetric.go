package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
)

// Bounds on RSA keys in bits: below the first the standard library refuses to work with them, above the second the work
// of one check has no bound.
const (
	minRSA = 1024
	maxRSA = 8192
)

// parseAsymmetric reads a public or private key in PEM, in the scheme's own form, or as a JSON Web Key Set; no keys when
// there is none the scheme can use. Of a private key it knows the public one too, so that one secret serves both ends of
// a test.
func (s *Scheme) parseAsymmetric(text string) []key {
	if isKeySet([]byte(text)) {
		return slices.DeleteFunc(parseKeySet([]byte(text)), func(k key) bool { return !s.fits(&k) })
	}
	var k key
	ok := false
	switch {
	case strings.Contains(text, "-----BEGIN "):
		k, ok = parsePEM(text)
	case s.Key == Hex32:
		b, err := hex.DecodeString(text)
		k, ok = parseEd25519(b)
		ok = ok && err == nil
	case s.Key == Base6432, s.Key == Whpk:
		text = strings.TrimPrefix(strings.TrimPrefix(text, "whpk_"), "whsk_")
		b, err := base64.StdEncoding.DecodeString(text)
		k, ok = parseEd25519(b)
		ok = ok && err == nil
	case s.Key == SPKI:
		der, err := base64.StdEncoding.DecodeString(text)
		k, ok = parseDER(der)
		ok = ok && err == nil
	}
	if !ok || !s.fits(&k) {
		return nil
	}
	return []key{k}
}

// parseEd25519 takes 32 bytes for a public key when verifying and for a seed when signing: nothing tells them apart. A
// seed with its public key behind it is clear.
func parseEd25519(b []byte) (key, bool) {
	switch len(b) {
	case ed25519.SeedSize:
		return key{public: ed25519.PublicKey(b), private: ed25519.NewKeyFromSeed(b)}, true
	case ed25519.PrivateKeySize:
		private := ed25519.NewKeyFromSeed(b[:ed25519.SeedSize])
		return key{public: private.Public(), private: private}, private.Equal(ed25519.PrivateKey(b))
	}
	return key{}, false
}

// parsePEM takes the first block that is a key or certificate; openssl puts the curve's parameters before a key, and lines of
// text before the block, as "Bag Attributes" (RFC 7468, section 2). Files that were joined may each begin with a mark.
func parsePEM(text string) (key, bool) {
	for rest := []byte(strings.ReplaceAll(text, byteOrderMark, "")); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return key{}, false
		}
		parse := parseDER
		if block.Type == "CERTIFICATE" {
			parse = parseCertificate
		}
		if k, ok := parse(block.Bytes); ok {
			return k, true
		}
	}
}

func parseCertificate(der []byte) (key, bool) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return key{}, false
	}
	return key{public: cert.PublicKey, owner: cert.Subject.CommonName, notBefore: cert.NotBefore, notAfter: cert.NotAfter}, true
}

// parseDER tries each form a lone key comes in; they exclude one another.
func parseDER(der []byte) (key, bool) {
	if public, err := x509.ParsePKIXPublicKey(der); err == nil {
		return key{public: public}, true
	}
	if public, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key{public: public}, true
	}
	var parsed any
	var err error
	if parsed, err = x509.ParsePKCS8PrivateKey(der); err != nil {
		if parsed, err = x509.ParseECPrivateKey(der); err != nil {
			if parsed, err = x509.ParsePKCS1PrivateKey(der); err != nil {
				return key{}, false
			}
		}
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return key{}, false
	}
	return key{public: private.Public(), private: private}, true
}

// fits reports whether a key is of the scheme's kind and, when it came in a certificate, whether that is the provider's.
func (s *Scheme) fits(k *key) bool {
	if !k.notAfter.IsZero() && !strings.HasSuffix(k.owner, s.CertName) {
		return false
	}
	kind := func(a Auth) bool { return s.Auth == a || s.Code == RFC9421 && !s.NamedAlgorithm }
	switch public := k.public.(type) {
	case ed25519.PublicKey:
		return kind(Ed25519)
	case *ecdsa.PublicKey:
		return kind(ECDSA) && public.Curve == elliptic.P256()
	case *rsa.PublicKey:
		return kind(RSA) && minRSA <= public.N.BitLen() && public.N.BitLen() <= maxRSA
	}
	return false
}
