// Package keytext reads the keys that a text holds. It distinguishes a public key from a secret that only two ends
// know, however the text is quoted, escaped or encoded. It knows no scheme.
package keytext

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/binary"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Kind is the use of a secret according to its text. The key decides the kind, never the message: an attacker who
// knows a public key could otherwise compute an HMAC with its text.
type Kind string

// The kinds of keys.
const (
	// Shared is a text that only sender and receiver know, for HMAC, digests and tokens.
	Shared Kind = "shared"
	// Asymmetric is a public key, a private key or a certificate, for Ed25519, ECDSA and RSA only.
	Asymmetric Kind = "asymmetric"
	// Unknown is hex or base64 of 32 bytes without a prefix, or of other bytes that may be a public key: an Ed25519
	// public key and a shared secret look alike.
	Unknown Kind = "unknown"
)

const (
	byteOrderMark  = "\ufeff"
	ambiguousSize  = 32 // size of an Ed25519 public key (RFC 8032, section 5.1.5)
	multicodecSize = 34 // size of the same with its multicodec number, as in did:key
	minisignSize   = 42 // size of a minisign key: two letters, a number of eight bytes, an Ed25519 public key
	maxBehindDER   = 8  // bytes that may follow a key in DER: a line end, a NUL
)

// MaxKey is the longest key or secret, in bytes as given. It is far above any real key and keeps a wrong file from
// being read.
const MaxKey = 16 << 10

// KindOf returns the kind of a secret in any usual spelling: quoted, escaped, encoded, or in the middle of a line.
// A secret that takes too much work is Unknown.
func KindOf(secret []byte) Kind {
	k := keySearch{kind: Shared}
	k.first(secret)
	return k.kind
}

// Trim returns a key without surrounding white space and without the byte order mark of some editors.
func Trim(key []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(key), []byte(byteOrderMark)))
}

// keyMarks occur in the text of keys, here in lower case and without blanks: PEM (RFC 7468), SSH (RFC 4716),
// OpenPGP, PuTTY, minisign, the output of "openssl -text", and .NET's XML of an RSA key. A PEM block may have lost
// its first line or its dashes.
var keyMarks = [...]string{
	"----begin", "beginpublickey", "beginprivatekey", "beginrsap", "beginecp", "beginopensshp", "begincertificate",
	"----end", "endpublickey", "endprivatekey", "endrsap", "endecp", "endopensshp", "endcertificate",
	"<rsakeyvalue>", "public-key:(", "private-key:(", "putty-user-key-file-", "untrustedcomment:",
}

// isArmoured reports whether lower contains one of the marks. A form writes a blank as "+".
func isArmoured(lower string) bool {
	plain := strings.Map(func(r rune) rune {
		if r <= ' ' || r == '+' || r == '_' {
			return -1
		}
		return r
	}, lower)
	return slices.ContainsFunc(keyMarks[:], func(mark string) bool { return strings.Contains(plain, mark) })
}

