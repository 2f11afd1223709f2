package markup

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/units"
)

// Limits on what is shown of a multipart body at first.
const (
	mostParts     = 200
	mostPartText  = 16 << 10 // bytes of one part
	mostPartBytes = 1 << 10  // bytes of one part in hex
)

// parts writes a multipart body as a table, and reports whether the text is one. Of a body that is not whole, the last
// part is as long as it is there. The content of a file is never more than bytes in hex.
func parts(w *writer, body []byte, contentType string, whole bool) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		return false
	}
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	var rows writer
	n := 0
	for ; ; n++ {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if n == mostParts {
			rows.html(`<tr><td colspan=5>The parts that follow are in the raw body.</td></tr>`)
			break
		}
		if err != nil {
			if whole || n == 0 {
				return false
			}
			break
		}
		data, err := io.ReadAll(part)
		if err != nil && whole {
			return false
		}
		rows.part(part.Header, data, err != nil)
	}
	w.html(`<table class=grid><thead><tr><th scope=col>Name</th><th scope=col>File</th><th scope=col>Type</th>` +
		`<th scope=col>Size</th><th scope=col>Value</th></tr></thead><tbody>` + rows.String() + `</tbody></table>`)
	return n > 0
}

// part writes a row of the table.
func (w *writer) part(head textproto.MIMEHeader, data []byte, isCut bool) {
	disposition := head.Get("Content-Disposition")
	_, params, err := mime.ParseMediaType(disposition)
	name, file := params["name"], params["filename"]
	if err != nil {
		name = disposition
	}
	_, isFile := params["filename"]
	kind := head.Get("Content-Type")
	size := units.RoundSize(int64(len(data)))
	if isCut {
		size = "over " + size
	}
	w.html(`<tr><th scope=row>`)
	w.text(Cut(name, 200))
	w.html(`</th>`)
	for _, cell := range [][2]string{{"file", file}, {"type", kind}, {"size", size}} {
		if cell[1] == "" {
			w.html(`<td></td>`)
			continue
		}
		w.html(`<td data-name="` + cell[0] + `">`)
		w.text(Cut(cell[1], 200))
		w.html(`</td>`)
	}
	w.html(`<td>`)
	w.partValue(data, kind, isFile)
	w.html(`</td></tr>`)
}

// partValue writes the content of a part: a field as it is, JSON with folds, and of a file the first bytes.
func (w *writer) partValue(data []byte, kind string, isFile bool) {
	isJSON := strings.Contains(kind, "json") || strings.HasPrefix(string(data), "{")
	var sub writer
	switch {
	case len(data) == 0:
	case isFile || !IsText(data):
		w.html(`<details class=sub><summary>bytes in hex</summary><pre class="wire hex">`)
		w.html(string(Hex(data[:min(len(data), mostPartBytes)], 0)))
		w.html(`</pre></details>`)
		w.rest(len(data) - mostPartBytes)
	case isJSON && jsonTree(&sub, data, true):
		w.html(`<div class="json wire">` + sub.String() + `</div>`)
	default:
		w.html(`<span class=wire>`)
		w.lines(string(ui.WholeRunes(data[:min(len(data), mostPartText)])))
		w.html(`</span>`)
		w.rest(len(data) - mostPartText)
	}
}

// rest says how many bytes are not shown.
func (w *writer) rest(n int) {
	if n > 0 {
		w.html(` <small>` + units.RoundSize(int64(n)) + ` more</small>`)
	}
}
