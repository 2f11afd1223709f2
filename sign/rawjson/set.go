package rawjson

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// errMalformed says that a text on the way to a value is not JSON.
var errMalformed = errors.New("not JSON")

// Set returns a copy of doc with value, which is JSON, at the path. It replaces the present value, or appends a
// member or element to the deepest existing object or array of the path, formatted like the member before it. Every
// other byte stays. A null on the way counts as missing; of duplicate keys the last counts, as in most parsers. The
// error names the part of the path that cannot be entered.
func Set(doc []byte, path Path, value []byte) ([]byte, error) {
	return (&editor{path: path, value: value}).set(doc, 0)
}

// SetText sets a string at a path of Once, where "*" stands for every element of an array. A new member is written
// without blanks. ok is false when the text has no place for the string.
func SetText(doc []byte, path, value string) (out []byte, ok bool) {
	if before, after, found := strings.Cut(path, ".*."); found {
		return EditElements(doc, before, func(element []byte) ([]byte, bool) { return SetText(element, after, value) })
	}
	out, err := (&editor{path: Dotted(path), value: quote(value), compact: true}).set(doc, 0)
	return out, err == nil
}

// EditElements returns a copy of doc with every element of the array at a path edited. ok is false when there is no
// element, or edit refuses one.
func EditElements(doc []byte, path string, edit func(element []byte) (edited []byte, ok bool)) (out []byte, ok bool) {
	elements := extents(doc, path)
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

// editor puts a value at the end of a path.
type editor struct {
	path    Path
	value   []byte
	compact bool // a new member is written without blanks
}

// set returns doc, the value at the first depth steps of the path, with the editor's value at the rest of the path.
func (e *editor) set(doc []byte, depth int) ([]byte, error) {
	if depth == len(e.path) {
		return e.value, nil
	}
	c := cursor{doc: doc}
	opening := c.peek()
	if word, _ := c.word(); word == "null" {
		return e.nest(depth)
	}
	switch opening {
	case '{', '[':
	case '"':
		return nil, fmt.Errorf("%s is text: nothing is below it", e.path[:depth].name())
	default:
		return nil, fmt.Errorf("%s is a number, true or false: nothing is below it", e.path[:depth].name())
	}
	f, err := c.find(e.path, depth)
	switch {
	case err != nil:
		return nil, err
	case !f.there:
		return e.add(doc, &f, depth)
	}
	inner, err := e.set(doc[f.hit.from:f.hit.to], depth+1)
	if err != nil {
		return nil, err
	}
	return slices.Concat(doc[:f.hit.from], inner, doc[f.hit.to:]), nil
}

// member is the position of one element of an array or member of an object.
type member struct {
	lead   extent // blanks before the member
	colon  extent // the bytes between key and value
	extent        // the value
}

// finding is the result of looking for one step of a path in an object or array.
type finding struct {
	hit   member // the member of that step
	there bool
	last  member
	n     int // number of members
	open  int // end of the opening bracket
}

// find looks for a step of a path in the object or array at the cursor.
func (c *cursor) find(path Path, depth int) (finding, error) {
	object := c.peek() == '{'
	index, err := indexOf(path, depth, object)
	if err != nil {
		return finding{}, err
	}
	c.at++
	f := finding{open: c.at}
	for c.peek() != '}' && c.peek() != ']' {
		key, ok := c.member(object, &f)
		if !ok {
			return finding{}, errMalformed
		}
		if object && isKey(key, path[depth].Key) || !object && index == f.n {
			f.hit, f.there = f.last, true
		}
		f.n++
		if !c.take(',') && c.peek() != '}' && c.peek() != ']' {
			return finding{}, errMalformed
		}
	}
	if index > f.n {
		return finding{}, fmt.Errorf("%s has %d elements: the next one is [%d]", path[:depth].name(), f.n, f.n)
	}
	return f, nil
}

// indexOf returns the index of a step's element; -1 in an object.
func indexOf(path Path, depth int, object bool) (int, error) {
	s, name := path[depth], path[:depth].name()
	switch {
	case object && s.Index >= 0:
		return 0, fmt.Errorf("%s is an object, not an array", name)
	case object || s.Index >= 0:
		return s.Index, nil
	}
	n, err := strconv.Atoi(s.Key)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is an array, which has no %q", name, s.Key)
	}
	return n, nil
}

// member reads one element, or one member with its key, into f.last. The cursor stands before its blanks.
func (c *cursor) member(object bool, f *finding) (key []byte, ok bool) {
	var m member
	m.lead.to = c.at
	for m.lead.from = c.at; m.lead.from > f.open && strings.IndexByte(" \t\r\n", c.doc[m.lead.from-1]) >= 0; {
		m.lead.from--
	}
	if object {
		if c.peek() != '"' {
			return nil, false
		}
		key = c.text()
		m.colon.from = c.at
		if !c.take(':') {
			return nil, false
		}
		c.peek()
		m.colon.to = c.at
	}
	m.from = c.at
	ok = c.skip()
	m.to = c.at
	f.last = m
	return key, ok
}

// add appends a new member after the last one.
func (e *editor) add(doc []byte, f *finding, depth int) ([]byte, error) {
	inner, err := e.nest(depth + 1)
	if err != nil {
		return nil, err
	}
	at, lead, colon := f.open, []byte(nil), []byte(":")
	if f.n > 0 {
		at, lead = f.last.to, []byte(",")
	}
	if f.n > 0 && !e.compact {
		lead = append(lead, doc[f.last.lead.from:f.last.lead.to]...)
		colon = doc[f.last.colon.from:f.last.colon.to]
	}
	if doc[f.open-1] == '{' {
		inner = slices.Concat(quote(e.path[depth].Key), colon, inner)
	}
	return slices.Concat(doc[:at], lead, inner, doc[at:]), nil
}

// nest returns the value inside of new objects and arrays for the steps of the path from depth on.
func (e *editor) nest(depth int) ([]byte, error) {
	value := e.value
	for i := len(e.path) - 1; i >= depth; i-- {
		switch s := e.path[i]; {
		case s.Index < 0:
			value = slices.Concat([]byte("{"), quote(s.Key), []byte(":"), value, []byte("}"))
		case s.Index == 0:
			value = slices.Concat([]byte("["), value, []byte("]"))
		default:
			return nil, fmt.Errorf("%s is not there yet: its first element is [0]", e.path[:i].name())
		}
	}
	return value, nil
}

func quote(text string) []byte { return Style{}.Append(nil, []byte(text)) }
