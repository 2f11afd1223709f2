package sign

import (
	"crypto/hmac"
	"hash"
	"slices"
	"sync"
	"time"
)

// Prepared signs and verifies many messages with the same secrets and params, which are read once. It is safe for
// concurrent use, and says of each message what Scheme.Sign and Scheme.Verify say.
type Prepared struct {
	scheme  Scheme
	secrets []Secret
	keys    []key
	usual   *usual         // nil: no message is usual
	yes     *plainVerifier // nil: none
}

// PrepareSigning reads the secrets that sign messages. The error is an *Error.
func (s Scheme) PrepareSigning(params map[string]string, secrets ...Secret) (*Prepared, error) {
	p, err := s.prepare(params, secrets, true)
	return p.keepMACs(), err
}

// PrepareVerifying reads the secrets that verify messages. The error is an *Error.
func (s Scheme) PrepareVerifying(params map[string]string, secrets ...Secret) (*Prepared, error) {
	p, err := s.prepare(params, secrets, false)
	if err != nil {
		return nil, err
	}
	p.keepMACs().yes = p.plain()
	return p, nil
}

func (s Scheme) prepare(params map[string]string, secrets []Secret, signing bool) (*Prepared, error) {
	s, err := s.WithParams(params)
	if err != nil {
		return nil, err
	}
	keys, err := s.parseKeys(secrets, signing)
	if err != nil {
		return nil, err
	}
	if signing {
		keys = keys[:s.slots(len(keys))]
	}
	return &Prepared{scheme: s, secrets: secrets, keys: keys}, nil
}

// keepMACs makes p ready for many messages.
func (p *Prepared) keepMACs() *Prepared {
	if p == nil {
		return nil
	}
	p.secrets = slices.Clone(p.secrets)
	for i := range p.keys {
		if k := &p.keys[i]; p.scheme.authOf(k) == HMAC {
			k.macs = newMACs(p.scheme.Hash, k.bytes)
		}
	}
	p.usual = newUsual(&p.scheme, p.keys)
	return p
}

// Sign is Scheme.Sign. The Params of the message are those that were prepared.
func (p *Prepared) Sign(m Message) (Signed, error) {
	if signed, ok := p.usual.sign(&p.scheme, &m); ok {
		return signed, nil
	}
	return p.scheme.sign(m, p.keys)
}

// Verify is Scheme.Verify. The Params of the message are those that were prepared.
func (p *Prepared) Verify(m Message, now time.Time) (Match, error) {
	if p.yes.verifies(&m) {
		return p.yes.match, nil
	}
	return p.scheme.verify(m, now, p.keys, p.secrets)
}

// macs keeps HMACs of one key, since making one costs two blocks of hashing.
type macs struct {
	hash Hash
	pool sync.Pool
}

func newMACs(h Hash, key []byte) *macs {
	return &macs{h, sync.Pool{New: func() any { return hmac.New(h.New, key) }}}
}

// of returns m for its hash, nil for another.
func (m *macs) of(h Hash) *macs {
	if m == nil || m.hash != h {
		return nil
	}
	return m
}

// mac returns an HMAC of the key that nothing was written to.
func (k *key) mac(h Hash) hash.Hash {
	if k.macs.of(h) == nil {
		return hmac.New(h.New, k.bytes)
	}
	mac := k.macs.pool.Get().(hash.Hash)
	mac.Reset()
	return mac
}
