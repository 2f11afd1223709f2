package field

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
)

// maxParts is the largest accepted number of fields in a form.
const maxParts = 32

// Part returns the first part of a form with that field name, and how many there are in any spelling.
func Part(form []byte, boundary, name string) (body []byte, n int, err error) {
	parts := multipart.NewReader(bytes.NewReader(form), boundary)
	for range maxParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return body, n, nil
		}
		if err != nil {
			return nil, 0, err
		}
		text, err := io.ReadAll(part) // no longer than the body
		if err != nil {
			return nil, 0, err
		}
		names := partNames(part)
		for _, other := range names {
			if canonical(other) != canonical(name) {
				continue
			}
			if n++; n == 1 && len(names) == 1 && other == name {
				body = text
			} else if n == 1 {
				n++ // occurs only in another spelling
			}
		}
	}
	return nil, 0, errors.New("too many parts")
}

// partNames returns the names under which a parser could read a part: one or none, unless the part is ambiguous.
func partNames(part *multipart.Part) (names []string) {
	for _, disposition := range part.Header["Content-Disposition"] {
		_, params, err := mime.ParseMediaType(disposition)
		if err != nil {
			params = map[string]string{"name": disposition} // a lenient parser may find any name in it
		}
		names = append(names, params["name"])
	}
	return names
}
