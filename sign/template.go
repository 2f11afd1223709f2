package sign

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/sign/field"
	"github.com/barbhq/barb/sign/rawjson"
)

// Piece is a part of a template: literal text, or a name between braces.
type Piece struct {
	Text  string
	Named bool
}

// Pieces splits a template. An open brace without a closing one is text.
func Pieces(template string) iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		for rest := template; rest != ""; {
			var p Piece
			if p, rest = nextPiece(rest); !yield(p) {
				return
			}
		}
	}
}

// nextPiece returns the first piece of a template, and the rest.
func nextPiece(template string) (Piece, string) {
	open := strings.IndexByte(template, '{')
	if open > 0 {
		return Piece{Text: template[:open]}, template[open:]
	}
	if end := strings.IndexByte(template, '}'); open == 0 && end > 0 {
		return Piece{Text: template[1:end], Named: true}, template[end+1:]
	}
	return Piece{Text: template}, ""
}

// cutBody splits a template at its first piece made of the body. name is "" when there is no such piece.
func cutBody(template string) (before, name, after string) {
	open := strings.Index(template, "{body")
	if open < 0 {
		return template, "", ""
	}
	p, rest := nextPiece(template[open:])
	return template[:open], p.Text, rest
}

// separator returns the text that follows {name} in a template, which shows a reader where the value ends.
func separator(template, name string) string {
	_, after, _ := strings.Cut(template, "{"+name+"}")
	if p, _ := nextPiece(after); !p.Named {
		return p.Text
	}
	return ""
}

// Fill replaces each name between braces in a template by value(name).
func Fill(template string, value func(name string) (string, error)) (string, error) {
	var b strings.Builder
	for p := range Pieces(template) {
		text := p.Text
		if p.Named {
			var err error
			if text, err = value(p.Text); err != nil {
				return "", err
			}
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// values are the values of the names in a template.
type values struct {
	m               *Message
	id, time, nonce string
	auth            Auth // of the key that signs
	signing         bool
	// item returns the value of "name=" in the signature; when signing, the param of that name.
	item func(name string) (string, bool)
}

// expand appends a template's text to dst. key is the value of {secret}.
func (v *values) expand(dst []byte, template string, key []byte) ([]byte, error) {
	for template != "" {
		var p Piece
		p, template = nextPiece(template)
		if !p.Named {
			dst = append(dst, p.Text...)
			continue
		}
		var err error
		from := len(dst)
		if dst, err = v.append(dst, p.Text, key); err != nil {
			return dst, err
		}
		if err = checkEnd(p.Text, dst[from:], template); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// checkEnd refuses a header, field or item that contains the text that follows it in the template: its end could
// pass for the next part under the same signature.
func checkEnd(name string, value []byte, rest string) error {
	kind, field, _ := strings.Cut(name, ".")
	next, _ := nextPiece(rest)
	if kind != "header" && kind != "json" && kind != "item" || next.Named || next.Text == "" ||
		!bytes.Contains(value, []byte(next.Text)) {
		return nil
	}
	return refuse(MalformedField, kind+" "+field+" contains what separates the signed parts")
}

func (v *values) append(dst []byte, name string, key []byte) ([]byte, error) {
	switch name {
	case "ts":
		return append(dst, v.time...), nil
	case "id":
		return append(dst, v.id...), nil
	case "method":
		return append(dst, v.m.Method...), nil
	case "secret":
		return append(dst, key...), nil
	case "lb":
		return append(dst, '{'), nil
	case "rb":
		return append(dst, '}'), nil
	case "url", "path":
		return v.appendURL(dst, name)
	case "body":
		return append(dst, v.m.Body...), nil
	case "body|json":
		if !utf8.Valid(v.m.Body) { // two such bodies could become the same text
			return dst, refuse(MalformedBody, "the body is not UTF-8, so it cannot be a JSON string")
		}
		return rawjson.Style{}.Append(dst, v.m.Body), nil
	case "form|sorted":
		return sortedFields(dst, v.m.Body, false)
	case "body|sha256hex", "body|crc32":
		sum := bodySum(name)
		_, _ = sum.Write(v.m.Body)
		return sum.appendTo(dst), nil
	}
	return v.appendField(dst, name)
}

func (v *values) appendURL(dst []byte, name string) ([]byte, error) {
	if v.m.URL == "" {
		return dst, refuse(MissingURL, "this scheme signs the URL as the sender knows it")
	}
	if name == "path" {
		return append(dst, field.Path(v.m.URL)...), nil
	}
	return append(dst, v.m.URL...), nil
}

func (v *values) appendField(dst []byte, name string) ([]byte, error) {
	kind, rest, _ := strings.Cut(name, ".")
	switch kind {
	case "param":
		value, err := param(v.m, rest)
		return append(dst, value...), err
	case "item":
		value, ok := v.item(rest)
		switch {
		case !ok && v.signing:
			return dst, missingParam(rest, " is part of the signature and is signed, so it must be given")
		case !ok:
			return dst, refuse(MissingField, rest+"= is signed but missing from the signature")
		}
		return append(dst, value...), nil
	}
	place := Place(kind + ":" + rest)
	value, n := place.Read(v.m)
	switch {
	case n == 0:
		return dst, refuse(MissingField, kind+" "+rest+" is signed but missing")
	case n > 1:
		return dst, refuseTwice(place)
	}
	return append(dst, value...), nil
}

func missingParam(name, why string) error {
	return &Error{Reason: MissingParam, Detail: name + why, Param: name}
}

// param returns a signed value that is not part of the request.
func param(m *Message, name string) (string, error) {
	value := m.Params[name]
	if value == "" {
		return "", missingParam(name, " is signed but not part of the request, so it must be given")
	}
	return value, CheckValue(MissingParam, "param "+name, value)
}

// summing computes a digest of the body for a template.
type summing interface {
	io.Writer
	appendTo(dst []byte) []byte
}

// bodySum returns the digest for a name that begins with "body|".
func bodySum(name string) summing {
	if name == "body|crc32" {
		return new(crcSum)
	}
	return hexSum{sha256.New()}
}

// crcSum is a CRC-32 (IEEE) written as PayPal writes it: an unsigned decimal number.
type crcSum uint32

func (c *crcSum) Write(b []byte) (int, error) {
	*c = crcSum(crc32.Update(uint32(*c), crc32.IEEETable, b))
	return len(b), nil
}

func (c *crcSum) appendTo(dst []byte) []byte { return strconv.AppendUint(dst, uint64(*c), 10) }

// hexSum is a SHA-256 written in hex.
type hexSum struct{ hash.Hash }

func (h hexSum) appendTo(dst []byte) []byte { return hex.AppendEncode(dst, h.Sum(nil)) }
