package receiver

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text in the generated code comes from a user's scheme or from a received webhook. It gets there only through these
// functions, one for each language: each returns a whole literal with quotes, in printable ASCII on one line, so that
// no character of the text can end the string, begin an interpolation, or look like another character.

// jsLiteral returns a JavaScript string. Bytes that are not UTF-8 become the characters of the same number, as in
// Node's headers.
func jsLiteral(s string) string {
	return quote('\'', s, "\\'", func(b *strings.Builder, r rune) {
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(b, `\u%04x`, unit)
		}
	})
}

// pyLiteral returns a Python str, under the same terms: WSGI's headers are Latin-1 too.
func pyLiteral(s string) string {
	return quote('"', s, `\"`, func(b *strings.Builder, r rune) {
		if r > 0xffff {
			fmt.Fprintf(b, `\U%08x`, r)
			return
		}
		fmt.Fprintf(b, `\u%04x`, r)
	})
}

// goLiteral returns a Go string, byte for byte.
func goLiteral(s string) string { return strconv.QuoteToASCII(s) }

// rubyLiteral returns a Ruby string, byte for byte. It escapes every #, since some begin an interpolation.
func rubyLiteral(s string) string { return quoteBytes(s, "\\\"#") }

// phpLiteral returns a PHP string, byte for byte: in single quotes, as usual in PHP, unless a character needs an
// escape.
func phpLiteral(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '\'' || r == '\\' || r == '?' }) < 0 {
		return "'" + s + "'"
	}
	return quoteBytes(s, "\\\"$")
}

// quote writes characters; escape writes those that are not printable ASCII.
func quote(mark byte, s, special string, escape func(*strings.Builder, rune)) string {
	var b strings.Builder
	b.WriteByte(mark)
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			escape(&b, rune(s[i]))
		case r < ' ' || r > '~':
			escape(&b, r)
		case strings.ContainsRune(special, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte(mark)
	return b.String()
}

// quoteBytes writes bytes between double quotes, with numeric escapes for bytes that are not printable ASCII, and for
// the question mark, because ?> would end PHP.
func quoteBytes(s, special string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~' || c == '?':
			fmt.Fprintf(&b, `\x%02x`, c)
		case strings.IndexByte(special, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// maxComment is the longest text in a comment.
const maxComment = 300

// comment returns text for a line comment in any of the languages: on one line, and without a text that ends PHP. It
// cannot be decoded again.
func comment(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return '.'
		}
		return r
	}, s)
	s = strings.NewReplacer("?>", "? >", "*/", "* /").Replace(s)
	if utf8.RuneCountInString(s) > maxComment {
		s = string([]rune(s)[:maxComment]) + "…"
	}
	return s
}

// class returns the inside of a regular expression's character class for these characters.
func class(chars string) string {
	var b strings.Builder
	for i := range len(chars) {
		if strings.IndexByte(",; :=", chars[i]) >= 0 {
			b.WriteByte(chars[i])
			continue
		}
		fmt.Fprintf(&b, `\x%02x`, chars[i])
	}
	return b.String()
}
