package explain

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"iter"
	"time"

	"github.com/barbhq/barb/sign"
)

// trial is a message to verify, with scheme and secrets.
type trial struct {
	scheme  sign.Scheme
	message sign.Message
	secrets []sign.Secret
}

// newTrial returns the unchanged question without a tolerance, since only the signature matters.
func newTrial(q Question) trial {
	t := trial{q.Scheme, q.Message, q.Secrets}
	t.scheme.Tolerance = sign.Both(sign.NoLimit)
	t.message.Stream = nil
	return t
}

// variant is a trial with a description of its change.
type variant struct {
	trial
	kind   Kind
	also   []Kind
	part   Part
	change string
	words  string
}

// variants are generated one by one, so that a match ends the work.
type variants = iter.Seq[variant]

// generator passes the variants of a trial to yield until it returns false.
type generator = func(t trial, yield func(variant) bool)

// search tries variants until one verifies or a limit is reached.
type search struct {
	ctx    context.Context
	budget int64
	spent  int64
	tried  int
	cut    bool
	now    time.Time
	body   []byte // the received body
	seed   maphash.Seed
	seen   map[uint64]bool // fingerprints of earlier trials
}

// The cost of a check besides its bytes, as a number of bytes that could be hashed in the same time.
const (
	costOfMaking    = 512
	costOfHash      = 2 << 10
	costOfPublicKey = 64 << 10
)

// run tries one stage after the other and returns the first cause.
func (s *search) run(stages []variants) *Cause {
	for _, stage := range stages {
		for v := range stage {
			if s.isExhausted(&v) {
				return nil
			}
			if c := s.try(&v); c != nil {
				return c
			}
		}
	}
	return nil
}

// isExhausted reports whether a limit is reached. Making a variant costs budget, even when it was tried before.
func (s *search) isExhausted(v *variant) bool {
	s.spent += costOfMaking
	if body := v.message.Body; pointer(body) != pointer(s.body) {
		s.spent += int64(len(body))
	}
	s.cut = s.cut || s.spent > s.budget || s.ctx.Err() != nil
	return s.cut
}

func (s *search) try(v *variant) *Cause {
	key := s.fingerprint(v)
	if s.seen[key] {
		return nil
	}
	s.seen[key] = true
	match, err := v.scheme.Verify(v.message, s.now, v.secrets...)
	s.tried++
	s.spent += s.cost(v, err)
	if err != nil {
		return nil
	}
	secret := v.secrets[match.Secret]
	return &Cause{Kind: v.kind, Also: v.also, Part: v.part, Change: v.change, Words: v.words, Scheme: v.scheme.Name,
		Secret: secret.Name, Proof: Proof{v.scheme, v.message, secret}}
}

// cost returns the cost of a check in bytes hashed. A refusal before the signature is computed costs little.
func (s *search) cost(v *variant, err error) int64 {
	if reason := reasonOf(err); err != nil && reason != sign.SignatureMismatch {
		return costOfMaking
	}
	one := int64(costOfHash)
	if v.scheme.Auth == sign.Ed25519 || v.scheme.Auth == sign.ECDSA || v.scheme.Auth == sign.RSA {
		one = costOfPublicKey
	}
	return int64(len(v.secrets)) * (one + int64(len(v.message.Body)))
}

// fingerprint returns a hash that differs for different trials.
func (s *search) fingerprint(v *variant) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	text := func(parts ...string) {
		for _, p := range parts {
			var size [8]byte
			binary.LittleEndian.PutUint64(size[:], uint64(len(p)))
			_, _ = h.Write(size[:])
			_, _ = h.WriteString(p)
		}
	}
	c := &v.scheme
	text(c.Name, c.Content, c.Header, c.Prefix, c.Split, string(c.Auth), string(c.Hash), string(c.Enc), string(c.Key),
		string(c.Time.Unit), string(c.Time.In), string(c.IDIn), v.message.URL, v.message.Method)
	for _, secret := range v.secrets {
		text(string(secret.Key))
	}
	var headers uint64 // independent of the order of headers
	for name, values := range v.message.Header {
		for _, value := range values {
			headers += maphash.String(s.seed, name+"\x00"+value)
		}
	}
	text(string(binary.LittleEndian.AppendUint64(nil, headers)))
	_, _ = h.Write(v.message.Body)
	return h.Sum64()
}

// allOf returns the changes that several functions make of one thing, one after the other.
func allOf[From, To any](of From, all ...func(From, func(To) bool)) iter.Seq[To] {
	return func(yield func(To) bool) {
		goOn := true
		for i := 0; goOn && i < len(all); i++ {
			all[i](of, func(to To) bool {
				goOn = yield(to)
				return goOn
			})
		}
	}
}

// combined returns the variants with a change of each generator; the first change names the cause.
func combined(t trial, first, second generator) variants {
	return func(yield func(variant) bool) {
		for a := range allOf(t, first) {
			for b := range allOf(a.trial, second) {
				b.also = append(append(append([]Kind{}, a.also...), b.kind), b.also...)
				b.kind, b.part = a.kind, a.part
				b.change, b.words = joined(" and ", a.change, b.change), joined("; ", a.words, b.words)
				if !yield(b) {
					return
				}
			}
		}
	}
}
