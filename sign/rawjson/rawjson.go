// Package rawjson finds a value in JSON text without rewriting the rest.
//
// A path is keys and indexes of arrays joined by dots ("event.type", "0.event"). The text is read in one pass,
// without recursion, and only as far as necessary: the value is a hint for people or is covered by a signature, so
// nesting, numbers or bytes elsewhere that a parser would refuse must not cause an error.
package rawjson

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// MaxScalar is the longest JSON string or number that counts as a value, in bytes as written; ids, types and
// timestamps are far shorter.
const MaxScalar = 8 << 10

// First returns the string or number at a path; of duplicate keys the first counts.
func First(doc []byte, path string) (string, bool) {
	c := cursor{doc: doc}
	for part := range strings.SplitSeq(path, ".") {
		if !c.enter(part) {
			return "", false
		}
	}
	return c.scalar()
}

// cursor is a position in a JSON text. Its methods report false, or stop at the end, when the text is unexpected.
type cursor struct {
	doc []byte
	at  int
}

// peek skips white space and returns the next byte, 0 at the end.
func (c *cursor) peek() byte {
	for c.at < len(c.doc) {
		switch b := c.doc[c.at]; b {
		case ' ', '\t', '\r', '\n':
			c.at++
		default:
			return b
		}
	}
	return 0
}

// take skips white space and then b.
func (c *cursor) take(b byte) bool {
	if c.peek() != b {
		return false
	}
	c.at++
	return true
}

// enter moves from the beginning of an object or array to the value of a key or index.
func (c *cursor) enter(part string) bool {
	if c.take('[') {
		index, err := strconv.Atoi(part)
		if err != nil || index < 0 || c.peek() == ']' {
			return false
		}
		for range index {
			if !c.skip() || !c.take(',') {
				return false
			}
		}
		return true
	}
	if !c.take('{') {
		return false
	}
	for c.peek() == '"' {
		key := c.text()
		if !c.take(':') {
			return false
		}
		if isKey(key, part) {
			return true
		}
		if !c.skip() || !c.take(',') {
			return false
		}
	}
	return false
}

// text moves past a string and returns the bytes between its quotes, still escaped; nil when the string does not end.
func (c *cursor) text() []byte {
	start := c.at + 1
	for end := start; ; end++ {
		i := bytes.IndexByte(c.doc[end:], '"')
		if i < 0 {
			c.at = len(c.doc)
			return nil
		}
		end += i
		if !oddBackslashes(c.doc[start:end]) {
			c.at = end + 1
			return c.doc[start:end]
		}
	}
}

// oddBackslashes reports whether b ends in an odd number of backslashes, so that the next byte is escaped.
func oddBackslashes(b []byte) bool {
	return (len(b)-len(bytes.TrimRight(b, `\`)))%2 == 1
}

// skip moves past a value of any depth.
func (c *cursor) skip() bool {
	for depth := 0; ; {
		switch c.peek() {
		case 0:
			return false
		case '{', '[':
			depth++
			c.at++
		case '}', ']':
			depth--
			c.at++
		case ',', ':':
			c.at++
		case '"':
			if c.text() == nil && c.at == len(c.doc) {
				return false
			}
		default:
			c.bare()
		}
		if depth <= 0 {
			return depth == 0
		}
	}
}

// bare moves past a number or literal and returns it.
func (c *cursor) bare() []byte {
	start := c.at
	for c.at < len(c.doc) && strings.IndexByte("{}[],:\" \t\r\n", c.doc[c.at]) < 0 {
		c.at++
	}
	return c.doc[start:c.at]
}

// scalar returns the string or number at the cursor.
func (c *cursor) scalar() (text string, ok bool) {
	first := c.peek()
	switch {
	case first == '"':
		text, ok = unquote(c.text())
	case first == '-', '0' <= first && first <= '9':
		text = string(c.bare())
		ok = len(text) <= MaxScalar
	}
	if !ok || !c.ended() {
		return "", false
	}
	return text, true
}

// word returns true, false or null as written at the cursor, and does not move the cursor.
func (c cursor) word() (string, bool) {
	c.peek()
	text := string(c.bare())
	return text, (text == "true" || text == "false" || text == "null") && c.ended()
}

// ended reports whether a value ends at the cursor: a number followed by other text is malformed.
func (c *cursor) ended() bool {
	next := c.peek()
	return next == ',' || next == '}' || next == ']' || c.at == len(c.doc)
}

// isKey reports whether a key, still escaped, spells part.
func isKey(key []byte, part string) bool {
	if bytes.IndexByte(key, '\\') < 0 {
		return key != nil && string(key) == part
	}
	text, ok := unquote(key)
	return ok && text == part
}

// unquote decodes the bytes between the quotes of a string.
func unquote(raw []byte) (string, bool) {
	if raw == nil || len(raw) > MaxScalar {
		return "", false
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), true
	}
	var text string
	quoted := append(append([]byte{'"'}, raw...), '"')
	return text, json.Unmarshal(quoted, &text) == nil
}
