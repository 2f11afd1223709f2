package redact

import (
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// The names of the texts in an exchange; those of fields are followed by their index.
const (
	partURL          = "url"
	partTarget       = "target"
	partHead         = "head"
	partChunks       = "chunks"
	partBody         = "body"
	partField        = "field "
	partTrailer      = "trailer "
	partAnswerHead   = "answer head"
	partAnswerBody   = "answer body"
	partAnswerField  = "answer field "
	answerName       = "answer "
	mostWholeInAText = 64
)

// copyOf returns a copy of the exchange whose texts may be changed without changing x.
func copyOf(x *record.Exchange) *record.Exchange {
	c := *x
	c.Request.Header, c.Request.Trailer = slices.Clone(x.Request.Header), slices.Clone(x.Request.Trailer)
	if x.Response != nil {
		response := *x.Response
		response.Header = slices.Clone(response.Header)
		c.Response = &response
	}
	c.Masks = slices.Clone(x.Masks)
	return &c
}

// edit changes one text of an exchange from own, and reports whether the exchange has that text. A damaged history may
// name any text.
func edit(x *record.Exchange, part string, change func(string) string) bool {
	r := &x.Request
	if strings.HasPrefix(part, answerName) && x.Response == nil {
		return false
	}
	switch part {
	case partURL:
		r.URL = change(r.URL)
	case partTarget:
		r.Target = change(r.Target)
	case partHead:
		r.Head = change(r.Head)
	case partChunks:
		r.Chunks = change(r.Chunks)
	case partBody:
		r.Body = []byte(change(string(r.Body)))
	case partAnswerHead:
		x.Response.Head = change(x.Response.Head)
	case partAnswerBody:
		x.Response.Body = []byte(change(string(x.Response.Body)))
	default:
		f := fieldOf(x, part)
		if f == nil {
			return false
		}
		f.Value = change(f.Value)
	}
	return true
}

// fieldOf returns the header field that a part names, nil when there is none.
func fieldOf(x *record.Exchange, part string) *record.Field {
	at := strings.LastIndexByte(part, ' ') + 1
	var fields record.Header
	switch part[:at] {
	case partField:
		fields = x.Request.Header
	case partTrailer:
		fields = x.Request.Trailer
	case partAnswerField:
		fields = x.Response.Header // edit has checked that there is a response
	}
	if i, err := strconv.Atoi(part[at:]); err == nil && i >= 0 && i < len(fields) {
		return &fields[i]
	}
	return nil
}

// lines yields the position of each value in a head or in the framing of a chunked body.
func lines(head string, do func(name string, from, to int)) {
	for at := 0; at < len(head); {
		end := strings.IndexByte(head[at:], '\n')
		if end < 0 {
			end = len(head) - at
		}
		line := strings.TrimSuffix(head[at:at+end], "\r")
		if name, value, ok := strings.Cut(line, ":"); ok {
			from := at + len(name) + 1 + len(value) - len(strings.TrimLeft(value, " \t"))
			do(name, from, from+len(strings.Trim(value, " \t")))
		}
		at += end + 1
	}
}
