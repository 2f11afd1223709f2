package rawjson

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Style is how to escape the characters of a JSON string that need no escaping. The zero value escapes only what
// must be escaped, like ECMAScript's JSON.stringify.
type Style struct {
	ASCII bool   // characters above ASCII become \uXXXX
	Upper bool   // hex digits are upper case
	DEL   bool   // DEL is escaped too
	Slash bool   // a slash becomes \/
	Quote bool   // " becomes \u0022
	Also  string // ASCII characters that become \uXXXX
	Caps  bool   // hex digits of Also are upper case, whatever Upper says
	Lines bool   // U+2028 and U+2029 are escaped
}

// Append appends text, which is UTF-8, as a JSON string with its quotes.
func (s Style) Append(to, text []byte) []byte {
	to = append(to, '"')
	for len(text) > 0 {
		n := s.plain(text)
		to = append(to, text[:n]...)
		if text = text[n:]; len(text) > 0 {
			r, size := utf8.DecodeRune(text)
			to = s.append(to, r, text[:size])
			text = text[size:]
		}
	}
	return append(to, '"')
}

// plain returns how many leading bytes of text are the same in every style.
func (s Style) plain(text []byte) int {
	for i, b := range text {
		if b < ' ' || b >= 0x7f || b == '"' || b == '\\' || b == '/' || s.Also != "" && strings.IndexByte(s.Also, b) >= 0 {
			return i
		}
	}
	return len(text)
}

// append writes one character, whose bytes in the text are raw.
func (s Style) append(to []byte, r rune, raw []byte) []byte {
	short := strings.IndexRune("\"\\\b\f\n\r\t", r)
	switch {
	case r == '"' && s.Quote, r < ' ' && short < 0, r == 0x7f && s.DEL, r < utf8.RuneSelf &&
		strings.ContainsRune(s.Also, r):
		return s.escape(to, r)
	case short >= 0:
		return append(to, '\\', `"\bfnrt`[short])
	case r == '/' && s.Slash:
		return append(to, `\/`...)
	case r >= utf8.RuneSelf && s.ASCII, (r == 0x2028 || r == 0x2029) && s.Lines:
		return s.escape(to, r)
	}
	return append(to, raw...)
}

// escape writes \uXXXX, twice for a character that needs a surrogate pair.
func (s Style) escape(to []byte, r rune) []byte {
	format := `\u%04x`
	if s.Upper || s.Caps && r < utf8.RuneSelf && strings.ContainsRune(s.Also, r) {
		format = `\u%04X`
	}
	units := []rune{r}
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		units = []rune{high, low}
	}
	for _, u := range units {
		to = fmt.Appendf(to, format, u)
	}
	return to
}
