// Package body reads the body of a request or an answer as an expression sees it. Content encodings and a byte order
// mark are gone, and JSON, forms and multipart are values. It never changes what is stored or forwarded.
package body

import (
	"bytes"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// Content is a body whose content encodings are undone.
type Content struct {
	contentType string
	data        []byte
}

// Open undoes the content encodings of a body. header is the header that came with it. The error is an *UnpackError for
// a body that unpacks to more than MaxUnpacked. A body that is not encoded as its header says is read as it is, because
// proxies undo an encoding and leave the header.
func Open(header record.Header, data []byte) (*Content, error) {
	data, err := unpack(header.Values("Content-Encoding"), data)
	if err != nil {
		return nil, err
	}
	return &Content{contentType: header.Get("Content-Type"), data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))}, nil
}

// Text returns the body as text. Bytes that are not UTF-8 become U+FFFD.
func (c *Content) Text() string { return strings.ToValidUTF8(string(c.data), "\uFFFD") }

// Value returns the body as a value of nil, bool, string, json.Number, float64, []any and map[string]any, or nil where
// it is none of the following:
//
//   - JSON, whatever its Content-Type. Numbers are json.Number and keep each digit. A number of more than maxDigits
//     digits is a float64, because arithmetic on it would take too long.
//   - A form (application/x-www-form-urlencoded), which becomes an object of strings. A name that is repeated has an
//     array. Names keep their brackets. A body of that type that is a JSON object or array is read as JSON, because
//     curl -d sends JSON with it.
//   - multipart/form-data, which becomes an object as a form does. A file is an object with filename, content_type,
//     size in bytes, and text, which is nil for a file that is not UTF-8. A part of type JSON is parsed.
//
// The field payload of a form or multipart is parsed when it is a JSON object or array, as GitHub and Slack send it.
//
// The error is ErrFields for a form of more than maxFields fields.
func (c *Content) Value() (any, error) {
	media, _, _ := strings.Cut(c.contentType, ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "application/x-www-form-urlencoded":
		if v, ok := compound(c.data); ok {
			return v, nil
		}
		return form(string(c.data))
	case "multipart/form-data":
		return parts(c.contentType, c.data)
	}
	v, _ := JSON(c.data)
	return v, nil
}
