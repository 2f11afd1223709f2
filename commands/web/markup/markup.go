// Package markup writes what a stranger sent as HTML. It gives no text a meaning: nothing of it becomes an element, a
// link or a script, and what cannot be seen becomes a visible mark.
package markup

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/ui"
)

// HTML is HTML in which all text of a peer is escaped.
type HTML = template.HTML

// writer writes HTML. Its text may be anybody's: what is not plain becomes a visible mark, and nothing of it becomes
// markup.
type writer struct{ strings.Builder }

// html writes markup. It takes constants of this package only.
func (w *writer) html(constant string) { w.WriteString(constant) }

// text writes text that stays on its line: controls, bidirectional and invisible characters become marks.
func (w *writer) text(s string) { w.escaped(s, true) }

// lines writes text whose newlines and tabs stay as they are.
func (w *writer) lines(s string) { w.escaped(s, false) }

func (w *writer) escaped(s string, oneLine bool) {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf-1 {
			if entity := entityOf(c); entity != "" {
				w.WriteString(s[start:i] + entity)
				start = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		bad := r == utf8.RuneError && size == 1
		keep := (r == '\n' || r == '\t') && !oneLine || r == '\r' && !oneLine && strings.HasPrefix(s[i:], "\r\n")
		if bad || !keep && ui.IsUnsafe(r) {
			w.WriteString(s[start:i])
			w.mark(r, s[i], bad)
			start = i + size
		}
		i += size
	}
	w.WriteString(s[start:])
}

func entityOf(c byte) string {
	switch c {
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '&':
		return "&amp;"
	case '"':
		return "&#34;"
	case '\'':
		return "&#39;"
	}
	return ""
}

// mark writes a character that cannot be seen as one that can.
func (w *writer) mark(r rune, first byte, bad bool) {
	name := fmt.Sprintf("U+%04X", r)
	short, known := names[r]
	switch {
	case bad:
		name, short = "not UTF-8", fmt.Sprintf("%02X", first)
	case !known && r < 0x20:
		short = string('\u2400' + r)
	case !known:
		short = name
	}
	fmt.Fprintf(w, `<i class=u title="%s">%s</i>`, name, short)
}

// names are the marks of characters that are met often.
var names = map[rune]string{'\n': "LF", '\r': "CR", '\t': "TAB", 0: "NUL", 0x1b: "ESC", 0x7f: "DEL", 0xfeff: "BOM",
	0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM", 0x202a: "LRE", 0x202b: "RLE",
	0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI"}

// done returns what was written.
func (w *writer) done() HTML { return HTML(w.String()) } //nolint:gosec // all text in it is escaped

// Lines is text in several lines.
func Lines(s string) HTML {
	var w writer
	w.lines(s)
	return w.done()
}

// Line is text in one line.
func Line(s string) HTML {
	var w writer
	w.text(s)
	return w.done()
}

// Short is text in one line, cut to width characters.
func Short(s string, width int) HTML { return Line(Cut(s, width)) }

// Marked is text in one line with a part of it marked.
func Marked(before, part, after string) HTML {
	var w writer
	w.text(before)
	w.html(`<mark>`)
	w.text(part)
	w.html(`</mark>`)
	w.text(after)
	return w.done()
}

// MarkedEnd is text in one line whose end is marked, from the offset at on. Where nothing follows, the mark says so.
func MarkedEnd(text []byte, at int) HTML {
	at = max(min(at, len(text)), 0)
	if at < len(text) {
		return Marked(string(text[:at]), string(text[at:]), "")
	}
	return Line(string(text)) + `<mark><i class=e>end</i></mark>`
}

// Hidden is markup that is shown when it is asked for.
func Hidden(value HTML) HTML {
	return `<details class=secret><summary>hidden: show</summary><span>` + value + `</span></details>`
}

// TextOrHex is text as it came, or the first most bytes in hex of what is not text.
func TextOrHex(data []byte, most int) HTML {
	if !IsText(data) {
		return Hex(data[:min(len(data), most)], 0)
	}
	return Raw(data)
}

// IsText reports whether a body is shown as text: it is UTF-8 without a NUL.
func IsText(data []byte) bool { return bytes.IndexByte(data, 0) < 0 && utf8.Valid(data) }
