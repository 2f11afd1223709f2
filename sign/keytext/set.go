package keytext

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
)

// Limits on a key set: Google's and Plaid's hold a handful of keys.
const (
	MaxSet     = 256 << 10 // bytes
	maxSetKeys = 64
)

const p256Half = 32 // bytes of a coordinate of P-256

// webKey is one JSON Web Key (RFC 7517; for Ed25519 RFC 8037). Private parts are not read: providers publish public
// keys.
type webKey struct {
	Kty, Use, Crv, X, Y, N, E string
}

// IsSet reports whether a secret looks like a JSON Web Key or a set of them.
func IsSet(text []byte) bool {
	return bytes.HasPrefix(text, []byte("{")) && bytes.Contains(text, []byte(`"kty"`))
}

// Set returns the supported signature keys of a set or of a single JSON Web Key.
func Set(text []byte) []Key {
	var set struct {
		Keys []webKey
		webKey
	}
	if json.Unmarshal(text, &set) != nil || len(set.Keys) > maxSetKeys {
		return nil
	}
	if len(set.Keys) == 0 {
		set.Keys = []webKey{set.webKey}
	}
	var keys []Key
	for _, w := range set.Keys {
		if public := w.public(); public != nil && (w.Use == "" || w.Use == "sig") {
			keys = append(keys, Key{Public: public})
		}
	}
	return keys
}

// public returns the key, nil when it is of another kind or malformed.
func (w webKey) public() crypto.PublicKey {
	part := func(text string) []byte {
		if strings.ContainsAny(text, "\r\n") { // the standard library ignores these
			return nil
		}
		b, _ := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
		return b
	}
	switch {
	case w.Kty == "OKP" && w.Crv == "Ed25519":
		if x := part(w.X); len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x)
		}
	case w.Kty == "EC" && w.Crv == "P-256":
		x, y := part(w.X), part(w.Y)
		if len(x) != p256Half || len(y) != p256Half {
			return nil
		}
		point := append(append([]byte{4}, x...), y...)
		if public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point); err == nil {
			return public
		}
	case w.Kty == "RSA":
		n, e := part(w.N), new(big.Int).SetBytes(part(w.E))
		if len(n) > 0 && e.IsInt64() && 2 < e.Int64() && e.Int64() < 1<<31 {
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(e.Int64())}
		}
	}
	return nil
}
