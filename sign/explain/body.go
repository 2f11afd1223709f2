package explain

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/sign/rawjson"
)

// bodyRow is a way in which a body is damaged. make returns the body that the sender may have signed, made from the
// damaged one. An unchanged result, or an empty one unless the row is about empty bodies, is no candidate.
type bodyRow struct {
	kind          Kind
	change, words string
	make          func(have []byte) []byte
}

const (
	byEditor   = "an editor, a shell or a template added it when the body was saved or passed on"
	byTrim     = "something trimmed the body or read it by lines"
	byTextMode = "something changed the line breaks: a Windows editor, git or FTP in text mode, dos2unix"
	asText     = "something read the body as text and wrote it again"
)

var utf8BOM = []byte{0xef, 0xbb, 0xbf}

func plainRows() []bodyRow {
	return []bodyRow{
		{NewlineAdded, "the body has no newline at its end", byEditor, suffixCut("\n")},
		{NewlineAdded, "the body has no Windows line break at its end", byEditor, suffixCut("\r\n")},
		{NewlineRemoved, "the body has a newline at its end", byTrim, suffixed("\n")},
		{NewlineRemoved, "the body has a Windows line break at its end", byTrim, suffixed("\r\n")},
		{SpaceAdded, "the body has no white space at its end", byEditor,
			func(b []byte) []byte { return bytes.TrimRight(b, " \t\r\n") }},
		{SpaceAdded, "the body has no white space around it", byEditor, bytes.TrimSpace},
		{NewlineRemoved, "the body has two newlines at its end", byTrim, suffixed("\n\n")},
		{BOMAdded, "the body has no byte order mark", "an editor or a file library added the mark",
			func(b []byte) []byte { return bytes.TrimPrefix(b, utf8BOM) }},
		{BOMRemoved, "the body begins with a byte order mark", "something that reads text removed the mark",
			func(b []byte) []byte {
				if bytes.HasPrefix(b, utf8BOM) {
					return nil
				}
				return append(bytes.Clone(utf8BOM), b...)
			}},
		{LineEnds, "the lines of the body end in LF", "something replaced LF with CRLF: a Windows editor, git or FTP " +
			"in text mode", replaced("\r\n", "\n")},
		{LineEnds, "the lines of the body end in CRLF", "something replaced CRLF with LF: text mode, dos2unix, git",
			toCRLF},
		{LineEnds, "the lines of the body end in CR", "something replaced CR with LF", replaced("\n", "\r")},
		{BytesAppended, "the body has no zero bytes at its end",
			"the body was read into a larger buffer, and the whole buffer was passed on",
			func(b []byte) []byte { return bytes.TrimRight(b, "\x00") }},
		{Repeated, "the body is not repeated", "the body was read or written twice", half},
		{Charset, "the body is in Latin-1", "the body was read as Latin-1 and written as UTF-8", toLatin1},
		{Charset, "the body is in Windows-1252", "the body was read as Windows-1252 and written as UTF-8", toWindows1252},
		{Charset, "the body is in UTF-8", "the body was written as Latin-1 or Windows-1252", fromWindows1252},
		{Charset, "the body is in UTF-16, little-endian with a byte order mark", "the body was converted to UTF-8",
			toUTF16("\xff\xfe", binary.LittleEndian)},
		{Charset, "the body is in UTF-16, big-endian with a byte order mark", "the body was converted to UTF-8",
			toUTF16("\xfe\xff", binary.BigEndian)},
		{Charset, "the body is in UTF-16, little-endian", "the body was converted to UTF-8",
			toUTF16("", binary.LittleEndian)},
		{Charset, "the body is in UTF-8", "the body was converted to UTF-16", fromUTF16},
	}
}

