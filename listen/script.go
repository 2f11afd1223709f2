package listen

import (
	"encoding/json"
	"sort"

	"github.com/barbhq/barb/store/record"
)

// Script is a list of answers. Hook n gets the n-th of them, and the last one from then on.
//
// It is written as "500,500,200", "500x3,429;retry-after=2,200", "200;delay=3s", "200;body=@f;header='X: y'" or
// "reset,hang,truncate,200". An answer is a status from 200 to 599, a fault or both, xN times, and what belongs to it behind
// semicolons. A value with a comma or a semicolon is quoted, with ' or ".
type Script struct{ items []item }

// item is one answer of a script and the last hook that gets it.
type item struct {
	until  int64
	status int // 0: whatever the answer would be
	header record.Header
	body   []byte
	delay  Span
	fault  Fault
}

// Answer is the answer to hook n, from 1. One without a response leaves that as it would be without the script.
func (s *Script) Answer(n int64, dice Dice) Answer {
	i := sort.Search(len(s.items), func(i int) bool { return s.items[i].until >= n })
	it := &s.items[min(i, len(s.items)-1)]
	a := Answer{Delay: it.delay.At(dice.Roll(n, ThrowDelay)), Fault: it.fault}
	if it.status != 0 {
		a.Response = &record.Response{Status: it.status, Header: it.header, Body: it.body}
	}
	return a
}

// Over is an answer laid over another one: what it says holds, and the waits add up.
func (a Answer) Over(under Answer) Answer {
	if a.Response == nil {
		a.Response = under.Response
	}
	if a.Fault.Kind == "" {
		a.Fault = under.Fault
	}
	a.Delay = min(a.Delay+under.Delay, MaxWait)
	return a
}

// complete gives an answer what follows from what it has.
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
