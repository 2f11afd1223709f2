// Package script plays answers that were written down beforehand. One webhook after another gets the next of them, a
// part of the webhooks fails, and an app is cut off where a platform would do it. It decides and does not wait: listen
// does what a listen.Answer says.
package script

import (
	"encoding/json"
	"slices"
	"sort"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// Script is a list of answers. Webhook n gets the n-th of them, and each webhook after the last answer gets that one.
//
// It is written as "500,500,200", "500x3,429;retry-after=2,200", "200;delay=3s", "200;body=@f;header='X: y'" or
// "reset,hang,truncate,200". An answer is a status from 200 to 599, a fault or both, xN times, with its options behind
// semicolons. A value with a comma or a semicolon is quoted, with ' or ".
type Script struct{ items []item }

// item is one answer of a script and the number of the last webhook that gets it.
type item struct {
	until  int64
	status int // 0: as it would be without the script
	header record.Header
	body   []byte
	delay  Span
	fault  listen.Fault
}

// Answer returns the answer to webhook n, counted from 1. Its response is nil where the script leaves that as it would
// be without one. random decides between the two ends of a delay.
func (s *Script) Answer(n int64, random Random) listen.Answer {
	i := sort.Search(len(s.items), func(i int) bool { return s.items[i].until >= n })
	it := &s.items[min(i, len(s.items)-1)]
	a := listen.Answer{Delay: it.delay.At(random.Draw(n, ForDelay)), Fault: it.fault}
	if it.status != 0 {
		a.Response = &record.Response{Status: it.status, Header: it.header, Body: it.body}
	}
	return a
}

// AtOnce reports whether all answers of a script go out whole and without a delay.
func (s *Script) AtOnce() bool {
	return !slices.ContainsFunc(s.items, func(it item) bool { return it.delay.Max > 0 || it.fault.Kind != "" })
}

// complete adds what follows from the rest of an answer: a status where it has a body, and the type of that body.
func (it *item) complete() {
	if it.status == 0 && (it.body != nil || it.header != nil) {
		it.status = 200
	}
	if it.body == nil || it.header.Has("Content-Type") {
		return
	}
	kind := "text/plain; charset=utf-8"
	if json.Valid(it.body) {
		kind = "application/json"
	}
	it.header = append(it.header, record.Field{Name: "Content-Type", Value: kind})
}
