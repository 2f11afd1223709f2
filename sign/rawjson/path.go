package rawjson

import (
	"fmt"
	"strings"
)

// Step is one part of a path: a key, or the index of an element.
type Step struct {
	Key   string
	Index int // -1 when written as a key, which in an array may still be a number
}

// Path is the way from a text to one of its values; the empty path is the text itself.
type Path []Step

// Dotted parses a path in the form of First and Once: keys and indexes joined by dots.
func Dotted(text string) Path {
	var path Path
	for part := range strings.SplitSeq(text, ".") {
		path = append(path, Step{part, -1})
	}
	return path
}

// String returns a path in jq's form: data.items[0].sku, meta["a.b"].
func (p Path) String() string {
	var out strings.Builder
	for _, s := range p {
		switch {
		case s.Index >= 0:
			fmt.Fprintf(&out, "[%d]", s.Index)
		case strings.ContainsAny(s.Key, ".["):
			fmt.Fprintf(&out, "[%q]", s.Key)
		default:
			out.WriteString("." + s.Key)
		}
	}
	return strings.TrimPrefix(out.String(), ".")
}

// name returns the path for an error.
func (p Path) name() string {
	if len(p) == 0 {
		return "the payload"
	}
	return p.String()
}
