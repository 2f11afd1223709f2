package listen_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/barbhq/barb/store/record"
)

// FuzzServe sends random bytes. Whatever they are, at most well-formed answers come back, none of them after a refusal,
// and the server lives.
func FuzzServe(f *testing.F) {
	post := "POST / HTTP/1.1\r\nHost: h\r\n"
	for _, seed := range []string{
		hook, hook + hook, post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
		post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na" + hook,
		post + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\na",
		"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + hook, "\r\n" + hook, post + "X: a\r\n b\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n", "\x00",
	} {
		f.Add([]byte(seed))
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- (&server{Recorder: discard{}, MaxBody: 1000, MaxHead: 2000}).Serve(ctx, ln) }()
	f.Cleanup(func() {
		stop()
		<-done
	})
	f.Fuzz(func(t *testing.T, in []byte) {
		r := &running{addr: ln.Addr().String()}
		c := r.dial(t)
		_, _ = c.Write(in)
		_ = c.CloseWrite()
		got, err := io.ReadAll(c)
		if err != nil && !errors.Is(err, syscall.ECONNRESET) { // it may send more than is read of a refused request
			t.Fatalf("reading: %v after %q", err, got)
		}
		_ = c.Close()
		wantAnswers(t, string(got))
	})
}

// discard is a recorder for what nobody looks at.
type discard struct{}

func (discard) Record(context.Context, *record.Exchange) error { return nil }
func (discard) Answer(context.Context, *record.Exchange) error { return nil }

// wantAnswers takes answers apart. None of them has a body but refusals, which are last.
func wantAnswers(t *testing.T, got string) {
	t.Helper()
	for got != "" {
		head, rest, ok := strings.Cut(got, "\r\n\r\n")
		response, err := record.ParseResponse(head + "\r\n\r\n")
		if !ok || err != nil {
			t.Fatalf("not an answer: %q, %v", got, err)
		}
		switch response.Status {
		case 100:
		case 200:
			if response.Header.Get("Content-Length") != "0" {
				t.Fatalf("not the answer to a recorded request: %q", head)
			}
		default:
			if response.Header.Get("Connection") != "close" || strings.Contains(rest, "HTTP/") {
				t.Fatalf("a refusal is not the last: %q", got)
			}
			return
		}
		got = rest
	}
}

func TestServeAnswersEveryCutOfARequestOnce(t *testing.T) {
	request := "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"
	r := serve(t, server{})
	for i := range len(request) + 1 {
		c := r.dial(t).send(request[:i])
		c.send(request[i:]).wantStatus(200)
		if x := r.shelf.next(t); string(x.Request.Body) != "abc" || !strings.HasPrefix(request, x.Request.Head) {
			t.Fatalf("cut at %d: %+v", i, x.Request)
		}
		_ = c.Close()
	}
}
