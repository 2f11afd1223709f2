package field

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
)

// maxParts is how many fields of a form are looked through; a form with more is refused.
const maxParts = 32

// Part returns the first part of a form that is the field, and how many are, in any spelling.
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
		text, err := io.ReadAll(part) // no longer than the body it is a part of
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
