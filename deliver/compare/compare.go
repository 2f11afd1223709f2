// Package compare finds the differences of two HTTP messages. JSON and forms are compared by path, text by line,
// headers by name. It judges no difference and prints nothing.
package compare

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/store/body"
	"github.com/barbhq/barb/store/record"
)

// Message is a request or an answer.
type Message struct {
	Status int // 0 for a request, and for an answer that did not come
	Header record.Header
	Body   []byte
}

// Request returns the request of an exchange.
func Request(x *record.Exchange) Message {
	return Message{Header: x.Request.Header, Body: x.Request.Body}
}

// Answer returns the answer of an exchange, the zero value without one.
func Answer(x *record.Exchange) (m Message) {
	if r := x.Response; r != nil {
		m = Message{r.Status, r.Header, r.Body}
	}
	return m
}

// Part is the part of a message that a difference is in.
type Part string

// The parts of a message.
const (
	Status Part = "status"
	Header Part = "header"
	Body   Part = "body"
)

// Difference is one difference of two messages.
type Difference struct {
	Part Part
	Name string // of the header, or the path of a JSON value, or "line 12"; "" for a whole status or body
	Old  *string
	New  *string // of JSON the text of the value; nil where there is none
	JSON bool    // Old and New are JSON
}

// Options says what is not compared, and which headers are.
type Options struct {
	Ignore  Ignored
	Headers []string // only these; nil: all
}

// Messages returns the differences of two messages: the status, then headers in the order of a, then the body.
func Messages(a, b Message, o Options) (all []Difference) {
	if a.Status != b.Status && !o.Ignore.Status {
		all = append(all, Difference{Part: Status, Old: number(a.Status), New: number(b.Status)})
	}
	if !o.Ignore.Headers {
		all = append(all, headers(a.Header, b.Header, &o)...)
	}
	if !o.Ignore.Body && !bytes.Equal(a.Body, b.Body) {
		all = append(all, bodies(a, b, &o)...)
	}
	return all
}

func number(status int) *string {
	if status == 0 {
		return nil
	}
	return new(strconv.Itoa(status))
}

// headers compares fields by their names. The values of a repeated field are compared together.
func headers(a, b record.Header, o *Options) (all []Difference) {
	seen := map[string]bool{}
	for _, f := range slices.Concat(a, b) {
		name := strings.ToLower(f.Name)
		if seen[name] || o.Ignore.header(name) || o.Headers != nil && !slices.Contains(o.Headers, name) {
			continue
		}
		seen[name] = true
		if old, now := values(a, name), values(b, name); !equal(old, now) {
			all = append(all, Difference{Part: Header, Name: name, Old: old, New: now})
		}
	}
	return all
}

func values(h record.Header, name string) *string {
	all := h.Values(name)
	if all == nil {
		return nil
	}
	return new(strings.Join(all, ", "))
}

func equal(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

// bodies compares two bodies that are not the same bytes. JSON that only looks different is equal.
func bodies(a, b Message, o *Options) []Difference {
	old, oldText := open(a)
	now, nowText := open(b)
	switch {
	case isCompound(old) && isCompound(now):
		for _, p := range o.Ignore.Paths {
			p.remove(old)
			p.remove(now)
		}
		var d differ
		d.compare("", old, now)
		return d.found
	case len(a.Body) == 0 || len(b.Body) == 0 || oldText == nil || nowText == nil:
		return []Difference{{Part: Body, Old: shown(a.Body, oldText), New: shown(b.Body, nowText)}}
	}
	return lines(*oldText, *nowText)
}

// open returns a body as a value and as text, nil for what is neither.
func open(m Message) (value any, text *string) {
	c, err := body.Open(m.Header, m.Body)
	if err != nil {
		return nil, nil
	}
	if value, err = c.Value(); err != nil {
		value = nil
	}
	if s := c.Text(); !strings.ContainsRune(s, utf8.RuneError) && !strings.ContainsRune(s, 0) {
		text = &s
	}
	return value, text
}

func isCompound(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// shown returns a body as one text; nil for an empty one.
func shown(data []byte, text *string) *string {
	switch {
	case len(data) == 0:
		return nil
	case text != nil:
		return text
	}
	return new(fmt.Sprintf("%d bytes that are not text", len(data)))
}
