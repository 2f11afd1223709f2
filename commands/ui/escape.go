package ui

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape makes text of a peer safe for a terminal: it writes control characters except newline and tab, DEL, C1,
// invalid UTF-8, bidirectional and zero-width characters and the Unicode line separators as harmless escapes. All text
// of a peer goes through it before it is shown.
func Escape(s string) string { return escape(s, false) }

// EscapeLine is Escape for text that must stay on its line: newline and tab are escaped too.
func EscapeLine(s string) string { return escape(s, true) }

// Clip is EscapeLine, cut to width characters with an ellipsis.
func Clip(s string, width int) string {
	if len(s) > 4*width { // do not walk a megabyte to show forty characters
		s = s[:4*width]
	}
	s = EscapeLine(s)
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:max(width-1, 0)]) + "…"
}

func escape(s string, oneLine bool) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case oneLine && r == '\n':
			b.WriteString(`\n`)
		case oneLine && r == '\t':
			b.WriteString(`\t`)
		case r == '\n' || r == '\t' || !IsUnsafe(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[size:]
	}
	return b.String()
}

// EscapeJSON writes the characters that Escape escapes as JSON's own \uXXXX, which every parser reads as the same
// character. encoding/json leaves DEL, C1 and the bidirectional characters as they are.
func EscapeJSON(data []byte) string {
	s := string(data)
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if !IsUnsafe(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// IsUnsafe reports whether a character controls a terminal or misleads a reader.
func IsUnsafe(r rune) bool {
	switch {
	case unicode.IsControl(r), // C0, DEL, C1
		r >= 0x200b && r <= 0x200f, // zero-width, left-to-right and right-to-left marks
		r >= 0x2028 && r <= 0x202e, // line separators, bidi embeddings and overrides
		r >= 0x2060 && r <= 0x206f, // word joiner, bidi isolates
		r == 0x061c, r == 0xfeff, r == 0x180e,
		r >= 0xe0000 && r <= 0xe007f: // tags
		return true
	}
	return false
}
