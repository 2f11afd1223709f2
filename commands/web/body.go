package web

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

// mostShown is how much of a body a page has at first, in bytes. The rest is fetched on request.
const mostShown = 256 << 10

// content is a body as the page shows it.
type content struct {
	Kind   string // JSON, form, XML, text, hex; "" for an empty body
	Size   string
	Type   string // Content-Type
	Pretty markup
	Raw    markup
	Hex    markup
	Left   string // how much is not shown; "" when all is
	Next   int    // where that begins
	Note   string // what was not kept
	Name   string // of the part in addresses: request, response
}

// contentOf makes the view of a body.
func contentOf(name string, body []byte, contentType string) content {
	c := content{Name: name, Size: units.RoundSize(int64(len(body))), Type: contentType}
	if len(body) == 0 {
		return c
	}
	head, whole := body, true
	if len(body) > mostShown {
		head, whole = ui.WholeRunes(body[:mostShown]), false
		c.Next, c.Left = len(head), units.RoundSize(int64(len(body)-len(head)))
	}
	c.Kind, c.Pretty = pretty(head, contentType, whole)
	if c.Kind != "hex" {
		c.Raw = rawText(head)
	}
	c.Hex = hexRows(head[:min(len(head), mostHex)], 0)
	if c.Kind == "hex" && len(head) > mostHex {
		c.Next, c.Left = mostHex, units.RoundSize(int64(len(body)-mostHex))
	}
	return c
}

// mostHex is how much is shown in hex, in bytes.
const mostHex = 16 << 10

// pretty lays a body out by what it is.
func pretty(head []byte, contentType string, whole bool) (kind string, out markup) {
	var w writer
	kind, _, _ = strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case !utf8.Valid(head) || bytes.IndexByte(head, 0) >= 0:
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

// rawText is text as it came, with marks for what cannot be seen: CR, tabs, a byte order mark, a newline at the end.
func rawText(text []byte) markup {
	var w writer
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
		if rest == 0 && end != "" && !isCR { // a CR is seen
			w.html(`<i class=e title="newline">LF</i>`)
		}
		w.html(end)
	}
	return w.done()
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

// hexRows writes bytes in rows of sixteen with their offsets, in hex and as text.
func hexRows(data []byte, offset int) markup {
	var w writer
	for line := range strings.Lines(hex.Dump(data)) {
		w.html(fmt.Sprintf("<b>%06x</b>", offset))
		w.text(strings.TrimSuffix(line[8:], "\n"))
		w.html("\n")
		offset += 16
	}
	return w.done()
}

// kept says what of a body the history does not have.
func kept(have int, size int64) string {
	if size <= int64(have) {
		return ""
	}
	return units.RoundSize(int64(have)) + " of " + units.RoundSize(size) + " were kept"
}

func requestContent(r *record.Request) content {
	c := contentOf("request", r.Body, r.Header.Get("Content-Type"))
	if r.Whole != nil {
		c.Note = kept(len(r.Body), r.Whole.Length)
	}
	return c
}

func responseContent(name string, r *record.Response) content {
	c := contentOf(name, r.Body, r.Header.Get("Content-Type"))
	c.Note = kept(len(r.Body), r.Size)
	return c
}
