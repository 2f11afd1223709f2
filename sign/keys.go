package sign

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign/keytext"
)

// weakBelow is the length in bytes below which a decoded symmetric key is weak.
const weakBelow = 16

// key is a secret ready for use.
type key struct {
	keytext.Key        // for asymmetric kinds; Owner is also set for a KeyPair, to its public half
	bytes       []byte // for HMAC, Digest, Token
	secret      int    // index of its secret; a key set holds several keys
	macs        *macs  // nil: each message makes its own
}

// CheckSecret checks a secret before it signs or verifies anything. The error is an *Error with EmptySecret or
// WrongKeyForm; its text gives the expected form with an example and holds nothing of the secret.
func (s Scheme) CheckSecret(secret Secret, signing bool) error {
	_, err := s.parseSecret(secret, signing)
	return err
}

// WeakSecret reports whether a valid secret can be guessed: under 16 bytes once decoded.
func (s Scheme) WeakSecret(secret Secret) bool {
	keys, err := s.parseSecret(secret, false)
	return err == nil && keys[0].Public == nil && len(keys[0].bytes) < weakBelow
}

// parseKeys parses every secret; no secret at all counts as an empty one.
func (s *Scheme) parseKeys(secrets []Secret, signing bool) ([]key, error) {
	if len(secrets) == 0 {
		return nil, refuse(EmptySecret, "no secret given")
	}
	all := make([]key, 0, len(secrets))
	for i, secret := range secrets {
		keys, err := s.parseSecret(secret, signing)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			k.secret = i
			all = append(all, k)
		}
	}
	return all, nil
}

// parseSecret returns the keys of one secret: a single key, or all usable keys of a JSON Web Key Set.
func (s *Scheme) parseSecret(secret Secret, signing bool) ([]key, error) {
	text := keytext.Trim(secret.Key)
	if len(text) == 0 {
		return nil, refuse(EmptySecret, secret.Label()+" is empty")
	}
	wrong := refuse(WrongKeyForm, secret.Label()+" is not "+s.SecretForm(signing))
	limit := keytext.MaxKey
	if keytext.IsSet(text) {
		limit = keytext.MaxSet
	}
	if len(secret.Key) > limit {
		return nil, wrong
	}
	asymmetric, err := s.isAsymmetric(secret, signing)
	if err != nil {
		return nil, err
	}
	if !asymmetric {
		k, ok := s.parseSymmetric(secret.Key)
		switch {
		case !ok:
			return nil, wrong
		case len(k.bytes) == 0:
			return nil, refuse(EmptySecret, secret.Label()+" is empty after decoding")
		}
		return s.withOther(k, secret.Key, signing), nil
	}
	keys := s.parseAsymmetric(string(text))
	keys = slices.DeleteFunc(keys, func(k key) bool { return signing && k.Private == nil })
	if len(keys) == 0 {
		return nil, wrong
	}
	return keys, nil
}

// isAsymmetric reports whether a secret must be an asymmetric key. Only HTTP message signatures take both kinds, so
// the key must show its kind or param alg must name it.
func (s *Scheme) isAsymmetric(secret Secret, signing bool) (bool, error) {
	if !s.symmetric() {
		return true, nil
	}
	either := s.Code == RFC9421 && !s.NamedAlgorithm
	switch kind := secret.Kind(); {
	case kind == keytext.Asymmetric && !either:
		return false, refuse(WrongKeyForm, secret.Label()+" is a public or private key or a certificate; "+s.Name+
			" needs a secret that only sender and receiver know: "+s.SecretForm(signing))
	case kind == keytext.Unknown && either:
		return false, refuse(WrongKeyForm, secret.Label()+" may be a shared secret or a public key, and "+s.Name+
			" takes both: --param alg=hmac-sha256 or --param alg=ed25519 says which")
	default:
		return kind == keytext.Asymmetric, nil
	}
}

// withOther returns the key of a symmetric secret. To verify with WhsecAndRaw, it returns both possible keys.
func (s *Scheme) withOther(k key, text []byte, signing bool) []key {
	if s.Key != WhsecAndRaw || signing {
		return []key{k}
	}
	keys := []key{{bytes: text}}
	if decoded, ok := Whsec.decode(text); ok && len(decoded) > 0 {
		keys = append(keys, key{bytes: decoded})
	}
	return keys
}

