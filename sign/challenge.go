package sign

import (
	"encoding/base64"
	"strings"
)

// maxChallenge is how many bytes the longest challenge has that is proven to strangers.
const maxChallenge = 96

// Challenge is the form of the texts that a receiver signs when a provider asks for a proof before its first webhook.
type Challenge struct {
	Hash     Hash   // the proof is an HMAC with this hash
	Alphabet string // the characters of a challenge
	Min, Max int    // how many there are
	Decoded  string // the challenge is base64 or base64url, padded or not, of these characters; "" when it is not encoded
}

// Is reports whether a text has the form.
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

// proven are the challenges that a handshake answers to anybody: those of signed requests are not among them.
var proven = [...]Challenge{
	// X documents no form. The tokens that it sends are base64 of a UUID without padding, 48 characters, in logs of 2017
	// as of 2026; its documentation shows the beginning of one, padded.
	{
		Hash: SHA256, Min: 12, Max: maxChallenge, Decoded: "0123456789abcdef-",
		Alphabet: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/=_-",
	},
	// As strict as Braintree's own libraries: a payload signed with the same key is no such number.
	{Hash: SHA1, Alphabet: "0123456789abcdef", Min: 20, Max: 32},
}

// XToken returns the form of the tokens that X asks receivers to prove.
func XToken() Challenge { return proven[0] }

// BraintreeToken returns the form of the challenges of Braintree.
func BraintreeToken() Challenge { return proven[1] }

// isChallenge reports whether signed content has the form of a challenge that a handshake proves to anybody who asks.
// An HMAC of such content is no proof of who made it.
func isChallenge(hash Hash, content []byte) bool {
	if len(content) > maxChallenge {
		return false
	}
	for i := range proven {
		if proven[i].Hash == hash && proven[i].Is(string(content)) {
			return true
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
