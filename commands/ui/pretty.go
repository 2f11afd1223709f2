package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

const (
	// prettyShown is the shown part of a body in bytes.
	prettyShown = 64 << 10
	// prettyDeep is the deepest indented level of JSON; otherwise ten thousand brackets would be fifty million spaces.
	prettyDeep = 24
	// hexShown is the shown part of a binary body in bytes.
	hexShown = 128
)

// Shown selects the details under the line of a webhook.
type Shown struct{ Headers, Body bool }

// Details writes the selected details of a webhook, its response and the responses of apps, indented under its line.
// The bytes in the history stay as they are.
func (p *Printer) Details(h *Hook, shown Shown) {
	r := &h.Request
	if shown.Headers {
		p.detail(p.bold(EscapeLine(r.Method + " " + r.WireTarget() + " " + r.Proto)))
		p.fields(r.Header)
	}
	if shown.Body {
		p.pretty(r.Body, r.Header.Get("Content-Type"), fmt.Sprintf("barb show %d --body", h.ID))
	}
	if h.Response != nil && shown.Headers {
		p.answered("→", h.Response, shown, len(h.Apps) == 0) // otherwise the app's response, which follows, is the same
	}
	for _, app := range h.Apps {
		p.detail(p.faint("app ") + EscapeLine(app.Request.URL) + "  " + p.result(app) + " " + Duration(app.Took))
		if app.Err != nil {
			p.detail(p.bad(Clip(app.Err.Text, 200)))
		}
		if app.Response != nil {
			p.answered("←", app.Response, shown, true)
		}
	}
}

func (p *Printer) answered(arrow string, r *record.Response, shown Shown, whole bool) {
	p.detail(p.faint(arrow) + " " +
		p.bold(EscapeLine(strings.TrimSpace(fmt.Sprintf("%s %d %s", r.Proto, r.Status, r.Reason)))))
	if !whole {
		return
	}
	if shown.Headers {
		p.fields(r.Header)
	}
	if shown.Body {
		p.pretty(r.Body, r.Header.Get("Content-Type"), "--json")
	}
}

func (p *Printer) fields(h record.Header) {
	for _, f := range h {
		p.detail(p.faint(EscapeLine(f.Name)+":") + " " + EscapeLine(f.Value))
	}
}

// detail writes text of one or more lines under another line.
func (p *Printer) detail(text string) {
	for line := range strings.Lines(text) {
		p.Line("    " + strings.TrimSuffix(line, "\n"))
	}
}

// pretty writes a body for people: JSON indented, a form as name = value, the parts of a multipart body likewise, other
// text unchanged, the beginning of anything else in hex; all of it escaped, and at most 64 KiB. whole is the command
// line that prints all of it.
func (p *Printer) pretty(body []byte, contentType, whole string) {
	if len(body) == 0 {
		return
	}
	p.Line("")
	head := body[:min(len(body), prettyShown)]
	if len(body) > len(head) {
		head = WholeRunes(head)
	}
	switch {
	case p.multipart(body, contentType):
		head = body
	case !utf8.Valid(head) || bytes.IndexByte(head, 0) >= 0:
		head = head[:min(len(head), hexShown)]
		p.hex(head)
	case isForm(contentType) && p.form(string(head)):
	case LooksJSON(head, len(head) == len(body)):
		p.detail(Escape(string(indent(head))))
	default:
		p.detail(Escape(string(head)))
	}
	if rest := len(body) - len(head); rest > 0 {
		p.detail(p.faint(fmt.Sprintf("(%s shown, %s more: %s has all)", units.RoundSize(int64(len(head))),
			units.RoundSize(int64(rest)), whole)))
	}
	p.Line("")
}

// WholeRunes returns text without an incomplete character at its end.
func WholeRunes(text []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if c := text[len(text)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(text[len(text)-i:]) {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}

func isForm(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded")
}

// form writes a form's fields in their order, and reports whether the body is a form.
func (p *Printer) form(body string) bool {
	var lines []string
	for pair := range strings.SplitSeq(body, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil {
			return false
		}
		if LooksJSON([]byte(value), true) && strings.ContainsAny(value[:1], "{[") { // Slack's and GitHub's payload=
			lines = append(lines, p.faint(EscapeLine(name)+" =")+"\n"+Escape(string(indent([]byte(value)))))
			continue
		}
		lines = append(lines, p.faint(EscapeLine(name)+" =")+" "+EscapeLine(value))
	}
	for _, line := range lines {
		p.detail(line)
	}
	return true
}

// LooksJSON reports whether text is JSON, or the beginning of JSON if it is not whole.
func LooksJSON(text []byte, whole bool) bool {
	if whole {
		return json.Valid(text)
	}
	if first := bytes.TrimLeft(text, " \t\r\n"); len(first) == 0 || first[0] != '{' && first[0] != '[' {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := d.Token(); err != nil {
			return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		}
	}
}

// indent returns JSON with a line for each member. It changes only blanks between the tokens. The text may end
// anywhere.
func indent(text []byte) []byte {
	var out []byte
	depth, quoted, escaped, fresh := 0, false, false, false
	line := func() {
		out = append(out, '\n')
		for range min(depth, prettyDeep) {
			out = append(out, ' ', ' ')
		}
	}
	for _, c := range text {
		if quoted {
			out = append(out, c)
			quoted, escaped = escaped || c != '"', !escaped && c == '\\'
			continue
		}
		closing := c == '}' || c == ']'
		if strings.IndexByte(" \t\r\n", c) >= 0 {
			continue
		}
		if fresh && !closing { // the first in its brackets; an empty pair stays {}
			line()
		}
		if closing {
			depth--
			if !fresh {
				line()
			}
		}
		out, fresh = append(out, c), c == '{' || c == '['
		switch {
		case fresh:
			depth++
		case c == '"':
			quoted = true
		case c == ',':
			line()
		case c == ':':
			out = append(out, ' ')
		}
	}
	return out
}

// hex writes bytes with their offset, in hex and as text.
func (p *Printer) hex(data []byte) {
	const row = 16
	for at := 0; at < len(data); at += row {
		line := data[at:min(at+row, len(data))]
		text := make([]byte, len(line))
		for i, c := range line {
			if text[i] = c; c < ' ' || c > '~' {
				text[i] = '.'
			}
		}
		p.detail(fmt.Sprintf("%s  %-*s  %s", p.faint(fmt.Sprintf("%04x", at)), 3*row-1, fmt.Sprintf("% x", line), text))
	}
}