func (s *Scheme) parseSymmetric(text []byte) (k key, ok bool) {
	if s.Key == KeyPair {
		public, private, found := bytes.Cut(text, []byte(":"))
		sum := sha1.Sum(private)
		return key{bytes: sum[:], Key: keytext.Key{Owner: string(public)}}, found && len(public) > 0 && len(private) > 0
	}
	k.bytes, ok = s.Key.decode(text)
	if s.Auth == Token { // it must travel in a header without losing white space at its ends
		ok = ok && CheckValue(WrongKeyForm, "", string(k.bytes)) == nil &&
			(s.Enc != Base64 || bytes.IndexByte(k.bytes, ':') > 0)
	}
	return k, ok
}

func (s *Scheme) symmetric() bool { return s.Auth == HMAC || s.Auth == Digest || s.Auth == Token }

// decode returns the key bytes of a symmetric secret.
func (f KeyForm) decode(text []byte) ([]byte, bool) {
	switch f {
	case Whsec:
		return decodeKey64(bytes.TrimPrefix(bytes.TrimPrefix(text, []byte("v1,")), []byte("whsec_")))
	case WhsecOrRaw:
		if after, ok := bytes.CutPrefix(text, []byte("whsec_")); ok {
			return decodeKey64(after)
		}
	case WhsecAndRaw:
		if decoded, ok := Whsec.decode(text); ok && len(decoded) > 0 && bytes.HasPrefix(text, []byte("whsec_")) {
			return decoded, true
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

// decodeKey64 decodes standard base64 with or without padding.
func decodeKey64(text []byte) ([]byte, bool) {
	b, err := decodeBase64(base64.RawStdEncoding, strings.TrimRight(string(text), "="))
	return b, err == nil
}

// SecretForm describes the form of a secret for signing or for verifying, with an example.
func (s Scheme) SecretForm(signing bool) string {
	switch s.Key {
	case Whsec:
		return "whsec_ and base64 behind it, as in whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	case WhsecOrRaw, WhsecAndRaw:
		return "text as it was issued, or whsec_ and base64 behind it, as in whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	case Base64Key:
		if s.Code == RFC9421 {
			form := "base64 of a key both sides know, as in MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, or "
			if signing {
				return form + "a private key in PEM (-----BEGIN PRIVATE KEY-----)"
			}
			return form + "a public key in PEM (-----BEGIN PUBLIC KEY-----)"
		}
		return "base64, as in MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	case HexKey:
		return "hex, as in 31f290f6bf06298aab4f08d43c3f082c"
	case KeyPair:
		return "the public and the private key with a colon between them, as in 8kwvpq6hx5n2:f3c1f4b0a5d7e9"
	case Hex32, Base6432, Whpk, SPKI, PEM:
		return s.asymmetricForm(signing)
	default: // Raw
	}
	if s.Auth == Token && s.Enc == Base64 {
		return "a user and a password with a colon between them, as in hooks:W4sBxh2fQkzE7yLm"
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
	case s.Key == Whpk && signing:
		return "whsk_ and the base64 of an Ed25519 seed behind it, " +
			"or a PKCS #8 private key in PEM (-----BEGIN PRIVATE KEY-----)"
	case s.Key == Whpk:
		return "whpk_ and the base64 of an Ed25519 public key behind it, or a public key in PEM (-----BEGIN PUBLIC KEY-----)"
	case s.Auth == Ed25519 && !small && signing:
		return "an Ed25519 private key in PEM (-----BEGIN PRIVATE KEY-----)"
	case s.Auth == Ed25519 && !small:
		return "an Ed25519 public key in PEM (-----BEGIN PUBLIC KEY-----), or a JSON Web Key Set"
	case s.JWT != nil && !signing:
		return "a public key in PEM (-----BEGIN PUBLIC KEY-----), or the provider's JSON Web Key Set as it was fetched"
	case small && signing:
		return "the " + code + " of a 32-byte Ed25519 seed, or a PKCS #8 private key in PEM (-----BEGIN PRIVATE KEY-----)"
	case small:
		return "the " + code +
			" of a 32-byte Ed25519 public key, a public key in PEM (-----BEGIN PUBLIC KEY-----), or a JSON Web Key Set"
	case signing && s.Auth == ECDSA:
		return "a P-256 private key in PEM (-----BEGIN EC PRIVATE KEY----- or -----BEGIN PRIVATE KEY-----)"
	case signing:
		return "an RSA private key in PEM (-----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----)"
	case s.Key == SPKI:
		return "a P-256 public key as base64 (MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…) or PEM (-----BEGIN PUBLIC KEY-----)"
	}
	if s.CertName != "" {
		return "a certificate of *" + s.CertName +
			" or a public key in PEM (-----BEGIN CERTIFICATE----- or -----BEGIN PUBLIC KEY-----)"
	}
	return "a certificate or public key in PEM (-----BEGIN CERTIFICATE----- or -----BEGIN PUBLIC KEY-----)"
}
