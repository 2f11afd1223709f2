package sign

import (
	"mime"

	"github.com/barbhq/barb/sign/field"
)

// unwrap replaces the body of a multipart form by the field that holds the scheme's JSON and leaves any other body
// as it is. It refuses a form that parsers read differently, such as one with a duplicate field or a malformed end:
// otherwise the signature could be checked in one field and an application could read another.
func (s *Scheme) unwrap(m *Message) error {
	if s.Wrapped == "" || m.Stream != nil {
		return nil
	}
	kind, n := field.Header(m.Header, "Content-Type")
	media, params, err := mime.ParseMediaType(kind)
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil //nolint:nilerr // not a form: the body stays
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
