package sign

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
)

// maxParts is how many fields of a form are looked through; a form with more is refused.
const maxParts = 32

// unwrap replaces the body of a multipart form by the field that holds the scheme's JSON. Any other body stays. A form that
// parsers would read in several ways, with the field twice or an end that is none, is refused: the signature is checked in
// one part, and an application may read another.
func (s *Scheme) unwrap(m *Message) error {
	if s.Wrapped == "" || m.Stream != nil {
		return nil
	}
	kind, n := headerValue(m.Header, "Content-Type")
	media, params, err := mime.ParseMediaType(kind)
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil //nolint:nilerr // no form: the body stays
	}
	if n > 1 {
		return refuseTwice("header:Content-Type")
	}
	body, n, err := formPart(m.Body, params["boundary"], s.Wrapped)
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

// formPart returns the first part of a form that is the field, and how many are, in any spelling.
func formPart(form []byte, boundary, field string) (body []byte, n int, err error) {
	parts := multipart.NewReader(bytes.NewReader(form), boundary)
	for range maxParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return body, n, nil
		}
		if err != nil {
			return nil, 0, err
		}
		text, err := io.ReadAll(part) // no longer than the body it is a part of
		if err != nil {
			return nil, 0, err
		}
		names := partNames(part)
		for _, name := range names {
			if fieldName(name) != fieldName(field) {
				continue
			}
			if n++; n == 1 && len(names) == 1 && name == field {
				body = text
			} else if n == 1 {
				n++ // there in another spelling only
			}
		}
	}
	return nil, 0, errors.New("too many parts")
}

// partNames are the names that a part could be read under: one, or none, unless it was made to be read in several ways.
func partNames(part *multipart.Part) (names []string) {
	for _, disposition := range part.Header["Content-Disposition"] {
		_, params, err := mime.ParseMediaType(disposition)
		if err != nil {
			params = map[string]string{"name": disposition} // what a lenient parser may find in it is not known
		}
		names = append(names, params["name"])
	}
	return names
}
