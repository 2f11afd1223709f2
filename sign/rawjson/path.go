package rawjson

import (
	"fmt"
	"strings"
)

// Step is one part of a path: a key, or an element's number.
type Step struct {
	Key   string
	Index int // of an element; -1 when the step was written as a key, which in an array may still be a number
}

// Path is the way from a text to one of its values; the empty path is the text itself.
type Path []Step

// Dotted reads a path as it is written for First and Once: keys and indexes joined by dots.
func Dotted(text string) Path {
	var path Path
	for part := range strings.SplitSeq(text, ".") {
		path = append(path, Step{part, -1})
	}
	return path
}

// String writes a path as jq does: data.items[0].sku, meta["a.b"].
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

// name is the path in an error.
func (p Path) name() string {
	if len(p) == 0 {
		return "the payload"
	}
	return p.String()
}
