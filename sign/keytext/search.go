package keytext

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on the work for one secret.
const (
	maxKeyDepth = 5        // nested encodings and quotings
	maxKeyTexts = 200      // texts that are examined
	maxKeyWork  = 64 << 10 // bytes of these texts
	leastKey    = 43       // characters of 32 bytes in the densest encoding, base64 without padding
	leastLine   = 16       // characters in a line of a key
)

// keySearch looks for a key in a secret. A public key stays public when it is quoted, escaped or encoded once more.
type keySearch struct {
	kind  Kind
	texts int
	work  int
}

// first examines a secret as given: the bytes of a file may be DER that ends in bytes like white space.
func (k *keySearch) first(key []byte) {
	text := Trim(key)
	plain := isPlain(text)
	if !plain && isKeyBytes(key) {
		k.kind = Asymmetric
		return
	}
	if plain && len(text) < leastKey {
		if isKeyText(string(text)) {
			k.kind = Asymmetric
		}
		return // the usual secret
	}
	if !plain && !isText(key) && mayBeKey(key) {
		k.kind = Unknown
	}
	k.read(key, maxKeyDepth, true)
}

// bytes examines decoded bytes. lone says that the secret consists only of them: in the middle of other text, 32
// bytes say nothing.
func (k *keySearch) bytes(b []byte, depth int, lone bool) {
	switch {
	case k.kind == Asymmetric || len(b) < ambiguousSize:
		return
	case isKeyBytes(b):
		k.kind = Asymmetric
		return
	case lone && mayBeKey(b):
		k.kind = Unknown
	}
	k.read(b, depth-1, lone)
}

// read examines a text as it is, in its parts, and decoded.
func (k *keySearch) read(b []byte, depth int, lone bool) {
	if k.kind == Asymmetric || depth == 0 || len(b) == 0 || !k.mayGoOn(len(b)) {
		return
	}
	text, ok := legible(b)
	if !ok {
		return
	}
	text = strings.Trim(text, blanksAndQuotes)
	if isKeyText(text) {
		k.kind = Asymmetric
		return
	}
	if len(text) > MaxKey { // more than any shared secret
		return
	}
	for _, other := range respelled(text) {
		k.read([]byte(other), depth-1, lone)
	}
	if rest, ok := cutAnyPrefix(strings.ToLower(text), secretPrefixes[:]); ok {
		k.decode(text[len(text)-len(rest):], depth, false)
		return
	}
	k.decode(text, depth, lone)
	if len(text) >= leastKey && !isPlain([]byte(text)) {
		k.parts(text, depth, lone)
	}
}

// mayGoOn counts the work, and is false for a secret that has reached the limit.
func (k *keySearch) mayGoOn(n int) bool {
	k.texts++
	k.work += n
	if k.texts > maxKeyTexts || k.texts > 1 && k.work > maxKeyWork {
		k.kind = Unknown
		return false
	}
	return true
}

// parts examines the words of a text, the values of labels such as PUBLIC_KEY=, and all runs of base64. A comment,
// a file name or a second key does not make a key a secret.
func (k *keySearch) parts(text string, depth int, lone bool) {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\"'`,;#|(){}[]<>", r)
	})
	var lines strings.Builder // base64 lines between comments
	for _, word := range words {
		if len(word) >= leastKey && len(word) < len(text) {
			k.read([]byte(word), depth-1, lone)
		}
		if len(word) >= leastLine && isPlain([]byte(word)) {
			lines.WriteString(word)
		}
	}
	k.decode(lines.String(), depth, false)
	if i := strings.IndexByte(text, '='); i > 0 && strings.Contains(strings.ToLower(text[:i]), "pub") {
		k.read([]byte(text[i+1:]), depth-1, lone)
	}
	runs := strings.FieldsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf || !isPlainByte(byte(r)) })
	for _, run := range runs {
		if len(run) >= leastKey && len(run) < len(text) {
			k.decode(run, depth, false)
		}
	}
}

// decode examines the bytes of a text in hex, base64, base32 or base58.
func (k *keySearch) decode(text string, depth int, lone bool) {
	if len(text) < leastKey {
		return
	}
	if b, ok := unhex(text); ok {
		k.bytes(b, depth, lone)
		return // an even number of hex digits is valid base64, but never meant as such
	}
	if b, ok := unbase64(withoutBlanks(text)); ok {
		k.bytes(b, depth, lone)
	}
	if strings.Contains(text, " ") { // a form turns + into a blank
		if b, ok := unbase64(strings.ReplaceAll(text, " ", "+")); ok {
			k.bytes(b, depth, false)
		}
	}
	if b, ok := unbase32(text); ok {
		k.bytes(b, depth, lone)
	}
	if b, ok := unbase58(text); ok {
		k.bytes(b, depth, lone)
	}
	if b, ok := unbase58(strings.TrimPrefix(text, "z")); ok && len(b) > ambiguousSize { // multibase marks base58 with z
		k.bytes(b, depth, lone)
	}
}

