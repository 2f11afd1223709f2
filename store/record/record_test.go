package record_test

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/record"
)

func answered(kind record.Kind, status int) record.Exchange {
	return record.Exchange{Kind: kind, Attempt: 1, Ended: true, Response: &record.Response{Status: status}}
}

func TestAnOutcomeIsReadOffTheExchange(t *testing.T) {
	failed := &record.Failure{Kind: record.FailTimeout}
	planned := answered(record.Sent, 503)
	planned.NextIn = time.Second
	for name, c := range map[string]struct {
		x       record.Exchange
		want    record.Outcome
		failed  bool
		failure record.FailureKind
	}{
		"sent, 204":              {answered(record.Sent, 204), record.Delivered, false, ""},
		"sent, 300":              {answered(record.Sent, 300), record.Failed, true, ""},
		"sent, 503":              {answered(record.Sent, 503), record.Failed, true, ""},
		"sent, 503, tried again": {planned, record.Retrying, true, ""},
		"sent, no answer": {record.Exchange{Kind: record.Sent, Attempt: 1, Ended: true, Err: failed}, record.Failed,
			true, record.FailTimeout},
		"sent, cut off by a kill": {record.Exchange{Kind: record.Sent, Attempt: 1}, record.Unknown, true, record.FailUnknown},
		"queued":                  {record.Exchange{Kind: record.Sent}, record.Queued, false, ""},
		"received, 399":           {answered(record.Received, 399), record.Accepted, true, ""},
		"received, 400":           {answered(record.Received, 400), record.Rejected, true, ""},
		"received, 499":           {answered(record.Received, 499), record.Rejected, true, ""},
		"received, 500":           {answered(record.Received, 500), record.Failed, true, ""},
		"received, cut off": {record.Exchange{Kind: record.Received, Ended: true, Err: failed}, record.Failed, true,
			record.FailTimeout},
		"received, not answered": {record.Exchange{Kind: record.Received, Ended: true}, record.Pending, false, ""},
		"received, in flight":    {record.Exchange{Kind: record.Received}, record.Pending, false, ""},
		"received, forged": {record.Exchange{Kind: record.Received, Verdict: record.Verdict{Status: record.Invalid}},
			record.Pending, true, ""},
	} {
		if got := c.x.Outcome(); got != c.want || c.x.HasFailed() != c.failed || c.x.FailureKind() != c.failure {
			t.Errorf("%s: %s, failed %t, %q; want %s, %t, %q", name, got, c.x.HasFailed(), c.x.FailureKind(), c.want, c.failed,
				c.failure)
		}
	}
}

func TestKindsVerdictsAndRunsHaveWords(t *testing.T) {
	for got, want := range map[string]string{
		record.Sent.String(): "sent", record.Received.String(): "received", record.Kind(9).String(): "unknown",
		record.Verdict{Status: record.Valid}.Words():                        "valid",
		record.Verdict{Status: record.Invalid, Reason: "expired"}.Words():   "invalid expired",
		record.Verdict{Status: record.Unchecked}.Words():                    "unchecked",
		record.Verdict{Status: record.Unchecked, Reason: "expired"}.Words(): "unchecked expired",
		(&record.Run{Exit: 124}).Words():                                    "timed out",
		(&record.Run{Exit: 126}).Words():                                    "not started",
		(&record.Run{Exit: 0}).Words():                                      "exit 0",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAnExchangeKnowsItsMarks(t *testing.T) {
	x := record.Exchange{Marks: []record.Mark{{Kind: record.Stale}, {Kind: record.Duplicate, Of: 7}}}
	for _, kind := range record.MarkKinds() {
		of, ok := x.Marked(kind)
		if ok != (kind == record.Stale || kind == record.Duplicate) || (of == 7) != (kind == record.Duplicate) {
			t.Errorf("%s: of %d, %t", kind, of, ok)
		}
	}
}

func TestTruncateKeepsTheBeginningAndWhatTheWholeWas(t *testing.T) {
	body := []byte("0123456789")
	marks := make([]record.Mark, 1, 2)
	x := record.Exchange{Request: record.Request{Body: body, Chunks: "a\r\n"}, Marks: marks}
	x.Truncate(len(body))
	if x.Request.Whole != nil || len(x.Request.Body) != 10 || x.Request.Chunks == "" {
		t.Errorf("a body within the limit is changed: %+v", x.Request)
	}
	x.Truncate(4)
	want := record.Request{Body: []byte("0123"), Whole: &record.Whole{Length: 10, SHA256: sha256.Sum256(body)}}
	if d := cmp.Diff(want, x.Request); d != "" {
		t.Error(d)
	}
	if _, ok := x.Marked(record.Truncated); !ok || marks[:2][1].Kind == record.Truncated {
		t.Error("it is not marked, or in the slice of another exchange")
	}
	if x.Request.Body[0] = 'x'; !bytes.Equal(body, []byte("0123456789")) {
		t.Error("the rest of the body is kept in memory")
	}
}

func TestSetPutsAValueInThePlaceOfTheFirst(t *testing.T) {
	h := record.Header{{Name: "a", Value: "1"}, {Name: "X-B", Value: "2"}, {Name: "x-b", Value: "3"},
		{Name: "c", Value: "4"}}
	before := append(record.Header{}, h...)
	want := record.Header{{Name: "a", Value: "1"}, {Name: "x-B", Value: "9"}, {Name: "c", Value: "4"}}
	if d := cmp.Diff(want, h.Set("x-B", "9")); d != "" {
		t.Error(d)
	}
	if got := h.Set("new", "5"); len(got) != 5 || got[4] != (record.Field{Name: "new", Value: "5"}) {
		t.Errorf("%v", got)
	}
	if d := cmp.Diff(before, h); d != "" {
		t.Errorf("the header was changed: %s", d)
	}
}

func TestAHeaderGoesToNetHTTPAndBack(t *testing.T) {
	h := record.Header{{Name: "x-b", Value: "1"}, {Name: "A", Value: "2"}, {Name: "X-B", Value: "3"}}
	web := h.HTTP()
	if d := cmp.Diff(http.Header{"X-B": {"1", "3"}, "A": {"2"}}, web); d != "" {
		t.Error(d)
	}
	want := record.Header{{Name: "A", Value: "2"}, {Name: "X-B", Value: "1"}, {Name: "X-B", Value: "3"}}
	if d := cmp.Diff(want, record.FromHTTP(web)); d != "" {
		t.Error(d)
	}
}
