package store

import (
	"fmt"
	"slices"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// beginning makes the row of a redacted exchange.
func (s *Store) beginning(given *record.Exchange) (*engine.Beginning, error) {
	x := s.Redacted(given)
	if x.Kind != record.Sent && x.Kind != record.Received {
		return nil, s.fault(fmt.Errorf("exchange is of kind %d, neither sent nor received", x.Kind))
	}
	end, err := s.newEnding(x)
	if err != nil {
		return nil, s.fault(err)
	}
	b := &engine.Beginning{X: x, Given: given, Ending: end}
	r := &x.Request
	b.URL, b.Endpoint = record.SplitURL(r.URL)
	b.Trailer = r.Trailer.Pack()
	if r.IsAsItsHead() {
		return b, nil
	}
	told := record.RequestOf(r.Head)
	b.Target, b.Proto = textUnless(r.Target, r.Target == told.Target), textUnless(r.Proto, r.Proto == told.Proto)
	if !slices.Equal(r.Header, told.Header) {
		b.Fields = r.Header.Pack() // maybe of none: nil means that the head tells
	}
	return b, nil
}

func (s *Store) newEnding(x *record.Exchange) (engine.Ending, error) {
	code := slices.Index(engine.Verdicts[:], x.Verdict.Status)
	if code < 0 {
		return engine.Ending{}, fmt.Errorf("verdict is %q, neither valid nor invalid", x.Verdict.Status)
	}
	e := engine.Ending{ID: x.ID, Failed: x.HasFailed(), Verdict: int64(code), Judged: x.Verdict,
		Phases: x.Phases, NextIn: int64(x.NextIn), Marks: record.PackMarks(x.Marks), Scripted: x.Scripted}
	if x.Ended {
		e.Ended = 1
	}
	var err error
	if e.Masks, err = record.PackMasks(x.Masks); err != nil {
		return e, err
	}
	if x.Late != nil {
		e.Late = *x.Late
	}
	if x.Run != nil {
		e.Exit, e.Run = int64(x.Run.Exit), int64(x.Run.Took)
	}
	if x.Ended || x.Took != 0 {
		e.Took = int64(x.Took)
	}
	if x.Err != nil {
		failure := *x.Err
		e.Failure = &failure
	}
	if r := x.Response; r != nil {
		e.Status, e.Size, e.Cut = int64(r.Status), r.Size, r.Cut
		if e.Ended == 0 && x.Foreseen { // its head is kept once for many: see Answer
			e.Ended = ahead.Ended
		} else {
			e.Response = newAnswer(r, s.parsedAnswer(r.Head))
		}
	}
	return e, nil
}

// newAnswer keeps of a response what its status, its size and its head do not say.
func newAnswer(r *record.Response, told *told) *engine.Answer {
	a := &engine.Answer{Head: r.Head, Body: slices.Clone(r.Body), Rest: told.rest, Date: told.date}
	a.Proto, a.Reason = textUnless(r.Proto, r.Proto == told.Proto), textUnless(r.Reason, r.Reason == told.Reason)
	if !slices.Equal(r.Header, told.Header) {
		a.Fields = r.Header.Pack()
	}
	if a.Head == "" && a.Fields == nil && a.Proto == nil && a.Reason == nil && len(a.Body) == 0 {
		return nil
	}
	return a
}

// parsedAnswer is toldBy, which it remembers of the last head: most answers have the same.
func (s *Store) parsedAnswer(head string) *told {
	if last := s.answered.Load(); last != nil && last.Head == head {
		return last
	}
	told := toldBy(head)
	if told.Head != "" {
		s.answered.Store(told)
	}
	return told
}

func textUnless(s string, known bool) any {
	if known {
		return nil
	}
	return s
}

// told is what the head of an answer says, and the head without its date.
type told struct {
	record.Response
	rest string
	date any // nil: nothing was cut out
}

func toldBy(head string) *told {
	t := &told{Response: record.ResponseOf(head)}
	rest, at, ok := record.CutDate(head)
	if t.rest = rest; ok {
		t.date = at
	}
	return t
}
