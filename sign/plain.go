package sign

import (
	"encoding/hex"
	"reflect"
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// plainVerifier verifies the webhooks of a plain scheme: one header holds the HMAC-SHA256 of the body under the only
// secret, in lower-case hexadecimal. It only says yes. Everything else is left to verify, which words the reason.
type plainVerifier struct {
	scheme *Scheme
	key    *key
	match  Match // of each message that it verifies
}

// plain returns the plainVerifier of a prepared scheme, nil where the scheme is not plain.
func (p *Prepared) plain() *plainVerifier {
	if len(p.keys) != 1 || p.keys[0].macs.of(SHA256) == nil || !p.scheme.isPlain() {
		return nil
	}
	k := &p.keys[0]
	match := Match{Version: p.scheme.Version(), Secret: k.secret, SecretName: p.secrets[k.secret].Name}
	return &plainVerifier{&p.scheme, k, match}
}

// isPlain reports whether a signature is one text of Prefix and hexadecimal digits, over the body alone. A scheme with
// anything beyond the fields named here is not plain.
func (s *Scheme) isPlain() bool {
	_, idInHeader := s.IDIn.header()
	rest := *s
	rest.Name, rest.Title, rest.Docs, rest.Evidence, rest.Note, rest.Aliases = "", "", "", "", "", nil
	rest.Auth, rest.Hash, rest.Enc, rest.Key, rest.Content, rest.Header, rest.Prefix = "", "", "", "", "", "", ""
	rest.IDIn, rest.EventIn, rest.Binds, rest.Handshake, rest.Fixed, rest.Strict = "", "", "", "", nil, nil
	return reflect.ValueOf(rest).IsZero() && (s.IDIn == "" || idInHeader) && s.Auth == HMAC && s.Hash == SHA256 &&
		s.Enc == Hex && s.Content == "{body}" && !strings.Contains(s.Header, ":") && !strings.HasSuffix(s.Prefix, " ")
}

// verifies reports whether a message is certainly genuine.
func (p *plainVerifier) verifies(m *Message) bool {
	if p == nil || m.Stream != nil || m.Sums != nil || len(m.Body) <= maxChallenge {
		return false
	}
	value, n := field.Header(m.Header, p.scheme.Header)
	given, hasPrefix := strings.CutPrefix(value, p.scheme.Prefix)
	var candidate [32]byte
	if n != 1 || !hasPrefix || len(given) != hex.EncodedLen(len(candidate)) || strings.ContainsAny(given, "ABCDEF") {
		return false
	}
	if _, err := hex.Decode(candidate[:], []byte(given)); err != nil {
		return false
	}
	if p.scheme.IDIn != "" {
		if _, ids := p.scheme.IDIn.Read(m); ids > 1 {
			return false
		}
	}
	mac := p.key.mac(SHA256)
	_, _ = mac.Write(m.Body)
	sum := mac.Sum(make([]byte, 0, 32))
	p.key.macs.pool.Put(mac)
	return p.scheme.matches(p.key, sum, SHA256, candidate[:])
}