// wrapRows are ways in which a whole body is embedded in something else.
func wrapRows() []bodyRow {
	return []bodyRow{
		{StillPacked, "the body is decompressed (gzip)", "the sender signs before it compresses, and the body is " +
			"still compressed",
			ungzip},
		{StillPacked, "the body is decompressed (deflate)", "the sender signs before it compresses, and the body is " +
			"still compressed",
			inflate},
		{StillPacked, "the body is decompressed (br)", "the sender signs before it compresses, and the body is " +
			"still compressed",
			unbrotli},
		{Base64Encoded, "the body is base64-decoded", "API Gateway or a queue encoded the body; in Lambda, " +
			"isBase64Encoded says so", unbase64Body},
		{HexEncoded, "the body is hex-decoded", "a log or a database wrote the body as hex", unhexBody},
		{Stringified, "the body is the text inside the JSON string",
			"JSON.stringify or a similar function was applied to the body twice", unstring},
		{Stringified, "the body is a JSON string that holds this text", "the JSON string was parsed to the text inside",
			restring},
		{BufferJSON, `the body is the bytes listed in {"type":"Buffer"}`, "a Node Buffer was passed through JSON.stringify",
			unbuffer},
		{BytesRepr, "the body is the bytes inside b'…'", "str() or repr() was applied to Python bytes", unrepr},
		{HTMLEscaped, "&quot; and similar entities are characters in the body", "something escaped the body for HTML",
			func(b []byte) []byte { return []byte(html.UnescapeString(string(b))) }},
		{BackslashesAdded, "the body has no backslashes before its quotes",
			"something escaped the body: a shell, PHP's addslashes, a log", unslash},
		{PercentEncoded, "the body is percent-decoded", "something encoded the body for a URL or a form", unpercent},
		{PercentEncoded, "the body is decoded as a form value", "something encoded the body for a URL or a form", unquery},
		{ChunkFraming, "the chunk sizes are removed from the body",
			"the chunks of the transfer encoding were saved together " +
				"with the body", unchunk},
		{HeadIncluded, "the body begins after the empty line", "the headers were saved together with the body", behindHead},
		{FormField, "the body is the value of the form field payload",
			"the sender signs the JSON, and the form around it was kept", formField("payload")},
		{FormUnwrapped, "the body is the form payload=… around the JSON", "the form was parsed before the check",
			func(b []byte) []byte { return []byte("payload=" + url.QueryEscape(string(b))) }},
		{SignedEmptyObject, "the body is {}", "the sender signs {} when it sends no body",
			func([]byte) []byte { return []byte("{}") }},
	}
}

// wrapped makes the bodies that were embedded in something else, with or without a newline.
func wrapped(have []byte, yield func(edit) bool) {
	ends := rows(plainRows()[:6])
	for e := range allOf(have, rows(wrapRows()), enveloped, cutShort, respelled, forms) {
		if !yield(e) {
			return
		}
		for tail := range allOf(e.body, ends) {
			tail.also, tail.kind = []Kind{tail.kind}, e.kind
			tail.change, tail.words = e.change+" and "+strings.TrimPrefix(tail.change, "the body "), e.words
			if !yield(tail) {
				return
			}
		}
	}
}

// edit is a changed body with a description of the change.
type edit struct {
	kind          Kind
	also          []Kind
	change, words string
	body          []byte
}

// editor passes changed bodies to yield until it returns false.
type editor = func(have []byte, yield func(edit) bool)

func rows(table []bodyRow) editor {
	return func(have []byte, yield func(edit) bool) {
		for _, r := range table {
			body := r.make(have)
			if len(body) == 0 || bytes.Equal(body, have) {
				continue
			}
			if !yield(edit{kind: r.kind, change: r.change, words: r.words, body: body}) {
				return
			}
		}
	}
}

// maxBody is the longest body in bytes that is changed: a step on a longer one takes too long.
const maxBody = 16 << 20

// bodies returns a generator of variants with changed bodies; none for a scheme that does not sign the body.
func bodies(ed editor) generator {
	return func(t trial, yield func(variant) bool) {
		if !t.scheme.CoversBody() || len(t.message.Body) > maxBody {
			return
		}
		ed(t.message.Body, func(e edit) bool {
			v := variant{trial: t, kind: e.kind, also: e.also, part: Body, change: e.change, words: e.words}
			v.message.Body = e.body
			return yield(v)
		})
	}
}

func suffixCut(end string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.TrimSuffix(b, []byte(end)) }
}

func suffixed(end string) func([]byte) []byte {
	return func(b []byte) []byte { return append(bytes.Clone(b), end...) }
}

func replaced(from, to string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(from), []byte(to)) }
}

func toCRLF(b []byte) []byte {
	return replaced("\n", "\r\n")(replaced("\r\n", "\n")(b))
}

func half(b []byte) []byte {
	n := len(b) / 2
	if len(b)%2 != 0 || !bytes.Equal(b[:n], b[n:]) {
		return nil
	}
	return b[:n]
}

