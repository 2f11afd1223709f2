package sign

import (
	"mime"

	"github.com/barbhq/barb/sign/field"
)

// unwrap replaces the body of a multipart form by the field that holds the scheme's JSON. Any other body stays. A form
// that parsers would read in several ways, with the field twice or an end that is none, is refused: the signature is
// checked in one part, and an application may read another.
func (s *Scheme) unwrap(m *Message) error {
	if s.Wrapped == "" || m.Stream != nil {
		return nil
	}
	kind, n := field.Header(m.Header, "Content-Type")
	media, params, err := mime.ParseMediaType(kind)
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil //nolint:nilerr // no form: the body stays
	}
	if n > 1 {
		return refuseTwice("header:Content-Type")
	}
	body, n, err := field.Part(m.Body, params["boundary"], s.Wrapped)
	switch {
	case err != nil:
		return refuse(MalformedBody, "the body is not a well-formed multipart form")
	case n > 1:
		return refuseTwice(Place("form:" + s.Wrapped))
	case n == 1:
		m.Body = body
	}
	return nil
}
