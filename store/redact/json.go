package redact

import (
	"encoding/json"
	"strconv"
	"strings"
)

// values yields the positions of the values at a path of a JSON text: of duplicate keys all, since readers disagree on
// which counts. isText says that a value is a string, and from and to exclude its quotes. A truncated text is read as
// far as possible.
func (p *Place) values(doc string, do func(from, to int, isText bool)) {
	c := cursor{doc: doc, at: len(doc) - len(strings.TrimPrefix(doc, "\ufeff"))}
	c.values(p.path, p.any, do)
}

// cursor is a position in a JSON text. Malformed text moves it to the end.
type cursor struct {
	doc string
	at  int
}

// values reads the value at the cursor and moves past it.
func (c *cursor) values(path []string, any bool, do func(from, to int, isText bool)) {
	first := c.peek()
	if len(path) == 0 {
		from := c.at
		c.skip()
		switch {
		case from >= c.at:
		case first == '"':
			do(from+1, max(from+1, c.at-c.closing(from)), true)
		default:
			do(from, c.at, false)
		}
		return
	}
	switch first {
	case '{':
		c.at++
		for c.peek() == '"' {
			from := c.at
			c.skip()
			key := c.doc[from:c.at]
			if c.peek() != ':' {
				return
			}
			c.at++
			if isKey(key, path[0]) {
				c.values(path[1:], any, do)
			} else {
				c.skip()
			}
			if c.peek() != ',' {
				break
			}
			c.at++
		}
		c.take('}')
	case '[':
		c.at++
		for i := 0; c.peek() != ']' && c.peek() != 0; i++ {
			if any && path[0] == "*" || path[0] == strconv.Itoa(i) {
				c.values(path[1:], any, do)
			} else {
				c.skip()
			}
			if c.peek() != ',' {
				break
			}
			c.at++
		}
		c.take(']')
	default:
		c.skip()
	}
}

// isKey reports whether a quoted key equals name.
func isKey(key, name string) bool {
	if key == `"`+name+`"` {
		return true
	}
	if !strings.Contains(key, `\`) {
		return false
	}
	var text string
	return json.Unmarshal([]byte(key), &text) == nil && text == name
}

// peek skips white space and returns the byte there, 0 at the end.
func (c *cursor) peek() byte {
	for ; c.at < len(c.doc); c.at++ {
		switch b := c.doc[c.at]; b {
		case ' ', '\t', '\r', '\n':
		default:
			return b
		}
	}
	return 0
}

func (c *cursor) take(b byte) {
	if c.peek() == b {
		c.at++
	}
}

// closing returns 1 when the string that begins at from has its closing quote, 0 when the text ends before.
func (c *cursor) closing(from int) int {
	if c.at-from >= 2 && c.doc[c.at-1] == '"' && !c.escaped(from+1, c.at-1) {
		return 1
	}
	return 0
}

// escaped reports whether an odd number of backslashes stands before at.
func (c *cursor) escaped(from, at int) bool {
	text := c.doc[from:at]
	return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1
}

// skip moves past a value of any depth.
func (c *cursor) skip() {
	for depth := 0; ; {
		switch c.peek() {
		case 0:
			return
		case '{', '[':
			depth++
			c.at++
		case '}', ']':
			if depth == 0 {
				return
			}
			depth--
			c.at++
		case ',', ':':
			if depth == 0 {
				return
			}
			c.at++
		case '"':
			c.text()
		default:
			end := strings.IndexAny(c.doc[c.at:], "{}[],:\" \t\r\n")
			if end < 0 {
				end = len(c.doc) - c.at
			}
			c.at += end
		}
		if depth == 0 {
			return
		}
	}
}

// text moves past a string.
func (c *cursor) text() {
	for c.at++; c.at < len(c.doc); c.at++ {
		switch c.doc[c.at] {
		case '\\':
			c.at++
		case '"':
			c.at++
			return
		}
	}
	c.at = min(c.at, len(c.doc))
}