func unbase64Body(b []byte) []byte {
	if bytes.ContainsAny(b, "{}[]<>\"& ") {
		return nil
	}
	b = bytes.Map(func(r rune) rune {
		if r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, b)
	return unbase64(b)
}

func unhexBody(b []byte) []byte {
	plain := make([]byte, hex.DecodedLen(len(b)))
	if n, err := hex.Decode(plain, bytes.TrimSpace(b)); err == nil {
		return plain[:n]
	}
	return nil
}

// unstring returns the text of a JSON string.
func unstring(b []byte) []byte {
	b = bytes.TrimSpace(b)
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return nil
	}
	text, ok := decodeString(b[1 : len(b)-1])
	if !ok {
		return nil
	}
	return text
}

func restring(b []byte) []byte {
	if !utf8.Valid(b) {
		return nil
	}
	return rawjson.Style{}.Append(nil, b)
}

// unbuffer decodes the JSON.stringify form of a Node Buffer: {"type":"Buffer","data":[123,…]}.
func unbuffer(b []byte) []byte {
	if !bytes.Contains(b[:min(len(b), 64)], []byte(`"Buffer"`)) {
		return nil
	}
	_, list, _ := bytes.Cut(b, []byte{'['})
	list, _, ok := bytes.Cut(list, []byte{']'})
	if !ok {
		return nil
	}
	plain := make([]byte, 0, len(list)/3)
	for number := range bytes.SplitSeq(list, []byte{','}) {
		n, err := strconv.ParseUint(string(bytes.TrimSpace(number)), 10, 8)
		if err != nil {
			return nil
		}
		plain = append(plain, byte(n))
	}
	return plain
}

// unrepr decodes a Python bytes literal.
func unrepr(b []byte) []byte {
	b = bytes.TrimSpace(b)
	if len(b) < 3 || b[0] != 'b' || b[1] != '\'' && b[1] != '"' || b[len(b)-1] != b[1] {
		return nil
	}
	plain := make([]byte, 0, len(b))
	for rest := string(b[2 : len(b)-1]); rest != ""; {
		if strings.HasPrefix(rest, `\'`) || strings.HasPrefix(rest, `\"`) {
			plain, rest = append(plain, rest[1]), rest[2:]
			continue
		}
		r, multibyte, tail, err := strconv.UnquoteChar(rest, 0)
		if err != nil {
			return nil
		}
		if multibyte {
			plain = utf8.AppendRune(plain, r)
		} else {
			plain = append(plain, byte(r))
		}
		rest = tail
	}
	return plain
}

func unslash(b []byte) []byte {
	if !bytes.Contains(b, []byte(`\"`)) {
		return nil
	}
	plain := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			i++
		}
		plain = append(plain, b[i])
	}
	return plain
}

func unquery(b []byte) []byte {
	plain, err := url.QueryUnescape(string(b))
	if err != nil {
		return nil
	}
	return []byte(plain)
}

func behindHead(b []byte) []byte {
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		head, body, ok := bytes.Cut(b, []byte(end))
		if ok && bytes.ContainsRune(head, ':') && !bytes.ContainsAny(head[:1], "{[\"") {
			return body
		}
	}
	return nil
}

// formField returns a function that extracts the value of a form's field.
func formField(name string) func([]byte) []byte {
	return func(b []byte) []byte {
		for pair := range bytes.SplitSeq(b, []byte{'&'}) {
			if value, ok := bytes.CutPrefix(pair, []byte(name+"=")); ok {
				return unquery(value)
			}
		}
		return nil
	}
}

// envelopeFields are the fields in which gateways, queues and frameworks put the body of a request.
var envelopeFields = [...]string{"body", "rawBody", "raw_body", "payload", "data", "message.data", "Message", "detail",
	"content", "json"}

// enveloped yields each field of a JSON body as a body of its own: a text as it is and base64-decoded, or a value.
func enveloped(have []byte, yield func(edit) bool) {
	root, ok := parseJSON(have)
	if !ok || root.kind != '{' {
		return
	}
	for _, field := range envelopeFields {
		value, ok := root.at(field)
		if !ok {
			continue
		}
		e := edit{kind: Enveloped, change: "the body is the value of the field " + field,
			words: "the event of a gateway, a queue or a framework was used instead of the body inside it"}
		for _, body := range value.contents() {
			if e.body = body; !yield(e) {
				return
			}
		}
	}
}

// contents returns the bodies that a JSON value may hold.
func (n *node) contents() [][]byte {
	if n.kind != '"' {
		return [][]byte{n.raw, n.render(&layouts[0], &keepStrings)}
	}
	text, ok := decodeString(n.raw[1 : len(n.raw)-1])
	if !ok || len(text) == 0 {
		return nil
	}
	if plain, err := base64.StdEncoding.DecodeString(string(text)); err == nil {
		return [][]byte{text, plain}
	}
	return [][]byte{text}
}
