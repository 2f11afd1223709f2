package sign

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/barbhq/barb/sign/keytext"
)

// Bounds on RSA keys in bits: the standard library refuses smaller ones, and larger ones make a check too slow.
const (
	minRSA = 1024
	maxRSA = 8192
)

// parseAsymmetric reads keys in PEM, in the scheme's own form, or as a JSON Web Key Set; none when there is none for
// the scheme. A private key stands for its public one too, so that one secret serves both ends of a test.
func (s *Scheme) parseAsymmetric(text string) []key {
	if keytext.IsSet([]byte(text)) {
		var keys []key
		for _, k := range keytext.Set([]byte(text)) {
			if s.fits(&k) {
				keys = append(keys, key{Key: k})
			}
		}
		return keys
	}
	var k keytext.Key
	ok := false
	switch {
	case strings.Contains(text, "-----BEGIN "):
		k, ok = keytext.PEM(text)
	case s.Key == Hex32:
		b, err := hex.DecodeString(text)
		k, ok = keytext.Ed25519(b)
		ok = ok && err == nil
	case s.Key == Base6432, s.Key == Whpk:
		text = strings.TrimPrefix(strings.TrimPrefix(text, "whpk_"), "whsk_")
		b, err := base64.StdEncoding.DecodeString(text)
		k, ok = keytext.Ed25519(b)
		ok = ok && err == nil
	case s.Key == SPKI:
		der, err := base64.StdEncoding.DecodeString(text)
		k, ok = keytext.DER(der)
		ok = ok && err == nil
	}
	if !ok || !s.fits(&k) {
		return nil
	}
	return []key{{Key: k}}
}

// fits reports whether a key is of the scheme's kind and whether its certificate, if it has one, is the provider's.
func (s *Scheme) fits(k *keytext.Key) bool {
	if !k.NotAfter.IsZero() && !strings.HasSuffix(k.Owner, s.CertName) {
		return false
	}
	kind := func(a Auth) bool { return s.Auth == a || s.Code == RFC9421 && !s.NamedAlgorithm }
	switch public := k.Public.(type) {
	case ed25519.PublicKey:
		return kind(Ed25519)
	case *ecdsa.PublicKey:
		return kind(ECDSA) && public.Curve == elliptic.P256()
	case *rsa.PublicKey:
		return kind(RSA) && minRSA <= public.N.BitLen() && public.N.BitLen() <= maxRSA
	}
	return false
}
