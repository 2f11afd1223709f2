package sign

import (
	"bytes"
	"strconv"
	"strings"
)

// maxElements is how many elements of an array "*" stands for.
const maxElements = 1000

// jsonValue is jsonAt for a path that may hold "*". n is 2 when the elements that it stands for do not agree.
func jsonValue(doc []byte, path string) (value string, n int) {
	before, after, found := strings.Cut(path, ".*.")
	if !found {
		if text, ok := jsonAt(doc, path); ok {
			return text, 1
		}
		return "", 0
	}
	for i := range jsonLen(doc, before) {
		text, ok := jsonAt(doc, before+"."+strconv.Itoa(i)+"."+after)
		if !ok {
			return "", 0
		}
		if i > 0 && text != value {
			return "", 2
		}
		value, n = text, 1
	}
	return value, n
}

// jsonLen is how many elements the array at a path has, 0 when there is none or it has too many.
func jsonLen(doc []byte, path string) int {
	c, ok := jsonEnter(doc, path)
	if !ok || !c.take('[') || c.peek() == ']' {
		return 0
	}
	for n := 1; n <= maxElements; n++ {
		if !c.skip() {
			return 0
		}
		if c.take(']') {
			return n
		}
		if !c.take(',') {
			return 0
		}
	}
	return 0
}

// jsonEnter returns a cursor at the value of a path.
func jsonEnter(doc []byte, path string) (cursor, bool) {
	c := cursor{doc: doc}
	for part := range strings.SplitSeq(path, ".") {
		if !c.enter(part) {
			return c, false
		}
	}
	c.peek()
	return c, true
}

// setJSON returns a copy of doc with the string value at a path: in the place of what is there, or as the last member of
// the deepest object of the path that exists. Every other byte stays.
func setJSON(doc []byte, path, value string) ([]byte, bool) {
	if before, after, found := strings.Cut(path, ".*."); found {
		n := jsonLen(doc, before)
		ok := n > 0
		for i := range n {
			var set bool
			doc, set = setJSON(doc, before+"."+strconv.Itoa(i)+"."+after, value)
			ok = ok && set
		}
		return doc, ok
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
