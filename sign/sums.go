package sign

import (
	"errors"
	"fmt"
	"strings"
)

// maxPasses is how often a long body is hashed for one hash and key. A genuine message has one or two signatures;
// an attacker may write one of each scheme into the header, each with a timestamp of its own.
const maxPasses = 4

// Sums caches what was computed for one message while several schemes are tried, so that equal content is hashed
// once for each hash and key. The zero value is ready to use. It serves one message and one goroutine.
type Sums struct {
	made   map[string]made
	passes map[string]int
	hashed int64
}

// made is the result of one content and key.
type made struct {
	proof
	err error
}

// Hashed returns how many bytes of bodies were hashed so far.
func (p *Sums) Hashed() int64 { return p.hashed }

// count counts a pass over n bytes for a hash and a key, and refuses one too many; a short body is never refused.
func (p *Sums) count(s *Scheme, k *key, hash Hash, n int) error {
	if p == nil {
		return nil
	}
	p.hashed += int64(n)
	if n <= maxDetected {
		return nil
	}
	if p.passes == nil {
		p.passes = map[string]int{}
	}
	id := idOf(s, k, hash)
	if p.passes[id]++; p.passes[id] > maxPasses {
		p.hashed -= int64(n)
		return refuse(MalformedSignature,
			"the message has signatures of more schemes than are tried with a body of this length")
	}
	return nil
}

// idOf returns a name for a key's operation, different for different operations.
func idOf(s *Scheme, k *key, hash Hash) string {
	return fmt.Sprintf("%s %s %q ", s.authOf(k), hash, k.bytes)
}

// signedOnce returns a text that differs with a template's values, without the body; ok is false where none exists.
func (v *values) signedOnce(template string) (text string, ok bool) {
	before, body, after := cutBody(template)
	if body == "body|json" || strings.Contains(after, "{body") || strings.Contains(template, "{form|") {
		return "", false
	}
	first, err := v.expand(nil, before, nil)
	last, lastErr := v.expand(nil, after, nil)
	secret := strings.Count(before, "{secret}") // the text alone does not show where the secret stands
	return strings.Join([]string{string(first), body, string(last), strings.Repeat("s", secret)}, "\x00"),
		errors.Join(err, lastErr) == nil
}

// proofs returns the proof of each key for the message, from the cache where another scheme signs the same content.
func (s *Scheme) proofs(v *values, keys []key) ([]proof, error) {
	sums := v.m.Sums
	if sums == nil || v.signing || s.Auth == Token || v.m.Stream != nil {
		return s.compute(v, keys)
	}
	text, known := v.signedOnce(s.Content)
	all := make([]proof, len(keys))
	for i := range keys {
		var err error
		if all[i], err = s.proofOnce(v, &keys[i], text, known && s.authOf(&keys[i]) != Ed25519); err != nil {
			return nil, err
		}
		all[i].key = i
	}
	return all, nil
}

func (s *Scheme) proofOnce(v *values, k *key, text string, known bool) (proof, error) {
	sums := v.m.Sums
	id := idOf(s, k, s.Hash) + s.Wrapped + "\x00" + text // a form that wraps its body has another body
	if m, ok := sums.made[id]; ok && known {
		return m.proof, m.err
	}
	n := 0
	if strings.Contains(s.Content, "{body") || strings.Contains(s.Content, "{form|") {
		n = len(v.m.Body)
	}
	if err := sums.count(s, k, s.Hash, n); err != nil {
		return proof{}, err
	}
	var m made
	if all, err := s.compute(v, []key{*k}); err != nil {
		m.err = err
	} else {
		m.proof = all[0]
	}
	if known {
		if sums.made == nil {
			sums.made = map[string]made{}
		}
		sums.made[id] = m
	}
	return m.proof, m.err
}
