package store

import (
	"database/sql/driver"
	"fmt"
	"slices"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/record"
)

// beginning is an exchange on its way into the tables, made by the caller of Record so that the one writer has less to
// do. It shares memory with the exchange: Record does not return before the writer is done with it.
type beginning struct {
	x               *record.Exchange // as it is kept
	given           *record.Exchange // by the caller, whose ID is set after the commit unless it was added
	url, endpoint   string
	target, proto   driver.Value // nil: as in the head, or "" where there is none
	fields, trailer []byte
	added           bool  // by Add: nothing of it is ever changed
	webhook         int64 // the first exchange of its webhook, once it is in the tables
	ending          ending
}

// ending is how an exchange ended. It shares no memory that the caller of Answer may change.
type ending struct {
	id       int64
	ended    int64 // 1, or ahead.Ended where the answer is recorded before it goes out
	failed   bool
	verdict  int64
	judged   record.Verdict
	took     driver.Value
	phases   record.Phases
	nextIn   int64
	status   driver.Value // nil when nothing came back
	size     int64
	cut      bool
	failure  *record.Failure
	marks    string
	masks    string
	scripted string
	late     record.Lateness // of no provider: it was in time
	exit     driver.Value    // nil when no command was run
	run      driver.Value
	response *answer // nil when there is nothing to keep but the status
}

// answer is a row of the response table.
type answer struct {
	head          string
	proto, reason driver.Value
	fields, body  []byte
	rest          string // the head without its date
	date          driver.Value
	named         bool // it is a part of its exchange and has no row; see appendNamed
}

// verdicts are the codes of the table, by index.
var verdicts = [...]record.VerdictStatus{record.Unchecked, record.Valid, record.Invalid}

// beginning makes the row of a redacted exchange.
func (s *Store) beginning(given *record.Exchange) (*beginning, error) {
	x := s.Redacted(given)
	if x.Kind != record.Sent && x.Kind != record.Received {
		return nil, fault(s.path, fmt.Errorf("exchange is of kind %d, neither sent nor received", x.Kind))
	}
	end, err := s.newEnding(x)
	if err != nil {
		return nil, fault(s.path, err)
	}
	b := &beginning{x: x, given: given, ending: end}
	r := &x.Request
	b.url, b.endpoint = record.SplitURL(r.URL)
	b.trailer = r.Trailer.Pack()
	if r.IsAsItsHead() {
		return b, nil
	}
	told := record.RequestOf(r.Head)
	b.target, b.proto = textUnless(r.Target, r.Target == told.Target), textUnless(r.Proto, r.Proto == told.Proto)
	if !slices.Equal(r.Header, told.Header) {
		b.fields = r.Header.Pack() // maybe of none: nil means that the head tells
	}
	return b, nil
}

func (s *Store) newEnding(x *record.Exchange) (ending, error) {
	code := slices.Index(verdicts[:], x.Verdict.Status)
	if code < 0 {
		return ending{}, fmt.Errorf("verdict is %q, neither valid nor invalid", x.Verdict.Status)
	}
	e := ending{id: x.ID, failed: x.HasFailed(), verdict: int64(code), judged: x.Verdict,
		phases: x.Phases, nextIn: int64(x.NextIn), marks: record.PackMarks(x.Marks), scripted: x.Scripted}
	if x.Ended {
		e.ended = 1
	}
	var err error
	if e.masks, err = record.PackMasks(x.Masks); err != nil {
		return e, err
	}
	if x.Late != nil {
		e.late = *x.Late
	}
	if x.Run != nil {
		e.exit, e.run = int64(x.Run.Exit), int64(x.Run.Took)
	}
	if x.Ended || x.Took != 0 {
		e.took = int64(x.Took)
	}
	if x.Err != nil {
		failure := *x.Err
		e.failure = &failure
	}
	if r := x.Response; r != nil {
		e.status, e.size, e.cut = int64(r.Status), r.Size, r.Cut
		if e.ended == 0 && x.Foreseen { // its head is kept once for many: see Answer
			e.ended = ahead.Ended
		} else {
			e.response = newAnswer(r, s.parsedAnswer(r.Head))
		}
	}
	return e, nil
}

// newAnswer keeps of a response what its status, its size and its head do not say.
func newAnswer(r *record.Response, told *told) *answer {
	a := &answer{head: r.Head, body: slices.Clone(r.Body), rest: told.rest, date: told.date}
	a.proto, a.reason = textUnless(r.Proto, r.Proto == told.Proto), textUnless(r.Reason, r.Reason == told.Reason)
	if !slices.Equal(r.Header, told.Header) {
		a.fields = r.Header.Pack()
	}
	if a.head == "" && a.fields == nil && a.proto == nil && a.reason == nil && len(a.body) == 0 {
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

func textUnless(s string, known bool) driver.Value {
	if known {
		return nil
	}
	return s
}

// bytes is about how much memory the exchange holds while it waits.
func (e *ending) bytes() int {
	if e.response == nil {
		return 0
	}
	return len(e.response.body) + len(e.response.fields)
}
