package sign

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"io"
)

func (h Hash) function() func() hash.Hash {
	switch h {
	case SHA1:
		return sha1.New
	case SHA384:
		return sha512.New384
	case SHA512:
		return sha512.New
	case MD5:
		return md5.New
	default:
		return sha256.New
	}
}

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

// signatureSize is how many bytes a signature has, 0 when that depends on the key.
func (s *Scheme) signatureSize() int {
	switch s.Auth {
	case HMAC, Digest:
		return s.Hash.crypto().Size()
	case Ed25519:
		return ed25519.SignatureSize
	default:
		return 0
	}
}

// sink takes the signed bytes for one key.
type sink struct {
	io.Writer
	key []byte // what {secret} stands for
}

func (s *Scheme) newSink(k *key) sink {
	switch s.Auth {
	case HMAC:
		return sink{hmac.New(s.Hash.function(), k.bytes), k.bytes}
	case Ed25519:
		return sink{new(bytes.Buffer), nil}
	default:
		return sink{s.Hash.function()(), k.bytes}
	}
}

// sum is what the key's operation is applied to: a MAC or hash, for Ed25519 the content itself.
func (s sink) sum() []byte {
	if h, ok := s.Writer.(hash.Hash); ok {
		return h.Sum(nil)
	}
	return s.Writer.(*bytes.Buffer).Bytes()
}

// proof is a sum and the key it belongs to.
type proof struct {
	key int
	sum []byte
}

// proofs returns what each key makes of the message.
func (s *Scheme) proofs(v *values, keys []key) ([]proof, error) {
	all := make([]proof, len(keys))
	if s.Auth == Token {
		for i := range keys {
			all[i] = proof{i, keys[i].bytes}
		}
		return all, nil
	}
	sinks := make([]sink, len(keys))
	for i := range keys {
		sinks[i] = s.newSink(&keys[i])
	}
	if err := v.feed(sinks, s.Content); err != nil {
		return nil, err
	}
	for i := range sinks {
		all[i] = proof{i, sinks[i].sum()}
	}
	return all, nil
}

// contentProofs is proofs for content that is there already, in several variants.
func (s *Scheme) contentProofs(contents [][]byte, keys []key) []proof {
	var all []proof
	for _, content := range contents {
		for i := range keys {
			to := s.newSink(&keys[i])
			_, _ = to.Write(content)
			all = append(all, proof{i, to.sum()})
		}
	}
	return all
}

// signature completes a proof to a signature.
func (s *Scheme) signature(k *key, sum []byte) ([]byte, error) {
	switch s.Auth {
	case Ed25519:
		return k.private.Sign(nil, sum, crypto.Hash(0))
	case ECDSA:
		return k.private.Sign(rand.Reader, sum, s.Hash.crypto())
	case RSA:
		return rsa.SignPKCS1v15(nil, k.private.(*rsa.PrivateKey), s.Hash.crypto(), sum)
	default:
		return sum, nil
	}
}

// matches reports whether candidate is a signature under the key. It is the only place where signatures are compared,
// always decoded and, where there is a secret to give away, in constant time.
func (s *Scheme) matches(k *key, sum, candidate []byte) bool {
	switch s.Auth {
	case HMAC, Digest:
		return hmac.Equal(sum, candidate)
	case Token:
		// Hashed first, so that not even the length of the token shows in the time it takes.
		a, b := sha256.Sum256(sum), sha256.Sum256(candidate)
		return subtle.ConstantTimeCompare(a[:], b[:]) == 1
	case Ed25519:
		return ed25519.Verify(k.public.(ed25519.PublicKey), sum, candidate)
	case ECDSA:
		return ecdsa.VerifyASN1(k.public.(*ecdsa.PublicKey), sum, candidate)
	case RSA:
		return rsa.VerifyPKCS1v15(k.public.(*rsa.PublicKey), s.Hash.crypto(), sum, candidate) == nil
	}
	return false
}