// webKeyName matches the name of a JSON Web Key's type (RFC 7517) or of the list in a set, quoted in any way.
var webKeyName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(^|[^a-z0-9])(kty["']?\s*[:=]|["']keys["']\s*:)`)
})

// isWebKey reports whether lower contains a JSON Web Key, alone, in a set or in a list. It may be malformed: a
// truncated or commented file is not a shared secret either.
func isWebKey(lower string) bool {
	return (strings.Contains(lower, "kty") || strings.Contains(lower, "keys")) && webKeyName().MatchString(lower)
}

// sshNames are the beginnings of OpenSSH's key algorithm names.
var sshNames = [...]string{"ssh-ed25519", "ssh-rsa", "ssh-dss", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"}

// isSSHLine reports whether lower has the name of a key algorithm followed by a key, as lines of authorized_keys (with
// options before it) and known_hosts (with a host before it) do. A key's base64 begins with the length of a name, AAAA.
func isSSHLine(lower string) bool {
	for _, name := range sshNames {
		if !strings.Contains(lower, name) {
			continue
		}
		words := strings.FieldsFunc(lower, func(r rune) bool { return r <= ' ' || r == '+' }) // a form writes a blank as "+"
		for i, word := range words {
			if strings.HasPrefix(word, name) && (i == 0 || i+1 < len(words) && strings.HasPrefix(words[i+1], "aaaa")) {
				return len(words) > 1
			}
		}
	}
	return false
}

// keyPrefixes are the beginnings of keys: of Standard Webhooks v1a, of the did:key method, and labels of some tools.
var keyPrefixes = [...]string{"whpk_", "whsk_", "v1a,whpk_", "v1a,whsk_", "did:key:", "ed25519:", "ed25519/",
	"openssh-key-v1"}

// secretPrefixes are the beginnings of secrets that providers issue to one receiver. No base64url text begins with
// them by chance.
var secretPrefixes = [...]string{"v1,whsec_", "whsec_", "lin_wh_", "glsec_", "shpss_", "polar_whs_", "sk_live_",
	"sk_test_", "rk_live_", "rk_test_"}

func hasAnyPrefix(text string, prefixes []string) bool {
	_, ok := cutAnyPrefix(text, prefixes)
	return ok
}

func cutAnyPrefix(text string, prefixes []string) (rest string, ok bool) {
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return rest, true
		}
	}
	return text, false
}

// isKeyText reports whether text is marked as a key.
func isKeyText(text string) bool {
	if hasAnyPrefix(strings.ToLower(text[:min(len(text), 16)]), keyPrefixes[:]) {
		return true
	}
	if isPlain([]byte(text)) && !strings.Contains(text, "--") {
		return false // the other marks have blanks, dashes or quotes
	}
	lower := strings.ToLower(text)
	isURL := strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") // of a key set, not secret
	return isURL || isArmoured(lower) || isWebKey(lower) || isSSHLine(lower)
}

// isKeyBytes reports whether b is a key in binary: DER, an SSH key, a point of a NIST curve (SEC 1, section 2.3.3)
// with or without its first byte, or an Ed25519 seed followed by its public key.
func isKeyBytes(b []byte) bool {
	if isSSHKey(b) || isDERKey(b) || isPoint(b) {
		return true
	}
	if len(b) == 2*ambiguousSize {
		_, ok := Ed25519(b)
		return ok || isPoint(append([]byte{4}, b...))
	}
	return false
}

// mayBeKey reports whether b has the length of a public key that cannot be distinguished from random bytes.
func mayBeKey(b []byte) bool {
	switch len(b) {
	case ambiguousSize:
		return true
	case multicodecSize:
		return b[0] == 0xed && b[1] == 1
	case minisignSize:
		return b[0] == 'E' && (b[1] == 'd' || b[1] == 'D')
	}
	return isCompressedPoint(b)
}

// nistCurves returns the curves with points of over 32 bytes (FIPS 186-5). To make them takes a while: not at start.
func nistCurves() [4]elliptic.Curve {
	return [...]elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()}
}

func isPoint(b []byte) bool {
	if len(b) == 0 || b[0] != 4 {
		return false
	}
	for _, curve := range nistCurves() {
		if len(b) == 1+2*((curve.Params().BitSize+7)/8) {
			_, err := ecdsa.ParseUncompressedPublicKey(curve, b)
			return err == nil
		}
	}
	return false
}

// isCompressedPoint reports whether b is a compressed point. So is one in 256 random byte strings of that length.
func isCompressedPoint(b []byte) bool {
	if len(b) < ambiguousSize || b[0] != 2 && b[0] != 3 {
		return false
	}
	for _, curve := range nistCurves() {
		if len(b) == 1+(curve.Params().BitSize+7)/8 {
			x, _ := elliptic.UnmarshalCompressed(curve, b)
			return x != nil
		}
	}
	return false
}

// isSSHKey reports whether b begins with the length and the name of a key algorithm (RFC 4253, section 6.6).
func isSSHKey(b []byte) bool {
	if bytes.HasPrefix(b, []byte("openssh-key-v1\x00")) {
		return true
	}
	if len(b) < 4 {
		return false
	}
	n := binary.BigEndian.Uint32(b)
	return n < 64 && len(b) > int(n)+4 && hasAnyPrefix(string(b[4:4+n]), sshNames[:])
}

// keyAlgorithms are the DER of the object identifiers of RSA (RFC 8017, appendix C), of elliptic curves (RFC 5480,
// section 2.1.1), and the beginning of those of Ed25519 and its relatives (RFC 8410, section 3).
var keyAlgorithms = [...]string{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01", "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
	"\x06\x03\x2b\x65"}

// isDERKey reports whether b is a SEQUENCE with the structure of a key or certificate. If it names a key algorithm
// near its beginning, it may be truncated or followed by anything. If not, it must begin with a SEQUENCE (SPKI,
// X.509) or an INTEGER (PKCS #1, PKCS #8, SEC 1) and consist of whole elements, so unsupported curves and
// algorithms are found as well. Random bytes pass once in a hundred million times.
func isDERKey(b []byte) bool {
	if len(b) < ambiguousSize || b[0] != 0x30 {
		return false
	}
	for _, algorithm := range keyAlgorithms {
		if bytes.Contains(b[:min(len(b), 32)], []byte(algorithm)) {
			return true
		}
	}
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(b, &outer)
	if err != nil || len(rest) > maxBehindDER || !isSequence(&outer) {
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
