package explain

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/barbhq/barb/sign/rawjson"
)

// layout is how a JSON writer puts white space between the tokens.
type layout struct {
	name         string // completes "the body is …"
	comma, colon string
	indent       string // "" writes everything into one line
	newline      string
	events       string // stands behind each element of the outermost array but the last, and behind the whole
	arrays       bool   // arrays and empty containers stay on one line, with a blank inside the brackets
	pad          string
}

var layouts = [...]layout{
	{name: "re-minified", comma: ",", colon: ":"},
	{name: "written with a space after each comma and colon", comma: ", ", colon: ": "},
	{name: "indented by 2 spaces", comma: ",", colon: ": ", indent: "  ", newline: "\n"},
	{name: "indented by 4 spaces", comma: ",", colon: ": ", indent: "    ", newline: "\n"},
	{name: "indented by tabs", comma: ",", colon: ": ", indent: "\t", newline: "\n"},
	{name: "indented as Jackson does", comma: ",", colon: " : ", indent: "  ", newline: "\n", arrays: true},
	{name: "indented by 2 spaces, its lines ending in CRLF", comma: ",", colon: ": ", indent: "  ", newline: "\r\n"},
	{name: "written with CRLF after each event", comma: ",", colon: ":", events: "\r\n"}, // SendGrid
	{name: "written with a space after each colon", comma: ",", colon: ": "},
	{name: "written with a space after each comma", comma: ", ", colon: ":"},
	{name: "indented by 3 spaces", comma: ",", colon: ": ", indent: "   ", newline: "\n"},
	{name: "indented by 1 space", comma: ",", colon: ": ", indent: " ", newline: "\n"},
	{name: "written with spaces inside its braces", comma: ", ", colon: ": ", pad: " "},
}

// stringStyle is how a JSON writer escapes the characters that need no escaping.
type stringStyle struct {
	keep bool // the literals stay as they are
	rawjson.Style
}

var (
	keepStrings = stringStyle{keep: true}
	jsStrings   = stringStyle{}
)

var stringStyles = [...]stringStyle{
	keepStrings,
	jsStrings,
	{Style: rawjson.Style{ASCII: true, DEL: true}},   // Python
	{Style: rawjson.Style{ASCII: true, Slash: true}}, // PHP
	// PHP with JSON_UNESCAPED_UNICODE, Swift
	{Style: rawjson.Style{Slash: true}},
	{Style: rawjson.Style{Also: "<>&", Lines: true}},                              // Go, Rails
	{Style: rawjson.Style{ASCII: true, Upper: true}},                              // some Java and C# libraries
	{Style: rawjson.Style{ASCII: true, Upper: true, Quote: true, Also: "<>&'+`"}}, // System.Text.Json
	{Style: rawjson.Style{Also: "<>&='", Lines: true}},                            // Gson
	{Style: rawjson.Style{ASCII: true, Also: "<>&'"}},                             // Rails with ASCII
	// PHP with the JSON_HEX_ flags
	{Style: rawjson.Style{ASCII: true, Slash: true, Quote: true, Also: "<>&'", Caps: true}},
	// Meta, as its page on webhooks says: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
	{Style: rawjson.Style{ASCII: true, Slash: true, Also: "<%@", Caps: true}},
	{Style: rawjson.Style{ASCII: true, Slash: true, Also: "<%@"}},
}

func (n *node) render(l *layout, s *stringStyle) []byte {
	w := writer{out: make([]byte, 0, len(n.raw)+len(n.raw)/4), layout: l, strings: s}
	w.value(n, 0)
	return w.out
}

// isWritten reports whether the body holds a value exactly as render would write it. Most layouts differ early on.
func (n *node) isWritten(l *layout, s *stringStyle) bool {
	const early = 4 << 10
	w := writer{layout: l, strings: s, limit: early}
	w.value(n, 0)
	at := min(early, len(w.out), len(n.raw))
	return bytes.Equal(w.out[:at], n.raw[:at]) && (len(n.raw) <= early && len(w.out) <= early ||
		bytes.Equal(n.render(l, s), n.raw))
}