// unhex decodes hex in either case, with colons, commas, blanks or line breaks between, and with the prefixes of C
// and of shells.
func unhex(text string) ([]byte, bool) {
	digits := make([]byte, 0, len(text))
	for i, c := range []byte(text) {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
			digits = append(digits, c)
		case (c == 'x' || c == 'X') && i > 0 && text[i-1] == '0':
			digits = digits[:len(digits)-1]
		case c == 'x' && i > 0 && text[i-1] == '\\', strings.IndexByte(":, \t\r\n\\", c) >= 0:
		default:
			return nil, false
		}
	}
	b, err := hex.DecodeString(string(digits))
	return b, err == nil
}

func withoutBlanks(text string) string {
	if !strings.ContainsAny(text, " \t\r\n") {
		return text
	}
	return strings.Join(strings.Fields(text), "")
}

// unbase64 decodes base64 in either alphabet, with or without padding.
func unbase64(text string) ([]byte, bool) {
	if !isPlain([]byte(text)) {
		return nil, false
	}
	text = strings.TrimRight(text, "=")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
		text = strings.NewReplacer("+", "-", "/", "_").Replace(text)
	}
	b, err := encoding.DecodeString(text)
	return b, err == nil
}

// unbase32 decodes base32 (RFC 4648, section 6) in either case.
func unbase32(text string) ([]byte, bool) {
	text = strings.TrimRight(text, "=")
	if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return nil, false
	}
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(text))
	return b, err == nil
}

// unbase58 decodes base58 of 32 to 64 bytes, the encoding of Bitcoin, Solana and did:key. Each letter is a digit,
// and a leading "1" is a zero byte.
func unbase58(text string) ([]byte, bool) {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	if len(text) < leastKey || len(text) > 90 || strings.Trim(text, alphabet) != "" {
		return nil, false
	}
	n := new(big.Int)
	for _, c := range []byte(text) {
		n.Add(n.Mul(n, big.NewInt(int64(len(alphabet)))), big.NewInt(int64(strings.IndexByte(alphabet, c))))
	}
	zeros := len(text) - len(strings.TrimLeft(text, "1"))
	return append(make([]byte, zeros), n.Bytes()...), true
}

const blanksAndQuotes = " \t\r\n\"'`,;"

// respelled returns other readings of a text: with the escapes of JSON and shells decoded, and with URL escapes
// decoded.
func respelled(text string) (others []string) {
	if strings.Contains(text, `\`) {
		others = append(others, unescaped(text))
	}
	if strings.Contains(text, "%") {
		if other, err := url.PathUnescape(text); err == nil {
			others = append(others, other)
		}
	}
	return others
}

// unescaped decodes the escapes of JSON strings and skips invalid ones.
func unescaped(text string) string {
	var out strings.Builder
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, `\`)
		out.WriteString(before)
		if !found || after == "" {
			break
		}
		rest = after[1:]
		switch after[0] {
		case 'n', 'r', 't':
			out.WriteByte('\n')
		case 'u':
			if r, err := strconv.ParseUint(after[1:min(5, len(after))], 16, 16); err == nil && len(after) >= 5 {
				out.WriteRune(rune(r))
				rest = after[5:]
			}
		case 'x':
			out.WriteString(`\x`)
		default:
			out.WriteByte(after[0])
		}
	}
	return out.String()
}

// legible returns a text without invisible characters and with every kind of space as a blank. ok is false for
// bytes that are not text, except for the UTF-16 of some editors.
func legible(b []byte) (string, bool) {
	if isPlain(b) {
		return string(b), true
	}
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		b = bytes.TrimPrefix(b, []byte(mark))
	}
	if zeros := bytes.Count(b, []byte{0}); zeros > 0 && zeros >= len(b)/2-1 {
		b = bytes.ReplaceAll(b, []byte{0}, nil)
	}
	if !utf8.Valid(b) {
		return "", false
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) && r >= utf8.RuneSelf:
			return ' '
		case unicode.Is(unicode.Cf, r), unicode.IsControl(r) && !unicode.IsSpace(r):
			return -1
		}
		return r
	}, string(b)), true
}

// isText reports whether b is text written by a person or a program.
func isText(b []byte) bool {
	return utf8.Valid(b) &&
		!bytes.ContainsFunc(b, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}

// isPlain reports whether b consists of the characters of hex and of base64 in either alphabet, with padding.
func isPlain(b []byte) bool {
	return !slices.ContainsFunc(bytes.TrimRight(b, "="), func(c byte) bool { return !isPlainByte(c) })
}

func isPlainByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '-' ||
		c == '_'
}
