package sign

import "strings"

// What is signed of a JSON text is read strictly. Parsers do not agree on which of two equal keys counts (most take the
// last), so a key that is there twice on the way to a signed value would show us one thing and the receiver another.

// maxElements is how many elements of an array are looked at, be it for "*" or for items with a signature each.
const maxElements = 1000

// extent is where a value stands in a text.
type extent struct{ from, to int }

// jsonOnce returns the string or number at a path and how often it is there: 2 when a key of the path is there more than
// once, or when the elements that "*" stands for do not agree.
func jsonOnce(doc []byte, path string) (value string, n int) {
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
	for i, e := range jsonElements(doc, before) {
		text, times := jsonOnce(doc[e.from:e.to], after)
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

// jsonField is jsonOnce for a value of which it also counts whether it is there at all. Words are taken as they are
// written; null is as good as nothing.
func jsonField(doc []byte, path string) (value string, there bool, err error) {
	c, n := enterOnce(doc, path)
	switch {
	case n > 1:
		return "", false, refuse(DuplicateHeader, "body field "+path+" is there more than once")
	case n == 0:
		return "", false, nil
	}
	if word, ok := c.word(); ok {
		return word, word != "null", nil
	}
	text, ok := c.scalar()
	if !ok {
		return "", false, refuse(MalformedField, "body field "+path+" is signed, but neither text nor number")
	}
	return text, true, nil
}

// jsonElements returns where the elements of the array at a path stand; none when there is no array, or one of too many.
func jsonElements(doc []byte, path string) []extent {
	c, n := enterOnce(doc, path)
	if n != 1 || !c.take('[') || c.peek() == ']' {
		return nil
	}
	var all []extent
	for len(all) < maxElements {
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

// enterOnce returns a cursor at the value of a path, and 2 when a key on the way there stands in its object twice.
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

// enterOnce is enter for the only key of its name: it looks at the whole object.
func (c *cursor) enterOnce(part string) (n int) {
	if c.peek() != '{' {
		if c.enter(part) {
			return 1
		}
		return 0
	}
	c.at++
	first := *c
	for n < 2 && c.peek() == '"' {
		key := c.text()
		if !c.take(':') {
			break
		}
		if string(key) == part || isEscaped(key, part) {
			if n++; n == 1 {
				first = *c
			}
		}
		if !c.skip() || !c.take(',') {
			break
		}
	}
	*c = first
	return n
}

// word returns true, false or null.
func (c cursor) word() (string, bool) {
	text := string(c.bare())
	return text, (text == "true" || text == "false" || text == "null") && c.ended()
}
