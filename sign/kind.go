package sign

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// KeyKind says what a secret may prove, by how it is written. The key decides that and never the message: whoever has read a
// public key can compute an HMAC with its text.
type KeyKind string

// The kinds of keys.
const (
	// SharedKey is text that only sender and receiver know, for HMAC, Digest and Token.
	SharedKey KeyKind = "shared"
	// AsymmetricKey is a public or private key or a certificate, for Ed25519, ECDSA and RSA only.
	AsymmetricKey KeyKind = "asymmetric"
	// UnknownKey is hex or base64 of 32 bytes with no prefix: an Ed25519 public key and a shared secret look alike.
	UnknownKey KeyKind = "unknown"
)

const (
	byteOrderMark = "\ufeff"
	ambiguousSize = 32 // bytes of an Ed25519 public key (RFC 8032, section 5.1.5)
	pointSize     = 65 // bytes of an uncompressed P-256 point (SEC 1, section 2.3.3)
)

// Kind returns what the secret may prove.
func (s Secret) Kind() KeyKind {
	text := withoutMark(s.Key)
	switch {
	case isArmoured(text), isWebKey(text), hasKeyPrefix(text), isKeyBytes(text):
		return AsymmetricKey
	}
	kind := SharedKey
	for _, b := range decodings(text) {
		switch {
		case isKeyBytes(b):
			return AsymmetricKey
		case len(b) == ambiguousSize:
			kind = UnknownKey
		}
	}
	return kind
}

// withoutMark is a key without the white space around it and the byte order mark that an editor put in front.
func withoutMark(key []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(key), []byte(byteOrderMark)))
}

// isArmoured reports whether text holds a block of PEM (RFC 7468), of SSH (RFC 4716) or of OpenPGP, whatever its label and
// whatever attributes stand before it, or the XML that .NET writes for an RSA key.
func isArmoured(text []byte) bool {
	for _, mark := range []string{"-----BEGIN ", "---- BEGIN ", "<RSAKeyValue>"} {
		if bytes.Contains(text, []byte(mark)) {
			return true
		}
	}
	return false
}

// isWebKey reports whether text is JSON with a key in it (RFC 7517), alone, in a set or in a list. It need not be well
// formed: a file that was cut is no shared secret either.
func isWebKey(text []byte) bool {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return false
	}
	lower := bytes.ToLower(text)
	return bytes.Contains(lower, []byte(`"kty"`)) || bytes.Contains(lower, []byte(`"keys"`))
}

// hasKeyPrefix reports whether text begins as the keys of Standard Webhooks v1a and of OpenSSH do.
func hasKeyPrefix(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte("v1a,"))
	for _, prefix := range []string{"whpk_", "whsk_", "ssh-ed25519 ", "ssh-rsa ", "ssh-dss ", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if bytes.HasPrefix(text, []byte(prefix)) {
			return true
		}
	}
	return false
}

// decodings are the bytes that text may be hex or base64 of. White space between is passed over, as in a PEM block that has
// lost its first and last line.
func decodings(text []byte) [][]byte {
	plain := strings.Join(strings.Fields(string(text)), "")
	if b, err := hex.DecodeString(plain); err == nil {
		return [][]byte{b} // an even number of hex digits may be base64 as well, but is never meant so
	}
	plain = strings.TrimRight(plain, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := encoding.DecodeString(plain); err == nil {
			return [][]byte{b}
		}
	}
	return nil
}

// isKeyBytes reports whether b is a key as it travels without armour: DER, an SSH key, a P-256 point, or an Ed25519 seed
// with its public key behind it.
func isKeyBytes(b []byte) bool {
	if isSSHKey(b) || isDERKey(b) {
		return true
	}
	if len(b) == pointSize && b[0] == 4 {
		_, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), b)
		return err == nil
	}
	if len(b) == 2*ambiguousSize {
		_, ok := parseEd25519(b)
		return ok
	}
	return false
}

// isSSHKey reports whether b begins with the length and the name of a key algorithm (RFC 4253, section 6.6).
func isSSHKey(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	n := binary.BigEndian.Uint32(b)
	return n < 64 && len(b) > int(n)+4 && (bytes.HasPrefix(b[4:], []byte("ssh-")) || bytes.HasPrefix(b[4:], []byte("ecdsa-sha2-")))
}

// isDERKey reports whether b is a SEQUENCE that holds what keys and certificates do: it begins with a SEQUENCE (SPKI, X.509)
// or an INTEGER (PKCS #1, PKCS #8, SEC 1), is made of whole elements, and nothing follows. Curves and algorithms that this
// program cannot use are found as well. Random bytes are that once in a thousand million times.
func isDERKey(b []byte) bool {
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(b, &outer)
	if err != nil || len(rest) > 0 || !isSequence(&outer) || len(b) < ambiguousSize {
		return false
	}
	elements := 0
	for rest = outer.Bytes; len(rest) > 0; elements++ {
		var inner asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &inner); err != nil {
			return false
		}
		if elements == 0 && !isSequence(&inner) && (inner.Class != asn1.ClassUniversal || inner.Tag != asn1.TagInteger) {
			return false
		}
	}
	return elements > 1
}

func isSequence(v *asn1.RawValue) bool {
	return v.Class == asn1.ClassUniversal && v.Tag == asn1.TagSequence && v.IsCompound
}
