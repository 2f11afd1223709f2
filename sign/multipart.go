package sign

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
)

// maxParts is how many fields of a form are looked through.
const maxParts = 32

// unwrap replaces the body of a multipart form by the field that holds the scheme's JSON. Any other body stays.
func (s *Scheme) unwrap(m *Message) {
	if s.Wrapped == "" || m.Stream != nil {
		return
	}
	kind, _ := headerValue(m.Header, "Content-Type")
	media, params, err := mime.ParseMediaType(kind)
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return
	}
	form := multipart.NewReader(bytes.NewReader(m.Body), params["boundary"])
	for range maxParts {
		part, err := form.NextPart()
		if err != nil {
			return
		}
		if part.FormName() != s.Wrapped {
			continue
		}
		if json, err := io.ReadAll(part); err == nil { // no longer than the body it is a part of
			m.Body = json
		}
		return
	}
}
