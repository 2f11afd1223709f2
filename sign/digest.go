package sign

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	_ "crypto/md5" // the hashes register themselves for crypto.Hash.New
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	"crypto/sha256"
	_ "crypto/sha512"
	"crypto/subtle"
	"hash"
	"io"
	"math/big"

	"github.com/barbhq/barb/sign/padding"
)

// New returns a new hash of this kind.
func (h Hash) New() hash.Hash { return h.crypto().New() }

func (h Hash) crypto() crypto.Hash {
	switch h {
	case SHA1:
		return crypto.SHA1
	case SHA384:
		return crypto.SHA384
	case SHA512:
		return crypto.SHA512
	case MD5:
		return crypto.MD5
	default:
		return crypto.SHA256
	}
}

// signatureSize returns the length of a signature in bytes, 0 when it depends on the key or the message.
func (s *Scheme) signatureSize() int {
	if s.JWT != nil || s.Code == RFC9421 {
		return 0
	}
	switch s.Auth {
	case HMAC, Digest:
		return s.Hash.crypto().Size()
	case Ed25519:
		return ed25519.SignatureSize
	default:
		return 0
	}
}

// sink receives the signed bytes for one key.
type sink struct {
	io.Writer
	key  []byte // the value of {secret}
	macs *macs  // where Writer goes back to; nil: nowhere
}

func (s *Scheme) newSink(k *key, hash Hash) sink {
	switch s.authOf(k) {
	case HMAC:
		return sink{k.mac(hash), k.bytes, k.macs.of(hash)}
	case Ed25519:
		return sink{Writer: new(bytes.Buffer)}
	case Digest:
		return sink{Writer: padding.New(hash.crypto()), key: k.bytes}
	default:
		return sink{Writer: hash.New(), key: k.bytes}
	}
}

// authOf returns the scheme's kind of proof, or the key's where the scheme accepts several kinds.
func (s *Scheme) authOf(k *key) Auth {
	switch k.Public.(type) {
	case ed25519.PublicKey:
		return Ed25519
	case *ecdsa.PublicKey:
		return ECDSA
	case *rsa.PublicKey:
		return RSA
	}
	return s.Auth
}

// sum returns the input of the key's operation: a MAC or hash, for Ed25519 the content itself. Nothing more can be
// written after it.
func (s sink) sum() []byte {
	if h, ok := s.Writer.(hash.Hash); ok {
		sum := h.Sum(nil)
		if s.macs != nil {
			s.macs.pool.Put(h)
		}
		return sum
	}
	return s.Writer.(*bytes.Buffer).Bytes()
}

// extended reports whether the content contains the padding of its own hash.
func (s sink) extended() bool {
	p, ok := s.Writer.(*padding.Hash)
	return ok && p.Shown()
}

// proof is a sum with its key.
type proof struct {
	key      int
	sum      []byte
	extended bool // the content may be a genuine one lengthened by an attacker
}

// compute returns the proof for each key in one pass over the body. When verifying, it refuses content that a
// handshake signs for any caller, whatever the signature.
func (s *Scheme) compute(v *values, keys []key) ([]proof, error) {
	all := make([]proof, len(keys))
	if s.Auth == Token {
		for i := range keys {
			all[i] = proof{key: i, sum: keys[i].bytes}
		}
		return all, nil
	}
	sinks := make([]sink, len(keys), len(keys)+1)
	for i := range keys {
		sinks[i] = s.newSink(&keys[i], s.Hash)
	}
	var begins beginning
	if s.Auth == HMAC && !v.signing {
		sinks = append(sinks, sink{Writer: &begins})
	}
	if err := v.feed(sinks, s.Content); err != nil {
		return nil, err
	}
	if s.Auth == HMAC && !v.signing && isChallenge(s.Hash, begins.content()) {
		return nil, refuseChallenge()
	}
	for i := range keys {
		all[i] = proof{i, sinks[i].sum(), sinks[i].extended()}
	}
	return all, nil
}

// signature turns a sum into a signature.
func (s *Scheme) signature(k *key, sum []byte, hash Hash) ([]byte, error) {
	switch s.authOf(k) {
	case Ed25519:
		return k.Private.Sign(nil, sum, crypto.Hash(0))
	case ECDSA:
		if s.plainECDSA() {
			return signPlain(k.Private.(*ecdsa.PrivateKey), sum)
		}
		return k.Private.Sign(rand.Reader, sum, hash.crypto())
	case RSA:
		return rsa.SignPKCS1v15(nil, k.Private.(*rsa.PrivateKey), hash.crypto(), sum)
	default:
		return sum, nil
	}
}

// SameToken compares two secrets in constant time. It hashes them first, so that the time hides their lengths too.
func SameToken(a, b []byte) bool {
	x, y := sha256.Sum256(a), sha256.Sum256(b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// matches reports whether candidate is a signature under the key. It is the only place where signatures are
// compared: decoded, and in constant time where a secret could leak.
func (s *Scheme) matches(k *key, sum []byte, hash Hash, candidate []byte) bool {
	switch s.authOf(k) {
	case HMAC, Digest:
		return hmac.Equal(sum, candidate)
	case Token:
		return SameToken(sum, candidate)
	case Ed25519:
		return ed25519.Verify(k.Public.(ed25519.PublicKey), sum, candidate)
	case ECDSA:
		if s.plainECDSA() {
			return verifyPlain(k.Public.(*ecdsa.PublicKey), sum, candidate)
		}
		return ecdsa.VerifyASN1(k.Public.(*ecdsa.PublicKey), sum, candidate)
	case RSA:
		return rsa.VerifyPKCS1v15(k.Public.(*rsa.PublicKey), hash.crypto(), sum, candidate) == nil
	}
	return false
}

// isDigest reports whether a digest that a message carries is the SHA-2 sum of its body.
func isDigest(digest, sum []byte) bool { return subtle.ConstantTimeCompare(digest, sum) == 1 }

// plainECDSA reports whether ECDSA signatures are r followed by s (RFC 7518 3.4, RFC 9421 3.3.4), not ASN.1.
func (s *Scheme) plainECDSA() bool { return s.JWT != nil || s.Code == RFC9421 }

const p256Half = 32 // bytes of r and of s

func signPlain(private *ecdsa.PrivateKey, sum []byte) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, private, sum)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 2*p256Half)
	r.FillBytes(out[:p256Half])
	s.FillBytes(out[p256Half:])
	return out, nil
}

func verifyPlain(public *ecdsa.PublicKey, sum, candidate []byte) bool {
	if len(candidate) != 2*p256Half {
		return false
	}
	r, s := new(big.Int).SetBytes(candidate[:p256Half]), new(big.Int).SetBytes(candidate[p256Half:])
	return ecdsa.Verify(public, sum, r, s)
}
