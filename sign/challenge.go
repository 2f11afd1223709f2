package sign

import (
	"encoding/base64"
	"strings"
)

// maxChallenge is how many bytes the longest challenge has that is proven to strangers.
const maxChallenge = 96

// takes reports whether a challenge has the form that is proven.
func (m *MAC) takes(challenge string) bool {
	if len(challenge) < m.Min || len(challenge) > m.Max || strings.Trim(challenge, m.Alphabet) != "" {
		return false
	}
	if m.Decoded == "" {
		return true
	}
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(challenge, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	return err == nil && strings.Trim(string(decoded), m.Decoded) == ""
}

// isChallenge reports whether signed content has the form of a challenge that a handshake proves to anybody who asks. An
// HMAC of such content is no proof of who made it. Requests that are signed themselves (Step.Signed) are not anybody's.
func isChallenge(hash Hash, content []byte) bool {
	if len(content) > maxChallenge {
		return false
	}
	for i := range handshakes {
		for j := range handshakes[i].Steps {
			s := &handshakes[i].Steps[j]
			if s.MAC.Of != "" && !s.Signed && s.MAC.Hash == hash && s.MAC.takes(string(content)) {
				return true
			}
		}
	}
	return false
}

// refuseChallenge is the error about content of which isChallenge is true.
func refuseChallenge() error {
	return refuse(MalformedBody, "what is signed has the form of a challenge, and a handshake proves those to anybody")
}

// beginning keeps the first bytes of what is written to it, one more than a challenge has.
type beginning struct {
	bytes [maxChallenge + 1]byte
	n     int
}

func (b *beginning) Write(p []byte) (int, error) {
	b.n += copy(b.bytes[b.n:], p)
	return len(p), nil
}

func (b *beginning) content() []byte { return b.bytes[:b.n] }
