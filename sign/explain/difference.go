package explain

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Difference is the place where two texts begin to differ, with its surroundings.
type Difference struct {
	Of     Part // Body, or Message for the URL
	Offset int  // of the first byte that differs, in the received text
	// Have is from the received text, Want from the signed one. Both begin at Start.
	Start      int
	Have, Want []byte
}

// around is the number of bytes shown on either side of a difference.
const around = 12

// differ compares two texts; nil when they are equal.
func differ(of Part, have, want []byte) *Difference {
	at := commonPrefix(have, want)
	if at == len(have) && at == len(want) {
		return nil
	}
	start := max(at-around, 0)
	for start < at && !utf8.RuneStart(have[start]) {
		start++
	}
	return &Difference{Of: of, Offset: at, Start: start, Have: window(have, start, at), Want: window(want, start, at)}
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// window returns a copy of the text around a place, without ending inside a character.
func window(text []byte, start, at int) []byte {
	end := min(at+around, len(text))
	for end < len(text) && end < at+around+utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end++
	}
	return bytes.Clone(text[start:end])
}

// Show makes every byte of a piece visible: line break, carriage return and tab as their Unicode pictures, other
// unprintable bytes as Go escapes.
func Show(piece []byte) string {
	var out strings.Builder
	for text := string(piece); text != ""; {
		r, size := utf8.DecodeRuneInString(text)
		switch picture, ok := pictures()[r]; {
		case ok:
			out.WriteRune(picture)
		case r == utf8.RuneError && size == 1, !strconv.IsPrint(r):
			q := strconv.Quote(text[:size])
			out.WriteString(q[1 : len(q)-1])
		default:
			out.WriteRune(r)
		}
		text = text[size:]
	}
	return out.String()
}

func pictures() map[rune]rune { return map[rune]rune{'\n': '␊', '\r': '␍', '\t': '␉'} }

func quoted(b []byte) string { return strconv.Quote(string(b)) }
