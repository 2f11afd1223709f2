// Package edit sets a field of a payload by its path, in JSON or in a form. Every other byte stays: nothing is decoded
// and encoded again.
package edit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/sign/rawjson"
)

// Field is one field to set: data.amount=1200, items[0].sku=x, meta["a.b"]=true. In a form, Path is the field's name.
type Field struct {
	Path  string
	Value string
}

// Parse parses PATH=VALUE. Whether the path exists depends on the body.
func Parse(text string) (Field, error) {
	at := equals(text)
	switch {
	case at < 1:
		return Field{}, fmt.Errorf("%q is not PATH=VALUE", text)
	case !utf8.ValidString(text):
		return Field{}, fmt.Errorf("%q is not UTF-8", text)
	}
	return Field{text[:at], text[at+1:]}, nil
}

// equals returns the index of the "=" outside brackets; -1 when there is none.
func equals(text string) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '=':
			return i
		case strings.HasPrefix(text[i:], `["`):
			end := strings.Index(text[i:], `"]`)
			if end < 0 {
				return -1
			}
			i += end
		}
	}
	return -1
}

// ErrUnstructured is the error for a body without fields.
var ErrUnstructured = errors.New("the payload is neither JSON nor a form")

// Apply returns a copy of the body with the field set. A value that parses as JSON is set as JSON, any other as a
// string. Missing objects on the path are created; an empty body becomes an object.
func (f Field) Apply(body []byte, contentType string) ([]byte, error) {
	if media, _, err := mime.ParseMediaType(contentType); err == nil && media == "application/x-www-form-urlencoded" {
		return f.form(body), nil
	}
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	if !json.Valid(body) {
		return nil, ErrUnstructured
	}
	path, err := parsePath(f.Path)
	if err != nil {
		return nil, err
	}
	return rawjson.Set(body, path, f.json())
}

// json returns the value as JSON.
func (f Field) json() []byte {
	if value := []byte(f.Value); json.Valid(value) {
		return bytes.TrimSpace(value)
	}
	return rawjson.Style{}.Append(nil, []byte(f.Value))
}

// form sets a form's field at the place of the first field of its name, and removes the others.
func (f Field) form(body []byte) []byte {
	field := url.QueryEscape(f.Path) + "=" + url.QueryEscape(f.Value)
	var pairs []string
	done := false
	for pair := range strings.SplitSeq(string(body), "&") {
		name, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		switch {
		case err != nil || name != f.Path || pair == "":
			pairs = append(pairs, pair)
		case !done:
			pairs, done = append(pairs, field), true
		}
	}
	if len(body) == 0 { // it is split into one empty pair
		pairs = nil
	}
	if !done {
		pairs = append(pairs, field)
	}
	return []byte(strings.Join(pairs, "&"))
}

// parsePath parses a path in jq's form: keys after dots, elements and unusual keys in brackets.
func parsePath(text string) (rawjson.Path, error) {
	wrong := fmt.Errorf(`%q is not a path such as data.amount, items[0].sku or meta["a.b"]`, text)
	rest := strings.TrimPrefix(text, ".")
	var path rawjson.Path
	for rest != "" {
		one, behind, ok := cutStep(rest)
		if !ok || behind == "." {
			return nil, wrong
		}
		path, rest = append(path, one), behind
		if after, dotted := strings.CutPrefix(rest, "."); dotted {
			rest = after
		} else if rest != "" && rest[0] != '[' {
			return nil, wrong
		}
	}
	if len(path) == 0 {
		return nil, wrong
	}
	return path, nil
}

func cutStep(text string) (one rawjson.Step, rest string, ok bool) {
	if quoted, found := strings.CutPrefix(text, `["`); found {
		key, rest, closed := strings.Cut(quoted, `"]`)
		return rawjson.Step{Key: key, Index: -1}, rest, closed
	}
	if number, found := strings.CutPrefix(text, "["); found {
		number, rest, closed := strings.Cut(number, "]")
		n, err := strconv.Atoi(number)
		return rawjson.Step{Key: number, Index: n}, rest, closed && err == nil && n >= 0
	}
	end := strings.IndexAny(text, ".[")
	if end < 0 {
		end = len(text)
	}
	return rawjson.Step{Key: text[:end], Index: -1}, text[end:], end > 0
}
