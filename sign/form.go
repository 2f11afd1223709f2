package sign

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
)

// field is one name and value of a form, decoded.
type field struct{ name, value string }

// parseForm decodes a form strictly, in its own order. Empty pairs are passed over.
func parseForm(body []byte) ([]field, bool) {
	var fields []field
	for pair := range bytes.SplitSeq(body, []byte("&")) {
		if len(pair) == 0 {
			continue
		}
		name, value, _ := strings.Cut(string(pair), "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil {
			return nil, false
		}
		fields = append(fields, field{name, value})
	}
	return fields, true
}

// formValue returns the first value of a form field or query parameter, decoded once, and how often it is there. What cannot be decoded is
// not there.
func formValue(form, name string) (value string, n int) {
	for pair := range strings.SplitSeq(form, "&") {
		k, v, _ := strings.Cut(pair, "=")
		if key, err := url.QueryUnescape(k); err != nil || key != name {
			continue
		}
		text, err := url.QueryUnescape(v)
		if err != nil {
			continue
		}
		if n++; n == 1 {
			value = text
		}
	}
	return value, n
}

// setForm puts a field in the place of those of its name, else at the end; every other byte stays.
func setForm(form, name, value string) string {
	set := url.QueryEscape(name) + "=" + url.QueryEscape(value)
	var pairs []string
	done := false
	for pair := range strings.SplitSeq(form, "&") {
		k, _, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(k)
		switch {
		case pair == "":
			continue
		case err != nil || key != name:
			pairs = append(pairs, pair)
		case !done:
			pairs, done = append(pairs, set), true
		}
	}
	if !done {
		pairs = append(pairs, set)
	}
	return strings.Join(pairs, "&")
}

// sortedFields appends a form's names and values without separators, sorted by name; the values of one name are sorted
// too. With unique a value that is there twice counts once.
func sortedFields(dst, form []byte, unique bool) ([]byte, error) {
	fields, ok := parseForm(form)
	if !ok {
		return dst, refuse(MalformedBody, "the body is not a well-formed form")
	}
	slices.SortFunc(fields, func(a, b field) int {
		if by := strings.Compare(a.name, b.name); by != 0 {
			return by
		}
		return strings.Compare(a.value, b.value)
	})
	if unique {
		fields = slices.Compact(fields)
	}
	for _, f := range fields {
		dst = append(append(dst, f.name...), f.value...)
	}
	return dst, nil
}
