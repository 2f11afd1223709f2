package rawjson

import (
	"bytes"
	"errors"
	"strings"
)

// A signed JSON text is read strictly. Parsers disagree on which of two equal keys counts (most take the last), so
// with a duplicate key on the way to a signed value, barb and the receiver could read different values.

// MaxElements is how many elements of an array are read, for "*" and for items with a signature each.
const MaxElements = 1000

// Once returns the string or number at a path and how often it occurs: 2 when a key of the path is duplicate, or
// when the elements that "*" stands for differ. A "*" between dots stands for every element of an array.
func Once(doc []byte, path string) (value string, n int) {
	before, after, found := strings.Cut(path, ".*.")
	c, n := enterOnce(doc, before)
	if n != 1 {
		return "", n
	}
	if !found {
		if text, ok := c.scalar(); ok {
			return text, 1
		}
		return "", 0
	}
	n = 0
	for i, element := range Elements(doc, before) {
		text, times := Once(element, after)
		if times != 1 {
			return "", times
		}
		if i > 0 && text != value {
			return "", 2
		}
		value, n = text, 1
	}
	return value, n
}

// Times returns how often a value of any type occurs at a path: 2 when a key on the way is duplicate.
func Times(doc []byte, path string) int {
	_, n := enterOnce(doc, path)
	return n
}

// The errors of Word.
var (
	ErrTwice     = errors.New("a key occurs more than once")
	ErrNotScalar = errors.New("neither text nor number")
)

// Word returns the string or number at a path, or true or false as written. A missing value or null is not there. The
// error is ErrTwice for a duplicate key on the path, and ErrNotScalar for an object, an array or malformed text.
func Word(doc []byte, path string) (value string, there bool, err error) {
	c, n := enterOnce(doc, path)
	switch {
	case n > 1:
		return "", false, ErrTwice
	case n == 0:
		return "", false, nil
	}
	if word, ok := c.word(); ok {
		return word, word != "null", nil
	}
	text, ok := c.scalar()
	if !ok {
		return "", false, ErrNotScalar
	}
	return text, true, nil
}

// Elements returns the elements of the array at a path as slices of doc; none when there is no array, or it has
// more than MaxElements.
func Elements(doc []byte, path string) [][]byte {
	var all [][]byte
	for _, e := range extents(doc, path) {
		all = append(all, doc[e.from:e.to])
	}
	return all
}

// extent is the position of a value in a text.
type extent struct{ from, to int }

// extents returns the positions of the elements of the array at a path, under the terms of Elements.
func extents(doc []byte, path string) []extent {
	c, n := enterOnce(doc, path)
	if n != 1 || !c.take('[') || c.peek() == ']' {
		return nil
	}
	var all []extent
	for len(all) < MaxElements {
		c.peek()
		from := c.at
		if !c.skip() {
			return nil
		}
		all = append(all, extent{from, c.at})
		if c.take(']') {
			return all
		}
		if !c.take(',') {
			return nil
		}
	}
	return nil
}

// enterOnce returns a cursor at the value of a path, and 2 when a key on the way is duplicate.
func enterOnce(doc []byte, path string) (c cursor, n int) {
	c = cursor{doc: doc}
	for part := range strings.SplitSeq(path, ".") {
		if n = c.enterOnce(part); n != 1 {
			return c, n
		}
	}
	c.peek()
	return c, 1
}

// enterOnce does the same as enter but reads the whole object and counts the key. A key in another case counts as
// well, since many parsers ignore case (Go's encoding/json, .NET); if only such a key exists, the count is 2.
func (c *cursor) enterOnce(part string) (n int) {
	if c.peek() != '{' {
		if c.enter(part) {
			return 1
		}
		return 0
	}
	c.at++
	first, exact := *c, false
	for c.peek() == '"' {
		key := c.text()
		if !c.take(':') {
			break
		}
		if isNamed(key, part) {
			n++
			if isKey(key, part) && !exact {
				first, exact = *c, true
			}
		}
		if !c.skip() || !c.take(',') {
			break
		}
	}
	if n > 0 && !exact {
		n++
	}
	*c = first
	return n
}

// isNamed reports whether a key, still escaped, spells part in any case.
func isNamed(key []byte, part string) bool {
	if bytes.IndexByte(key, '\\') < 0 {
		return strings.EqualFold(string(key), part)
	}
	text, ok := unquote(key)
	return ok && strings.EqualFold(text, part)
}

// NamesTwice reports whether an object has a duplicate key, in any case.
func NamesTwice(object []byte) bool {
	c := cursor{doc: object}
	seen := map[string]bool{}
	for c.peek() == '{' || c.peek() == ',' {
		c.at++
		if c.peek() != '"' {
			return false
		}
		text, ok := unquote(c.text())
		text = strings.ToLower(text)
		if seen[text] {
			return true
		}
		seen[text] = true
		if !ok || !c.take(':') || !c.skip() {
			return false
		}
	}
	return false
}
