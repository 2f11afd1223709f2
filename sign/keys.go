package sign

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
)

// Bounds on keys. The first is far above any key in use; it keeps a wrong file from being parsed.
const (
	maxKey    = 16 << 10 // bytes of a secret as given
	weakBelow = 16       // bytes of a decoded symmetric key
)

// key is a secret ready for use.
type key struct {
	bytes   []byte           // of HMAC, Digest, Token
	public  crypto.PublicKey // of the asymmetric kinds
	private crypto.Signer    // nil when only the public key is known
	// When the key came in a certificate, the time it is good for; zero otherwise.
	notBefore, notAfter time.Time
}

// CheckSecret says what is wrong with a secret before anything is signed or verified with it: *Error with EmptySecret or
// WrongKeyForm. The text says which form is expected, with an example, and holds nothing of the secret.
func (s Scheme) CheckSecret(secret Secret, signing bool) error {
	_, err := s.parseKey(secret, signing)
	return err
}

// WeakSecret reports whether a good secret is short enough to be guessed: under 16 bytes once decoded.
func (s Scheme) WeakSecret(secret Secret) bool {
	k, err := s.parseKey(secret, false)
	return err == nil && k.public == nil && len(k.bytes) < weakBelow
}

// parseKeys parses every secret; none at all is an empty secret.
func (s *Scheme) parseKeys(secrets []Secret, signing bool) ([]key, error) {
	if len(secrets) == 0 {
		return nil, refuse(EmptySecret, "no secret given")
	}
	keys := make([]key, len(secrets))
	for i, secret := range secrets {
		var err error
		if keys[i], err = s.parseKey(secret, signing); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (s *Scheme) parseKey(secret Secret, signing bool) (key, error) {
	var k key
	if len(bytes.TrimSpace(secret.Key)) == 0 {
		return k, refuse(EmptySecret, secret.label()+" is empty")
	}
	ok := len(secret.Key) <= maxKey
	if ok && s.symmetric() {
		k.bytes, ok = s.Key.decode(secret.Key)
	} else if ok {
		k, ok = s.parseAsymmetric(string(bytes.TrimSpace(secret.Key)))
		ok = ok && (!signing || k.private != nil)
	}
	switch {
	case !ok, s.Auth == Token && !isToken(k.bytes):
		return key{}, refuse(WrongKeyForm, secret.label()+" is not "+s.SecretForm(signing))
	case s.symmetric() && len(k.bytes) == 0:
		return key{}, refuse(EmptySecret, secret.label()+" decodes to no bytes at all")
	}
	return k, nil
}

func (s *Scheme) symmetric() bool { return s.Auth == HMAC || s.Auth == Digest || s.Auth == Token }

// isToken reports whether a token can travel in a header, and be told from the white space around it.
func isToken(b []byte) bool { return checkValue(WrongKeyForm, "", string(b)) == nil }

// decode turns a symmetric secret into the bytes of the key.
func (f KeyForm) decode(text []byte) ([]byte, bool) {
	switch f {
	case Whsec:
		return decodeKey64(bytes.TrimPrefix(text, []byte("whsec_")))
	case WhsecOrRaw:
		if after, ok := bytes.CutPrefix(text, []byte("whsec_")); ok {
			return decodeKey64(after)
		}
	case Base64Key:
		return decodeKey64(text)
	case HexKey:
		b, err := hex.DecodeString(string(text))
		return b, err == nil
	default: // Raw
	}
	return text, true
}

// decodeKey64 reads standard base64 with or without padding.
func decodeKey64(text []byte) ([]byte, bool) {
	b, err := decodeBase64(base64.RawStdEncoding, strings.TrimRight(string(text), "="))
	return b, err == nil
}

// SecretForm describes the form a secret must have, with an example: for signing, or for verifying.
func (s Scheme) SecretForm(signing bool) string {
	switch s.Key {
	case Whsec:
		return "whsec_ and base64 behind it, as in whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	case WhsecOrRaw:
		return "text as it was issued, or whsec_ and base64 behind it, as in whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	case Base64Key:
		return "base64, as in MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	case HexKey:
		return "hex, as in 31f290f6bf06298aab4f08d43c3f082c"
	case Hex32, Base6432, SPKI, PEM:
		return s.asymmetricForm(signing)
	default: // Raw
	}
	if s.Auth == Token {
		return "a token that fits into a header, as in glpat-W4sBxh2fQkzE7yLm"
	}
	return "text as it was issued, as in 8f742231b10e8888abcd99yyyzzz85a5"
}

func (s *Scheme) asymmetricForm(signing bool) string {
	code := "hex"
	if s.Key == Base6432 {
		code = "base64"
	}
	small := s.Key == Hex32 || s.Key == Base6432
	switch {
	case small && signing:
		return "the " + code + " of a 32-byte Ed25519 seed, or a PKCS #8 private key in PEM (-----BEGIN PRIVATE KEY-----)"
	case small:
		return "the " + code + " of a 32-byte Ed25519 public key, or a public key in PEM (-----BEGIN PUBLIC KEY-----)"
	case signing && s.Auth == ECDSA:
		return "a P-256 private key in PEM (-----BEGIN EC PRIVATE KEY----- or -----BEGIN PRIVATE KEY-----)"
	case signing:
		return "an RSA private key in PEM (-----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----)"
	case s.Key == SPKI:
		return "a P-256 public key as base64 (MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…) or PEM (-----BEGIN PUBLIC KEY-----)"
	}
	return "a certificate or public key in PEM (-----BEGIN CERTIFICATE----- or -----BEGIN PUBLIC KEY-----)"
}
