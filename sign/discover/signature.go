package discover

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/sign"
)

// signature is a part of a value that has the length of a hash once decoded.
type signature struct {
	in         value
	start, end int // in.text[start:end]
	enc        sign.Encoding
	hash       sign.Hash
	sum        []byte
}

// hashOf returns the hash with that length.
func hashOf(size int) sign.Hash {
	switch size {
	case 16:
		return sign.MD5
	case 20:
		return sign.SHA1
	case 32:
		return sign.SHA256
	case 48:
		return sign.SHA384
	case 64:
		return sign.SHA512
	}
	return ""
}

func hashesOf(signatures []signature) []sign.Hash {
	var all []sign.Hash
	for _, s := range signatures {
		if !slices.Contains(all, s.hash) {
			all = append(all, s.hash)
		}
	}
	return all
}

// signaturesIn finds the signatures in a value: runs of the characters of encodings. Text before a "=" in a run is
// a name, as in sha256=….
func signaturesIn(v value) (all []signature) {
	text := v.text
	for start := 0; start < len(text) && len(all) < maxSignatures; {
		if !isCodeByte(text[start]) {
			start++
			continue
		}
		end := start
		for end < len(text) && isCodeByte(text[end]) {
			end++
		}
		from := start
		if i := strings.IndexByte(strings.TrimRight(text[start:end], "="), '='); i >= 0 {
			from += i + 1
		}
		all = append(all, decoded(v, from, end)...)
		start = end
	}
	return all
}

func isCodeByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte("+/-_=", c) >= 0
}

// decoded decodes a run in its possible encodings. 64 hex digits are valid base64 too, but the base64 of a sum is
// not accidentally all hex digits.
func decoded(v value, start, end int) (all []signature) {
	text := v.text[start:end]
	add := func(enc sign.Encoding, sum []byte, err error) {
		if hash := hashOf(len(sum)); err == nil && hash != "" {
			all = append(all, signature{v, start, end, enc, hash, sum})
		}
	}
	if len(text) > hex.EncodedLen(64) {
		return nil
	}
	sum, err := hex.DecodeString(text)
	if add(sign.Hex, sum, err); len(all) > 0 {
		return all
	}
	sum, err = base64.StdEncoding.Strict().DecodeString(text)
	add(sign.Base64, sum, err)
	if err != nil {
		sum, err = base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
		add(sign.Base64URL, sum, err)
	}
	return all
}

// unitOf returns the unit of a timestamp, "" when text does not look like one. Numbers have to lie after 2001.
func unitOf(text string) sign.Unit {
	digits := strings.Trim(text, "0123456789") == ""
	switch {
	case digits && len(text) == 10 && text[0] != '0':
		return sign.Seconds
	case digits && len(text) == 13 && text[0] != '0':
		return sign.Milliseconds
	case digits || len(text) < len("2006-01-02T15:04:05Z"):
		return ""
	}
	if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
		return ""
	}
	if i := strings.IndexByte(text, '.'); i > 0 && len(strings.TrimRight(text[i:], "Z")) == len(".000") {
		return sign.RFC3339Millis
	}
	return sign.RFC3339
}
