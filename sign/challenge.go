package sign

import (
	"encoding/base64"
	"slices"
	"strings"
)

// maxChallenge is the length in bytes of the longest challenge that a handshake signs for an unknown caller.
const maxChallenge = 96

// Challenge is the form of the texts that a receiver signs when a provider asks for a proof before its first webhook.
type Challenge struct {
	Hash     Hash   // the proof is an HMAC with this hash
	Alphabet string // the characters of a challenge
	Min, Max int    // the number of characters
	Decoded  string // the character set inside base64 or base64url, padded or not; "" when a challenge is not encoded
}

// Is reports whether text has the form.
func (c Challenge) Is(text string) bool {
	if len(text) < c.Min || len(text) > c.Max || strings.Trim(text, c.Alphabet) != "" {
		return false
	}
	if c.Decoded == "" {
		return true
	}
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	return err == nil && strings.Trim(string(decoded), c.Decoded) == ""
}

// proven are the challenges that a handshake signs for any caller. Challenges in signed requests are not listed.
var proven = [...]Challenge{
	// X documents no form. Its tokens are the base64 of a UUID without padding, 48 characters, in logs of 2017 and
	// of 2026; its documentation shows the beginning of a padded token.
	{
		Hash: SHA256, Min: 12, Max: maxChallenge, Decoded: "0123456789abcdef-",
		Alphabet: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/=_-",
	},
	// As strict as Braintree's own libraries: a payload signed with the same key never has this form.
	{Hash: SHA1, Alphabet: "0123456789abcdef", Min: 20, Max: 32},
}

// XToken returns the form of the tokens that X asks receivers to sign.
func XToken() Challenge { return proven[0] }

// BraintreeToken returns the form of Braintree's challenges.
func BraintreeToken() Challenge { return proven[1] }

// isChallenge reports whether signed content has the form of a challenge that a handshake signs for any caller. An
// HMAC of such content does not prove who made it.
func isChallenge(hash Hash, content []byte) bool {
	return len(content) <= maxChallenge && slices.ContainsFunc(proven[:], func(c Challenge) bool {
		return c.Hash == hash && c.Is(string(content))
	})
}

// refuseChallenge returns the error for content that isChallenge recognises.
func refuseChallenge() error {
	return refuse(MalformedBody, "the signed content looks like a handshake's challenge, which barb "+
		"answers for anybody")
}

// beginning keeps the first maxChallenge+1 bytes written to it.
type beginning struct {
	bytes [maxChallenge + 1]byte
	n     int
}

func (b *beginning) Write(p []byte) (int, error) {
	b.n += copy(b.bytes[b.n:], p)
	return len(p), nil
}

func (b *beginning) content() []byte { return b.bytes[:b.n] }