type writer struct {
	out     []byte
	layout  *layout
	strings *stringStyle
	limit   int // output size in bytes at which to stop; 0 for none
}

func (w *writer) value(n *node, depth int) {
	switch {
	case w.limit > 0 && len(w.out) > w.limit:
	case n.kind == '{' || n.kind == '[':
		w.container(n, depth)
	case n.kind == '"':
		w.text(n.raw)
	default:
		w.out = append(w.out, n.raw...)
	}
}

func (w *writer) container(n *node, depth int) {
	l := w.layout
	w.out = append(w.out, n.kind)
	oneLine := l.indent == "" || n.kind == '[' && l.arrays || len(n.children) == 0
	pad := l.pad
	if l.arrays && oneLine {
		pad = " "
	}
	if oneLine && (len(n.children) > 0 || l.arrays) {
		w.out = append(w.out, pad...)
	}
	for i, c := range n.children {
		if i > 0 {
			w.out = append(w.out, l.comma...)
			if oneLine && l.arrays {
				w.out = append(w.out, ' ')
			}
			if depth == 0 && n.kind == '[' {
				w.out = append(w.out, l.events...)
			}
		}
		if !oneLine {
			w.line(depth + 1)
		}
		if n.kind == '{' {
			w.text(c.key)
			w.out = append(w.out, l.colon...)
		}
		w.value(c, depth+1)
	}
	switch {
	case !oneLine:
		w.line(depth)
	case len(n.children) > 0:
		w.out = append(w.out, pad...)
	}
	w.out = append(w.out, n.kind+2)
}

func (w *writer) line(depth int) {
	w.out = append(w.out, w.layout.newline...)
	for range depth {
		w.out = append(w.out, w.layout.indent...)
	}
}

// text writes a string literal. A string that cannot be decoded stays as it is.
func (w *writer) text(raw []byte) {
	if w.strings.keep || !w.strings.changes(raw) {
		w.out = append(w.out, raw...)
		return
	}
	text, ok := decodeString(raw[1 : len(raw)-1])
	if !ok {
		w.out = append(w.out, raw...)
		return
	}
	w.out = w.strings.Append(w.out, text)
}

// changes reports whether the style may change a literal: most contain no character whose escaping varies.
func (s *stringStyle) changes(raw []byte) bool {
	for _, c := range raw {
		if c == '\\' || c >= 0x7f || c == '/' || strings.IndexByte("<>&='+`", c) >= 0 {
			return true
		}
	}
	return s.Quote
}

// decodeString decodes the text between the quotes of a JSON string. It refuses half a surrogate pair and an unknown
// escape, because encoding could not restore them.
func decodeString(raw []byte) ([]byte, bool) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw, utf8.Valid(raw)
	}
	to := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			to = append(to, raw[i])
			continue
		}
		if i++; i == len(raw) {
			return nil, false
		}
		if raw[i] == 'u' {
			r, size, ok := decodeUnicode(raw[i-1:])
			if !ok {
				return nil, false
			}
			to = utf8.AppendRune(to, r)
			i += size - 2
			continue
		}
		short := strings.IndexByte(`"\/bfnrt`, raw[i])
		if short < 0 {
			return nil, false
		}
		to = append(to, "\"\\/\b\f\n\r\t"[short])
	}
	return to, utf8.Valid(to)
}

// decodeUnicode decodes \uXXXX, or two of them that are a surrogate pair.
func decodeUnicode(raw []byte) (r rune, size int, ok bool) {
	unit, ok := hex4(raw)
	if !ok || !utf16.IsSurrogate(unit) {
		return unit, 6, ok
	}
	low, ok := hex4(raw[6:])
	r = utf16.DecodeRune(unit, low)
	return r, 12, ok && r != utf8.RuneError
}

func hex4(raw []byte) (rune, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return rune(unit), err == nil
}

// layoutOf returns the index of the layout of a body; -1 when it has none of ours.
func layoutOf(root *node) int {
	return slices.IndexFunc(layouts[:], func(l layout) bool { return root.isWritten(&l, &keepStrings) })
}
