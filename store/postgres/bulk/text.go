package bulk

import (
	"crypto/sha256"
	"strings"
	"unicode/utf8"
)

// A text column takes neither a NUL nor bytes that are not UTF-8, and both come from strangers. Such a byte is
// stored as the control character SUB and two hexadecimal digits, and so is SUB itself: every string has one stored
// text, and every other string is stored as it is. Heads and bodies are bytea and have no need of it.
const sub = 0x1a

const hexDigits = "0123456789abcdef"

// Escape returns a string as a text column keeps it.
func Escape(s string) string {
	if isPlain(s) {
		return s
	}
	out := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == 0 || r == sub || r == utf8.RuneError && size == 1 {
			out = append(out, sub, hexDigits[s[i]>>4], hexDigits[s[i]&15])
		} else {
			out = append(out, s[i:i+size]...)
		}
		i += size
	}
	return string(out)
}

func isPlain(s string) bool {
	return strings.IndexByte(s, 0) < 0 && strings.IndexByte(s, sub) < 0 && utf8.ValidString(s)
}

// Unescape is the inverse of Escape. A SUB without two digits, which Escape never writes, stays.
func Unescape(s string) string {
	if strings.IndexByte(s, sub) < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == sub && i+2 < len(s) {
			high, low := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
			if high >= 0 && low >= 0 {
				out = append(out, byte(high<<4|low))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// SumOf is what the column name.sum has of a text, before it is escaped.
func SumOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
