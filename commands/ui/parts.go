package ui

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/units"
)

// Limits on what is shown of a multipart body.
const (
	mostParts    = 200
	mostPartText = 4 << 10 // bytes of one part
)

// multipart writes the parts of a multipart body, and reports whether it is one. A field is name = value. Of a file,
// the name, type and size are written.
func (p *Printer) multipart(body []byte, contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		return false
	}
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	var lines []string
	shown := 0
	for {
		part, err := r.NextRawPart()
		switch {
		case errors.Is(err, io.EOF) && len(lines) > 0:
			p.detail(strings.Join(lines, "\n"))
			return true
		case err != nil:
			return false
		case len(lines) == mostParts || shown >= prettyShown:
			p.detail(strings.Join(append(lines, p.faint("(more parts are in the body)")), "\n"))
			return true
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return false
		}
		lines = append(lines, p.part(part.Header, data))
		shown += len(lines[len(lines)-1])
	}
}

// part is a part of a multipart body in words.
func (p *Printer) part(head textproto.MIMEHeader, data []byte) string {
	_, params, err := mime.ParseMediaType(head.Get("Content-Disposition"))
	name := params["name"]
	if err != nil {
		name = head.Get("Content-Disposition")
	}
	name = p.faint(Clip(name, 200) + " =")
	file, isFile := params["filename"]
	isText := utf8.Valid(data) && bytes.IndexByte(data, 0) < 0
	if isFile || !isText {
		facts := joinNonEmpty(", ", Clip(file, 200), Clip(head.Get("Content-Type"), 200), units.RoundSize(int64(len(data))))
		return fmt.Sprintf("%s (%s)", name, facts)
	}
	if LooksJSON(data, true) && len(data) > 0 && strings.ContainsAny(string(data[:1]), "{[") && len(data) <= mostPartText {
		return name + "\n" + Escape(string(indent(data)))
	}
	text := WholeRunes(data[:min(len(data), mostPartText)])
	if rest := len(data) - len(text); rest > 0 {
		return fmt.Sprintf("%s %s %s", name, Escape(string(text)), p.faint("("+units.RoundSize(int64(rest))+" more)"))
	}
	return name + " " + Escape(string(text))
}
