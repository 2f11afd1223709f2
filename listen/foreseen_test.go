package listen_test

import (
	"context"
	"regexp"
	"slices"
	"testing"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// foreseer is a shelf whose server knows each answer before it records.
type foreseer struct {
	*shelf
	recording func()
}

func (f foreseer) Record(ctx context.Context, x *record.Exchange) error {
	if x.Response == nil || !x.Foreseen || x.Ended {
		panic("it is recorded without its answer")
	}
	if f.recording != nil {
		f.recording()
	}
	return f.shelf.Record(ctx, x)
}

// certain is a hook that knows its answer.
type certain struct{ hooked }

func (certain) Foreseen() *record.Response { return &record.Response{Status: 200} }

var date = regexp.MustCompile(`Date: [^\r]*`)

// Two servers answer the same requests, one before and one after it records them. Their answers have the same bytes,
// and the exchanges the same fields.
func TestAForeseenAnswerIsTheSameAnswer(t *testing.T) {
	t.Parallel()
	after := serve(t, server{})
	shelf := newShelf()
	before := serve(t, server{Recorder: foreseer{shelf: shelf}, Foreseen: true})
	for _, c := range []string{
		hook, hook + hook + hook,
		"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" + hook,
		"POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
		"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n" + hook,
		"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + hook, "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + hook,
	} {
		want, got := date.ReplaceAllString(after.talk(t, c), ""), date.ReplaceAllString(before.talk(t, c), "")
		if want != got || want == "" {
			t.Errorf("%q is answered\n%s, want\n%s", c, got, want)
		}
	}
	for len(after.shelf.ended) > 0 {
		want, got := after.shelf.next(t), shelf.next(t)
		a, b := want.Response, got.Response
		sameHeads := date.ReplaceAllString(a.Head, "") == date.ReplaceAllString(b.Head, "")
		sameNames := slices.EqualFunc(a.Header, b.Header, func(x, y record.Field) bool { return x.Name == y.Name })
		if !sameHeads || !sameNames || a.Status != b.Status || a.Size != b.Size || a.Proto != b.Proto ||
			len(b.Body) > 0 || !got.Ended || !got.Foreseen || got.Took <= 0 || got.Err != nil {
			t.Errorf("told %+v with %+v, want %+v", got, b, a)
		}
	}
}

// When a foreseen answer cannot be written, the hook gets the error, as with any other answer.
func TestAForeseenAnswerThatIsNotWrittenIsToldAsAFailure(t *testing.T) {
	t.Parallel()
	shelf := newShelf()
	gone := make(chan func(), 1)
	r := serve(t, server{Recorder: foreseer{shelf, func() { (<-gone)() }}, Foreseen: true})
	c := r.dial(t).send(hook)
	gone <- func() {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
	if x := shelf.next(t); x.Foreseen || !x.Ended || x.Err == nil || x.Err.Kind != record.FailReset {
		t.Errorf("told %+v, %v", x, x.Err)
	}
}

// The last webhook before the limit is told that the connection ends, however that is foreseen.
func TestAForeseenAnswerEndsTheConnectionAtTheLimit(t *testing.T) {
	t.Parallel()
	shelf := newShelf()
	r := serve(t, server{Recorder: foreseer{shelf: shelf}, Foreseen: true, Limit: 2})
	c := r.dial(t).send(hook + hook)
	if first, second := c.wantStatus(200), c.wantStatus(200); first.Close || !second.Close {
		t.Errorf("the first closes: %t, the second %t", first.Close, second.Close)
	}
}

var _ listen.Foreseer = certain{}

// The server composes the usual answer once a second and sends it to many. An answer with a header, a body, another
// protocol or "Connection: close" is composed anew.
func TestAUsualAnswerIsNotGivenToOthers(t *testing.T) {
	t.Parallel()
	given := make(chan *record.Response, 1)
	usual := &record.Response{Status: 200}
	r := serve(t, server{Reply: func(context.Context, *record.Exchange) listen.Answer {
		return listen.Answer{Response: <-given}
	}})
	for _, c := range []struct {
		given *record.Response
		begin string
		want  string
	}{
		{usual, "POST / HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{usual, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nConnection: close\r\n\r\n"},
		{usual, "POST / HTTP/1.0\r\nConnection: keep-alive\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nConnection: keep-alive\r\n\r\n"},
		{&record.Response{Status: 200, Body: []byte("x")}, "POST / HTTP/1.1\r\nHost: h\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\r\nx"},
		{&record.Response{Status: 200, Header: record.Header{{Name: "A", Value: "b"}}}, "POST / HTTP/1.1\r\nHost: h\r\n",
			"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 0\r\n\r\n"},
		{&record.Response{Status: 200, Reason: "Fine"}, "POST / HTTP/1.1\r\nHost: h\r\n",
			"HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n"},
		{&record.Response{Status: 202}, "POST / HTTP/1.1\r\nHost: h\r\n",
			"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"},
		{usual, "HEAD / HTTP/1.1\r\nHost: h\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	} {
		given <- c.given
		got := date.ReplaceAllString(r.talk(t, c.begin+"Content-Length: 0\r\n\r\n"), "")
		if got != c.want && got != c.want+"\r\n" {
			t.Errorf("%q is answered %q, want %q", c.begin, got, c.want)
		}
	}
}
