package sign

import (
	"bytes"
	"strings"
)

// setJSON returns a copy of doc with the string value at a path: in the place of what is there, or as the last member of
// the deepest object of the path that exists. Every other byte stays.
func setJSON(doc []byte, path, value string) ([]byte, bool) {
	if before, after, found := strings.Cut(path, ".*."); found {
		return editEach(doc, jsonElements(doc, before), func(element []byte) ([]byte, bool) {
			return setJSON(element, after, value)
		})
	}
	quoted := appendJSON(nil, []byte(value))
	if c, ok := jsonEnter(doc, path); ok {
		from := c.at
		if !c.skip() {
			return nil, false
		}
		return splice(doc, from, c.at, quoted), true
	}
	return insertJSON(doc, path, quoted)
}

// editEach returns a copy of doc with every element edited.
func editEach(doc []byte, elements []extent, edit func(element []byte) ([]byte, bool)) ([]byte, bool) {
	var out []byte
	end := 0
	for _, e := range elements {
		edited, ok := edit(doc[e.from:e.to])
		if !ok {
			return nil, false
		}
		out = append(append(out, doc[end:e.from]...), edited...)
		end = e.to
	}
	return append(out, doc[end:]...), len(elements) > 0
}

// insertJSON adds the missing end of a path to the object at its beginning.
func insertJSON(doc []byte, path string, value []byte) ([]byte, bool) {
	c, missing := cursor{doc: doc}, path
	for {
		part, rest, deeper := strings.Cut(missing, ".")
		next := c
		if !deeper || !next.enter(part) {
			break
		}
		c, missing = next, rest
	}
	if c.peek() != '{' {
		return nil, false
	}
	empty := cursor{doc: doc, at: c.at + 1}
	isEmpty := empty.peek() == '}'
	if !c.skip() {
		return nil, false
	}
	end := len(bytes.TrimRight(doc[:c.at-1], " \t\r\n"))
	member := nestJSON(strings.Split(missing, "."), value)
	if !isEmpty {
		member = append([]byte{','}, member...)
	}
	return splice(doc, end, end, member), true
}

// nestJSON writes a member whose value lies behind all keys.
func nestJSON(keys []string, value []byte) []byte {
	out := appendJSON(nil, []byte(keys[0]))
	out = append(out, ':')
	if len(keys) == 1 {
		return append(out, value...)
	}
	out = append(append(out, '{'), nestJSON(keys[1:], value)...)
	return append(out, '}')
}

func splice(doc []byte, from, to int, with []byte) []byte {
	out := make([]byte, 0, len(doc)+len(with))
	out = append(append(out, doc[:from]...), with...)
	return append(out, doc[to:]...)
}

// appendJSON writes UTF-8 as JSON.stringify of ECMAScript does: only what must be escaped is.
func appendJSON(dst, text []byte) []byte {
	const digits = "0123456789abcdef"
	short := map[byte]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}
	dst = append(dst, '"')
	for _, b := range text {
		switch escape, ok := short[b]; {
		case ok:
			dst = append(dst, '\\', escape)
		case b < ' ':
			dst = append(dst, '\\', 'u', '0', '0', digits[b>>4], digits[b&15])
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '"')
}
