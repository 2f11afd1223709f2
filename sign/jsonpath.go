package sign

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// maxScalar is the longest JSON string or number that counts as a value; ids, types and timestamps are far shorter.
const maxScalar = 8 << 10

// jsonAt returns the string or number at a path ("event.type", "0.event") of a JSON text; of duplicate keys the first.
//
// It reads only as far as it must, in one pass and without recursion, and does not judge the rest of the text: what is
// asked for here is a hint for people or is covered by a signature, and must not fail because of nesting, numbers or
// bytes elsewhere in the body that a parser would refuse.
func jsonAt(doc []byte, path string) (string, bool) {
	c, ok := jsonEnter(doc, path)
	if !ok {
		return "", false
	}
	return c.scalar()
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

// cursor is a position in a JSON text. Its methods report false, or stop at the end, when the text is not what they
// expect.
type cursor struct {
	doc []byte
	at  int
}

// peek skips white space and returns the byte there, 0 at the end.
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

// enter moves from the beginning of an object or array to the value of its key or index.
func (c *cursor) enter(part string) bool {
	if c.take('[') {
		index, err := strconv.Atoi(part)
		return err == nil && index >= 0 && c.peek() != ']' && c.skipValues(index)
	}
	if !c.take('{') {
		return false
	}
	for c.peek() == '"' {
		key := c.text()
		if !c.take(':') {
			return false
		}
		if string(key) == part || isEscaped(key, part) {
			return true
		}
		if !c.skip() || !c.take(',') {
			return false
		}
	}
	return false
}

func (c *cursor) skipValues(n int) bool {
	for range n {
		if !c.skip() || !c.take(',') {
			return false
		}
	}
	return true
}

// text moves behind a string and returns what stands between its quotes, still escaped; nil when it does not end.
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

// oddBackslashes reports whether b ends in an odd number of backslashes, so that what follows is escaped.
func oddBackslashes(b []byte) bool {
	return (len(b)-len(bytes.TrimRight(b, `\`)))%2 == 1
}

// skip moves behind a value, however deep it nests.
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

// bare moves behind a number or word and returns it.
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
		ok = len(text) <= maxScalar
	}
	if !ok || !c.ended() {
		return "", false
	}
	return text, true
}

// ended reports whether a value ends where the cursor is: a number with more behind it is no number.
func (c *cursor) ended() bool {
	next := c.peek()
	return next == ',' || next == '}' || next == ']' || c.at == len(c.doc)
}

// isEscaped reports whether a key that holds escapes spells part.
func isEscaped(key []byte, part string) bool {
	if bytes.IndexByte(key, '\\') < 0 {
		return false
	}
	text, ok := unquote(key)
	return ok && text == part
}

func unquote(raw []byte) (string, bool) {
	if raw == nil || len(raw) > maxScalar {
		return "", false
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), true
	}
	var text string
	quoted := append(append([]byte{'"'}, raw...), '"')
	return text, json.Unmarshal(quoted, &text) == nil
}
