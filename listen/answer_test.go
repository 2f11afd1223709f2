package listen_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// always is a Reply that gives every sender the same.
func always(r *record.Response) func(context.Context, *record.Exchange) listen.Answer {
	return func(context.Context, *record.Exchange) listen.Answer { return listen.Answer{Response: r} }
}

func echoTarget(_ context.Context, x *record.Exchange) listen.Answer {
	return listen.Answer{Response: &record.Response{Status: 200, Body: []byte(x.Request.Target)}}
}

func TestServeWritesAnswersThatEveryoneReadsAlike(t *testing.T) {
	date := record.Field{Name: "date", Value: "today"}
	field := func(name, value string) record.Header { return record.Header{{Name: name, Value: value}, date} }
	cases := map[string]struct {
		method string
		given  *record.Response
		want   string
	}{
		"status alone": {"POST", &record.Response{Status: 202, Header: record.Header{date}},
			"HTTP/1.1 202 Accepted\r\ndate: today\r\nContent-Length: 0\r\n\r\n"},
		"order, case and repetition": {"POST", &record.Response{Status: 200, Body: []byte("x"), Header: record.Header{
			{Name: "x-b", Value: "1"}, {Name: "Set-Cookie", Value: "a"}, {Name: "X-A", Value: "2"},
			{Name: "set-cookie", Value: "b"}, date}},
			"HTTP/1.1 200 OK\r\nx-b: 1\r\nSet-Cookie: a\r\nX-A: 2\r\nset-cookie: b\r\ndate: today\r\n" +
				"Content-Length: 1\r\n\r\nx"},
		"reason": {"POST", &record.Response{Status: 200, Reason: "Fine", Header: record.Header{date}},
			"HTTP/1.1 200 Fine\r\ndate: today\r\nContent-Length: 0\r\n\r\n"},
		"reason of lines": {"POST", &record.Response{Status: 200, Reason: "a\r\nX: y", Header: record.Header{date}},
			"HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: 0\r\n\r\n"},
		"unknown status": {"POST", &record.Response{Status: 299, Header: record.Header{date}},
			"HTTP/1.1 299 \r\ndate: today\r\nContent-Length: 0\r\n\r\n"},
		"wrong length": {"POST", &record.Response{Status: 200, Body: []byte("abc"),
			Header: field("content-length", "9")}, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ndate: today\r\n\r\nabc"},
		"two lengths": {"POST", &record.Response{Status: 200,
			Header: append(record.Header{{Name: "Content-Length", Value: "1"}}, field("Content-Length", "9")...)},
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\ndate: today\r\n\r\n"},
		"coding": {"POST", &record.Response{Status: 200, Body: []byte("a"),
			Header: field("Transfer-Encoding", "chunked")}, "HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: 1\r\n\r\na"},
		"named by hop": {"POST", &record.Response{Status: 200,
			Header: append(field("X-Hop", "1"), record.Field{Name: "connection", Value: "keep-alive, x-hop"})},
			"HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: 0\r\n\r\n"},
		"value of lines": {"POST", &record.Response{Status: 200, Header: field("X-Bad", "a\r\nX-Worse: b")},
			"HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: 0\r\n\r\n"},
		"name of lines": {"POST", &record.Response{Status: 200, Header: field("X: b\r\nX-Bad", "a")},
			"HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: 0\r\n\r\n"},
		"204 with body": {"POST", &record.Response{Status: 204, Body: []byte("abc"),
			Header: field("Content-Length", "3")}, "HTTP/1.1 204 No Content\r\ndate: today\r\n\r\n"},
		"304": {"GET", &record.Response{Status: 304, Header: record.Header{date}},
			"HTTP/1.1 304 Not Modified\r\ndate: today\r\n\r\n"},
		"304 with length": {"GET", &record.Response{Status: 304, Header: field("Content-Length", "7")},
			"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\ndate: today\r\n\r\n"},
		"HEAD": {"HEAD", &record.Response{Status: 200, Body: []byte("abc"), Header: record.Header{date}},
			"HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: 3\r\n\r\n"},
		"HEAD of an app": {"HEAD", &record.Response{Status: 200, Header: field("Content-Length", "77")},
			"HTTP/1.1 200 OK\r\nContent-Length: 77\r\ndate: today\r\n\r\n"},
		"HEAD, bad length": {"HEAD", &record.Response{Status: 200, Header: field("Content-Length", "7, 7")},
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\ndate: today\r\n\r\n"},
		"no CORS": {"OPTIONS", &record.Response{Status: 200, Header: field("access-control-allow-origin", "*")},
			"HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: 0\r\n\r\n"},
		"no CORS, prefixed": {"OPTIONS", &record.Response{Status: 200, Header: field("Access-Control-Allow-Private-Network",
			"true")}, "HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: 0\r\n\r\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := serve(t, server{Reply: always(c.given)})
			got := r.talk(t, c.method+" / HTTP/1.1\r\nHost: h\r\nOrigin: http://evil.test\r\n\r\n")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			x := r.shelf.next(t)
			if written := x.Response.Head + string(x.Response.Body); written != got {
				t.Errorf("recorded %q, wrote %q", written, got)
			}
			if parsed, err := record.ParseResponse(x.Response.Head); err != nil || !cmp.Equal(parsed.Header, x.Response.Header) {
				t.Errorf("recorded fields %v, wrote %q, %v", x.Response.Header, got, err)
			}
		})
	}
}

func TestServeAnswers500ForWhatIsNoAnswer(t *testing.T) {
	for _, status := range []int{0, 99, 101, 199, 600, 1000} {
		r := serve(t, server{Reply: always(&record.Response{Status: status})})
		r.dial(t).send(hook).wantStatus(500)
		if x := r.shelf.next(t); x.Status() != 500 {
			t.Errorf("status %d was recorded as %d", status, x.Status())
		}
	}
}

func TestServeAddsADate(t *testing.T) {
	response := serve(t, server{}).dial(t).send(hook).wantStatus(200)
	date, err := time.Parse(time.RFC1123, response.Header.Get("Date"))
	if err != nil || time.Since(date).Abs() > time.Minute || !strings.HasSuffix(response.Header.Get("Date"), " GMT") {
		t.Errorf("Date = %q, %v", response.Header.Get("Date"), err)
	}
}

func TestServeWritesLargeAnswersWhole(t *testing.T) {
	large := strings.Repeat("0123456789", 200_000)
	r := serve(t, server{Reply: always(&record.Response{Status: 200, Body: []byte(large)})})
	c := r.dial(t).send(hook + hook)
	for range 2 {
		if _, body := c.answer("POST"); body != large {
			t.Fatalf("body of %d bytes", len(body))
		}
	}
}

// drowsy is a listener whose first connection is written to by a goroutine that wakes late from it.
type drowsy struct {
	net.Listener
	wake chan struct{}
}

type drowsyConn struct {
	net.Conn
	wake chan struct{}
}

func (l *drowsy) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if wake := l.wake; err == nil && wake != nil {
		l.wake = nil
		nc = &drowsyConn{nc, wake}
	}
	return nc, err
}

func (c *drowsyConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	<-c.wake
	return n, err
}

func TestWhoActsOnAnAnswerComesAfterIt(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	wake := make(chan struct{})
	r := serveOn(t, server{}, &drowsy{ln, wake})
	r.dial(t).send(hook).wantStatus(200)
	r.dial(t).send(hook).wantStatus(200)
	second := r.shelf.next(t)
	close(wake)
	first := r.shelf.next(t)
	if first.ID != 1 || second.ID != 2 {
		t.Fatalf("exchange %d ended before exchange %d", second.ID, first.ID)
	}
	if answered := first.Start.Add(first.Took); !second.Start.After(answered) {
		t.Errorf("the second came %v before the answer to the first that made it come", answered.Sub(second.Start))
	}
}

func TestServeCutsSendersThatNeverRead(t *testing.T) {
	r := serve(t, server{WriteIdle: 100 * time.Millisecond,
		Reply: always(&record.Response{Status: 200, Body: make([]byte, 32<<20)})})
	c := r.dial(t)
	if err := c.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	c.send(hook)
	if x := r.shelf.next(t); x.FailureKind() != record.FailTimeout {
		t.Errorf("exchange ended with %+v", x.Err)
	}
}

func TestRelayGivesTheAppsAnswer(t *testing.T) {
	app := &record.Response{Status: 418, Reason: "Teapot", Proto: "HTTP/1.0", Head: "x", Body: []byte("b"),
		Header: record.Header{
			{Name: "x-a", Value: "1"}, {Name: "Connection", Value: "close, X-Hop"}, {Name: "X-Hop", Value: "1"},
			{Name: "Content-Length", Value: "1"}}}
	want := &record.Response{Status: 418, Reason: "Teapot", Body: []byte("b"), Header: record.Header{
		{Name: "x-a", Value: "1"}, {Name: "Content-Length", Value: "1"}}}
	if diff := cmp.Diff(want, listen.Relay(app, nil)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	for kind, status := range map[record.FailureKind]int{record.FailTimeout: 504, record.FailRefused: 502,
		record.FailProtocol: 502} {
		if got := listen.Relay(nil, &record.Failure{Kind: kind}); got.Status != status {
			t.Errorf("%s became %d, want %d", kind, got.Status, status)
		}
	}
	for name, c := range map[string]struct {
		coding string
		kind   record.FailureKind
		want   int
	}{
		"broken off":             {"", record.FailReset, 502},
		"not HTTP in the middle": {"chunked", record.FailProtocol, 502},
		"not whole in time":      {"", record.FailTimeout, 504},
		"in chunks":              {"chunked", "", 200},
	} {
		app, why := &record.Response{Status: 200, Body: []byte("half")}, (*record.Failure)(nil)
		if c.coding != "" {
			app.Header = record.Header{{Name: "Transfer-Encoding", Value: c.coding}}
		}
		if c.kind != "" {
			why = &record.Failure{Kind: c.kind}
		}
		if got := listen.Relay(app, why); got.Status != c.want {
			t.Errorf("%s became %d, want %d", name, got.Status, c.want)
		}
	}
	if got := listen.Relay(nil, nil); got.Status != 502 {
		t.Errorf("no answer and no reason became %d", got.Status)
	}
}

func TestAnAnswerLaidOverAnother(t *testing.T) {
	app := listen.Answer{Response: &record.Response{Status: 201}, Delay: time.Second}
	got := listen.Answer{Fault: listen.Fault{Kind: listen.Reset}, Delay: time.Second}.Over(app)
	if got.Response != app.Response || got.Fault.Kind != listen.Reset || got.Delay != 2*time.Second {
		t.Errorf("a fault over an answer is %+v", got)
	}
	if got := (listen.Answer{Response: &record.Response{Status: 500}}).Over(app); got.Response.Status != 500 {
		t.Errorf("a status over an answer is %d", got.Response.Status)
	}
	if got := (listen.Answer{Delay: listen.MaxWait}).Over(app); got.Delay != listen.MaxWait {
		t.Errorf("waits add up to %s", got.Delay)
	}
}
