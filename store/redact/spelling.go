package redact

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A secret can be written in many ways, and an app must get the original one. A spelling is the letter of a form, the
// letter of a style, and the way each character of the form is written, "" when all stand for themselves.
//
// The letters for characters: r the character itself; a to d a URL escape whose two hex digits are upper case, except
// for the first with bit 0 and the second with bit 1; + a space in a query; s a short JSON escape; u a JSON escape with
// four hex digits, U with eight, followed by a hex number with a bit for each upper-case digit. A number before a
// letter repeats it.

// form is the written text of a secret: the secret itself, or one of its base64 forms.
type form struct {
	letter byte
	encode func(string) string
}

var forms = [...]form{
	{'k', func(key string) string { return key }},
	{'b', func(key string) string { return base64.StdEncoding.EncodeToString([]byte(key)) }},
	{'n', func(key string) string { return base64.RawStdEncoding.EncodeToString([]byte(key)) }},
	{'u', func(key string) string { return base64.URLEncoding.EncodeToString([]byte(key)) }},
	{'v', func(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }},
}

// The styles.
const (
	plain   = 'r'
	percent = 'p' // of URLs and forms
	quoted  = 'j' // of JSON strings
)

var errSpelling = errors.New("its encoding cannot be read")

// spelled reports whether text begins with the characters in a style, how many bytes they take, and their spelling.
func spelled(text, chars string, style byte) (n int, letters string, ok bool) {
	if style == plain {
		return len(chars), "", strings.HasPrefix(text, chars)
	}
	special := false
	for i := 0; i < len(chars); {
		l, took, of := read(text[n:], chars[i:], style)
		if took == 0 {
			return 0, "", false
		}
		special = special || l.kind != 'r'
		n, i = n+took, i+of
	}
	if !special {
		return n, "", true
	}
	var how strings.Builder
	for at, i := 0, 0; i < len(chars); {
		l, took, of := read(text[at:], chars[i:], style)
		l.write(&how)
		at, i = at+took, i+of
	}
	return n, shorten(how.String()), true
}

// letter is the spelling of one character.
type letter struct {
	kind  byte
	upper int // a bit for each upper-case hex digit of u and U
}

func (l letter) write(b *strings.Builder) {
	b.WriteByte(l.kind)
	switch l.kind {
	case 'u':
		b.WriteString(strconv.FormatInt(int64(l.upper|1<<4), 16)[1:])
	case 'U':
		b.WriteString(strconv.FormatInt(int64(l.upper|1<<8), 16)[1:])
	}
}

// read reads the first character of chars, which is of bytes long, in a style. took is 0 where text begins with another
// character.
func read(text, chars string, style byte) (l letter, took, of int) {
	switch {
	case text == "":
		return letter{}, 0, 0
	case style == percent && text[0] == '%':
		return readPercent(text, chars[0])
	case style == percent && text[0] == '+' && chars[0] == ' ':
		return letter{kind: '+'}, 1, 1
	case style == quoted && text[0] == '\\':
		return readQuoted(text, chars)
	case text[0] == chars[0]:
		return letter{kind: 'r'}, 1, 1
	}
	return letter{}, 0, 0
}

// readPercent reads a byte that is escaped in a URL or form.
func readPercent(text string, c byte) (l letter, took, of int) {
	unit, upper, ok := readHex(text, 1, 2)
	if !ok || byte(unit) != c {
		return letter{}, 0, 0
	}
	lower := 3 &^ upper // a decimal digit counts as upper case
	for i := range 2 {
		if text[1+i] <= '9' {
			lower &^= 1 << i
		}
	}
	return letter{kind: byte('a' + lower)}, 3, 1
}

// readHex reads that many hex digits, with a bit for each upper-case letter.
func readHex(text string, from, digits int) (value, upper int, ok bool) {
	if len(text) < from+digits {
		return 0, 0, false
	}
	for i := range digits {
		switch c := text[from+i]; {
		case '0' <= c && c <= '9':
			value = value<<4 | int(c-'0')
		case 'a' <= c && c <= 'f':
			value = value<<4 | int(c-'a'+10)
		case 'A' <= c && c <= 'F':
			value, upper = value<<4|int(c-'A'+10), upper|1<<i
		default:
			return 0, 0, false
		}
	}
	return value, upper, true
}

const shortEscapes, shortMeanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

