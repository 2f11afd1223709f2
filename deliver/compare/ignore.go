package compare

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Ignored is what is not compared.
type Ignored struct {
	Status, Headers, Body bool
	Names                 []string // headers in lower case
	Paths                 []path
}

// path is the steps to a JSON value; "[]" is every element of an array.
type path []string

// IgnoreError is the error for a text that names nothing to ignore.
type IgnoreError struct {
	Text string
	At   int // the byte that is wrong
}

// Error says what a text may be.
func (e *IgnoreError) Error() string {
	return fmt.Sprintf("%q is not a path such as .meta.request_id or .items[].id, header:NAME, headers, status or body",
		e.Text)
}

// ParseIgnored reads what is not compared. The error is an *IgnoreError.
func ParseIgnored(texts []string) (all Ignored, err error) {
	for _, text := range texts {
		name, isHeader := strings.CutPrefix(text, "header:")
		switch {
		case text == "status":
			all.Status = true
		case text == "headers":
			all.Headers = true
		case text == "body", text == ".":
			all.Body = true
		case isHeader && name != "":
			all.Names = append(all.Names, strings.ToLower(name))
		case strings.HasPrefix(text, "."):
			p, at := steps(text)
			if at < len(text) {
				return all, &IgnoreError{text, at}
			}
			all.Paths = append(all.Paths, p)
		default:
			return all, &IgnoreError{text, 0}
		}
	}
	return all, nil
}

func (i *Ignored) header(name string) bool { return slices.Contains(i.Names, name) }

// steps splits a path into its steps, and returns where it is no path, or its length.
func steps(text string) (p path, at int) {
	for at < len(text) {
		n := step(text[at:])
		if n == 0 {
			return p, at
		}
		one := text[at : at+n]
		if one != "." { // before a bracket at the beginning
			p = append(p, normal(one))
		}
		at += n
	}
	return p, at
}

// step returns the length of the step that a text begins with, 0 for none.
func step(text string) int {
	switch {
	case strings.HasPrefix(text, ".["):
		return 1
	case strings.HasPrefix(text, `."`):
		return quotedEnd(text, 1)
	case strings.HasPrefix(text, `["`):
		if end := quotedEnd(text, 1); end > 0 && strings.HasPrefix(text[end:], "]") {
			return end + 1
		}
		return 0
	case text[0] == '[':
		end := strings.IndexByte(text, ']')
		if end < 0 || strings.Trim(text[1:end], "0123456789") != "" {
			return 0
		}
		return end + 1
	case text[0] != '.':
		return 0
	}
	end := strings.IndexAny(text[1:], `.["`)
	if end < 0 {
		end = len(text) - 1
	}
	if end == 0 {
		return 0
	}
	return end + 1
}

// quotedEnd returns the end of a quoted name that begins at from, 0 for none.
func quotedEnd(text string, from int) int {
	for i := from + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// normal returns a step as the paths of differences have it: ["a b"] and ."a b" are one.
func normal(step string) string {
	inner := strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(step, "["), "]"), ".")
	var name string
	if strings.HasPrefix(inner, `"`) && json.Unmarshal([]byte(inner), &name) == nil {
		return key(name)
	}
	if strings.HasPrefix(step, ".") {
		return key(inner)
	}
	return step
}

// remove takes the values that the path leads to out of a value. The place of an element of an array stays, with null.
func (p path) remove(v any) {
	last := len(p) == 1
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			switch {
			case key(name) != p[0]:
			case last:
				delete(v, name)
			default:
				p[1:].remove(inner)
			}
		}
	case []any:
		for i, inner := range v {
			switch {
			case p[0] != "[]" && p[0] != index(i):
			case last:
				v[i] = nil
			default:
				p[1:].remove(inner)
			}
		}
	}
}
