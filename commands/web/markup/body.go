package markup

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/units"
)

// Limits on what is shown of a body at first, in bytes.
const (
	MostShown = 256 << 10
	MostHex   = 16 << 10
)

// Body is a body in each of its views.
type Body struct {
	Kind   string // JSON, form, multipart, XML, text, hex; "" for an empty body
	Size   string
	Pretty HTML   // laid out by what it is; "" for text and hex
	Raw    HTML   // "" for what is not text
	Hex    HTML   // of the first MostHex bytes
	Left   string // how much is not shown; "" when all is
	Next   int    // the offset in bytes where that begins
}

// BodyOf writes a body whose Content-Type is that, up to MostShown bytes of it.
func BodyOf(body []byte, contentType string) Body {
	c := Body{Size: units.RoundSize(int64(len(body)))}
	if len(body) == 0 {
		return c
	}
	head, whole := body, true
	if len(body) > MostShown {
		head, whole = ui.WholeRunes(body[:MostShown]), false
		c.Next, c.Left = len(head), units.RoundSize(int64(len(body)-len(head)))
	}
	c.Kind, c.Pretty = pretty(head, contentType, whole)
	isText := IsText(head)
	if isText {
		c.Raw = Raw(head)
	}
	c.Hex = Hex(head[:min(len(head), MostHex)], 0)
	if !isText && len(head) > MostHex {
		c.Next, c.Left = MostHex, units.RoundSize(int64(len(body)-MostHex))
	}
	return c
}

// pretty lays a body out by what it is.
func pretty(head []byte, contentType string, whole bool) (kind string, out HTML) {
	var w writer
	kind, _, _ = strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case strings.HasPrefix(kind, "multipart/") && parts(&w, head, contentType, whole):
		return "multipart", w.done()
	case !IsText(head):
		return "hex", ""
	case kind == "application/x-www-form-urlencoded" && form(&w, string(head)):
		return "form", w.done()
	case jsonTree(&w, head, whole):
		return "JSON", w.done()
	}
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")) {
		var w writer
		if whole && xmlTree(&w, head) {
			return "XML", w.done()
		}
	}
	return "text", ""
}

// Raw is text as it came, with marks for what cannot be seen: CR, tabs, a byte order mark, a newline at the end.
func Raw(text []byte) HTML {
	var w writer
	w.raw(text, true)
	return w.done()
}

// raw writes text as it came; isEnd says that nothing follows it.
func (w *writer) raw(text []byte, isEnd bool) {
	rest := len(text)
	for line := range strings.Lines(string(text)) {
		end := ""
		rest -= len(line)
		if before, ok := strings.CutSuffix(line, "\n"); ok {
			line, end = before, "\n"
		}
		before, isCR := strings.CutSuffix(line, "\r")
		if isCR && end != "" {
			line = before
		}
		w.text(line)
		if isCR && end != "" {
			w.html(`<i class=e title="carriage return">CR</i>`)
		}
		if isEnd && rest == 0 && end != "" && !isCR { // a CR is seen
			w.html(`<i class=e title="newline">LF</i>`)
		}
		w.html(end)
	}
}

// Place writes text as it came, or bytes in hex, with the character marked that begins at an offset. Of a long one the
// most bytes around that place are written; from is the offset where they begin.
func Place(data []byte, at, most int) (out HTML, from int) {
	from = min(max(at-most/2, 0), max(len(data)-most, 0))
	isText := IsText(data)
	if isText {
		for from < at && !utf8.RuneStart(data[from]) {
			from++
		}
	} else {
		from -= from % perRow
	}
	shown := data[from:min(from+most, len(data))]
	at = min(at-from, len(shown))
	var w writer
	if !isText {
		w.hexAt(shown, at, from)
		return w.done(), from
	}
	shown = ui.WholeRunes(shown)
	_, size := utf8.DecodeRune(shown[at:])
	w.raw(shown[:at], false)
	w.html(`<mark>`)
	if size == 0 {
		w.html(`<i class=e>end</i>`)
	}
	w.text(string(shown[at : at+size]))
	w.html(`</mark>`)
	if size == 1 && shown[at] == '\n' {
		w.html("\n")
	}
	w.raw(shown[at+size:], true)
	return w.done(), from
}

// form writes the fields of a form as a table, and reports whether the text is a form.
func form(w *writer, text string) bool {
	var rows writer
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil {
			return false
		}
		rows.html(`<tr><th scope=row>`)
		rows.text(name)
		rows.html(`</th><td>`)
		inner := []byte(value)
		var sub writer
		if strings.HasPrefix(value, "{") && jsonTree(&sub, inner, true) { // payload= of Slack and GitHub
			rows.html(`<div class=json>` + sub.String() + `</div>`)
		} else {
			rows.text(value)
		}
		rows.html(`</td></tr>`)
	}
	w.html(`<table class=fields><tbody>` + rows.String() + `</tbody></table>`)
	return true
}

// xmlTree writes XML with a line for each element, and reports whether the text is XML. Nothing of it is resolved: no
// entity, no reference to another file.
func xmlTree(w *writer, text []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = true
	depth, last := 0, int64(0)
	var out writer
	for n := 0; n < mostNodes; n++ {
		token, err := d.RawToken()
		if err != nil {
			break
		}
		piece := strings.TrimSpace(string(text[last:d.InputOffset()]))
		last = d.InputOffset()
		if _, ok := token.(xml.EndElement); ok {
			depth--
		}
		if piece != "" {
			class := `<span class=k>`
			if _, ok := token.(xml.CharData); ok {
				class = `<span class=s>`
			}
			out.html(strings.Repeat("  ", max(min(depth, deepest), 0)) + class)
			out.lines(piece)
			out.html("</span>\n")
		}
		if _, ok := token.(xml.StartElement); ok && !strings.HasSuffix(piece, "/>") {
			depth++
		} else if ok {
			depth++ // RawToken reports the end of <a/> too, without text
		}
	}
	if int(last) < len(bytes.TrimRight(text, " \r\n\t")) {
		return false
	}
	w.html(`<pre class=wire>` + out.String() + `</pre>`)
	return true
}

// Hex writes bytes in rows of sixteen with their offsets, in hex and as text.
func Hex(data []byte, offset int) HTML {
	var w writer
	for line := range strings.Lines(hex.Dump(data)) {
		w.html(fmt.Sprintf("<b>%06x</b>", offset))
		w.text(strings.TrimSuffix(line[8:], "\n"))
		w.html("\n")
		offset += 16
	}
	return w.done()
}