// readQuoted reads a character that is escaped in a JSON string.
func readQuoted(text, chars string) (l letter, took, of int) {
	if len(text) < 2 {
		return letter{}, 0, 0
	}
	if text[1] != 'u' {
		if i := strings.IndexByte(shortEscapes, text[1]); i >= 0 && shortMeanings[i] == chars[0] {
			return letter{kind: 's'}, 2, 1
		}
		return letter{}, 0, 0
	}
	unit, upper, ok := readHex(text, 2, 4)
	r, of := utf8.DecodeRuneInString(chars)
	if !ok || r == utf8.RuneError && of == 1 {
		return letter{}, 0, 0
	}
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		second, more, ok := readHex(text, 8, 4)
		if !ok || rune(unit) != high || rune(second) != low || text[6:8] != `\u` {
			return letter{}, 0, 0
		}
		return letter{'U', upper | more<<4}, 12, of
	}
	if rune(unit) != r {
		return letter{}, 0, 0
	}
	return letter{'u', upper}, 6, of
}

// shorten replaces repeated letters by a number and the letter. The hex number behind u and U is part of the letter.
func shorten(letters string) string {
	var b strings.Builder
	for letters != "" {
		one := letterAt(letters)
		times := 0
		for strings.HasPrefix(letters, one) {
			letters, times = letters[len(one):], times+1
		}
		if times > 1 {
			b.WriteString(strconv.Itoa(times))
		}
		b.WriteString(one)
	}
	return b.String()
}

func letterAt(letters string) string {
	switch {
	case letters[0] == 'u' && len(letters) >= 2:
		return letters[:2]
	case letters[0] == 'U' && len(letters) >= 3:
		return letters[:3]
	}
	return letters[:1]
}

// write writes a secret in a spelling.
func write(key, spelling string) (string, error) {
	if len(spelling) < 2 {
		return "", errSpelling
	}
	i := slices.IndexFunc(forms[:], func(f form) bool { return f.letter == spelling[0] })
	if i < 0 {
		return "", errSpelling
	}
	chars, letters := forms[i].encode(key), spelling[2:]
	if letters == "" {
		return chars, nil
	}
	var b strings.Builder
	for letters != "" {
		digits := len(letters) - len(strings.TrimLeft(letters, "0123456789"))
		times := 1
		if digits > 0 {
			var err error
			if times, err = strconv.Atoi(letters[:digits]); err != nil || digits == len(letters) {
				return "", errSpelling
			}
		}
		letters = letters[digits:]
		one := letterAt(letters)
		letters = letters[len(one):]
		for range times {
			if chars == "" {
				return "", errSpelling
			}
			n, err := writeOne(&b, chars, one)
			if err != nil {
				return "", err
			}
			chars = chars[n:]
		}
	}
	if chars != "" {
		return "", errSpelling
	}
	return b.String(), nil
}

// writeOne writes the first character of chars and returns its length in bytes.
func writeOne(b *strings.Builder, chars, letter string) (int, error) {
	c := chars[0]
	switch letter[0] {
	case 'r':
		b.WriteByte(c)
	case '+':
		b.WriteByte('+')
	case 's':
		i := strings.IndexByte(shortMeanings, c)
		if i < 0 {
			return 0, errSpelling
		}
		b.WriteString(`\` + shortEscapes[i:i+1])
	case 'a', 'b', 'c', 'd':
		digits := fmt.Appendf(nil, "%02X", c)
		for i := range digits {
			if (letter[0]-'a')>>i&1 == 1 {
				digits[i] = strings.ToLower(string(digits[i]))[0]
			}
		}
		b.WriteString("%" + string(digits))
	case 'u', 'U':
		return writeUnicode(b, chars, letter)
	default:
		return 0, errSpelling
	}
	return 1, nil
}

func writeUnicode(b *strings.Builder, chars, letter string) (int, error) {
	upper, err := strconv.ParseUint(letter[1:], 16, 8)
	r, of := utf8.DecodeRuneInString(chars)
	if err != nil || r == utf8.RuneError && of == 1 {
		return 0, errSpelling
	}
	var escape []byte
	for _, unit := range utf16.Encode([]rune{r}) {
		escape = fmt.Appendf(escape, `\u%04x`, unit)
	}
	bit := 0
	for i := range escape {
		if i%6 < 2 {
			continue
		}
		if upper>>bit&1 == 1 {
			escape[i] = strings.ToUpper(string(escape[i]))[0]
		}
		bit++
	}
	b.Write(escape)
	return of, nil
}
