package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxFields is the greatest number of fields of a form: each takes far more memory than its bytes.
const maxFields = 10_000

// ErrFields says that a form has more than maxFields fields.
var ErrFields = fmt.Errorf("the form has more than %d fields", maxFields)

// fields is a form on its way to an object.
type fields struct {
	values map[string]any
	count  int
}

// add adds a field. Names that come again have an array of their values.
func (f *fields) add(name string, value any) error {
	if f.count++; f.count > maxFields {
		return ErrFields
	}
	if text, ok := value.(string); ok && name == "payload" {
		if v, ok := compound([]byte(text)); ok {
			value = v
		}
	}
	switch before, again := f.values[name]; before := before.(type) {
	case repeated:
		f.values[name] = append(before, value)
	default:
		if again {
			value = repeated{before, value}
		}
		f.values[name] = value
	}
	return nil
}

// repeated are the values of a name that came more than once. A single value may be an array itself.
type repeated []any

// object returns the form.
func (f *fields) object() map[string]any {
	for name, value := range f.values {
		if several, ok := value.(repeated); ok {
			f.values[name] = []any(several)
		}
	}
	return f.values
}

// form reads a urlencoded form. An escape that is not one stands for itself. The value of an empty body is nil.
func form(text string) (any, error) {
	text = strings.TrimRight(text, "\r\n")
	if text == "" {
		return nil, nil
	}
	f := fields{values: map[string]any{}}
	for field := range strings.SplitSeq(text, "&") {
		if field == "" {
			continue
		}
		name, value, _ := strings.Cut(field, "=")
		if err := f.add(unescaped(name), unescaped(value)); err != nil {
			return nil, err
		}
	}
	return f.object(), nil
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		text = plain
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// parts reads multipart/form-data. The value is nil when that is malformed or has no part.
func parts(contentType string, data []byte) (any, error) {
	f := fields{values: map[string]any{}}
	switch err := f.read(contentType, data); {
	case errors.Is(err, ErrFields):
		return nil, err
	case err == nil && f.count > 0:
		return f.object(), nil
	}
	return nil, nil
}

// read adds the parts of multipart/form-data.
func (f *fields) read(contentType string, data []byte) error {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return err
	}
	r := multipart.NewReader(bytes.NewReader(data), params["boundary"])
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		value, err := partValue(part)
		if err != nil {
			return err
		}
		if err := f.add(strings.ToValidUTF8(part.FormName(), "\uFFFD"), value); err != nil {
			return err
		}
	}
}

func partValue(part *multipart.Part) (any, error) {
	data, err := io.ReadAll(part)
	if err != nil {
		return nil, err
	}
	contentType := part.Header.Get("Content-Type")
	if name := part.FileName(); name != "" {
		file := map[string]any{"filename": strings.ToValidUTF8(name, "\uFFFD"), "content_type": contentType,
			"size": json.Number(fmt.Sprint(len(data))), "text": nil}
		if utf8.Valid(data) {
			file["text"] = string(data)
		}
		return file, nil
	}
	if media, _, _ := strings.Cut(contentType, ";"); strings.EqualFold(strings.TrimSpace(media), "application/json") {
		if v, ok := JSON(data); ok {
			return v, nil
		}
	}
	return strings.ToValidUTF8(string(data), "\uFFFD"), nil
}
