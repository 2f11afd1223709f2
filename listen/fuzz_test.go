package listen_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// FuzzServe sends random bytes. Whatever they are, at most well-formed answers come back, none of them after a refusal, and
// the server lives.
func FuzzServe(f *testing.F) {
	post := "POST / HTTP/1.1\r\nHost: h\r\n"
	for _, seed := range []string{
		hook, hook + hook, post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
		post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na" + hook, post + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\na",
		"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + hook, "\r\n" + hook, post + "X: a\r\n b\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x00",
	} {
		f.Add([]byte(seed))
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- (&listen.Server{Recorder: discard{}, MaxBody: 1000, MaxHead: 2000}).Serve(ctx, ln) }()
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

// discard is a Recorder for what nobody looks at.
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
	r := serve(t, listen.Server{})
	for i := range len(request) + 1 {
		c := r.dial(t).send(request[:i])
		c.send(request[i:]).wantStatus(200)
		if x := r.shelf.next(t); string(x.Request.Body) != "abc" || !strings.HasPrefix(request, x.Request.Head) {
			t.Fatalf("cut at %d: %+v", i, x.Request)
		}
		_ = c.Close()
	}
}

// FuzzForward makes forwards of whatever the server takes: each is one request again, with one Host and the length of its
// body, and has no field that did not come or is not ours.
func FuzzForward(f *testing.F) {
	post := "POST / HTTP/1.1\r\nHost: h\r\n"
	for _, seed := range []string{
		post + "X: a: b\r\n\r\n", post + "Connection: content-length, host, x-a\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n",
		post + "Transfer-Encoding: chunked\r\nConnection: transfer-encoding\r\n\r\n", post + "X-Forwarded-For: a, b\r\nX-Forwarded-Host:\r\n\r\n",
		"GET http://h/a?b%0d%0aX:y HTTP/1.1\r\nHost: h%0d%0aX\r\n\r\n", "POST /%0d%0a%0d%0aGET%20/ HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n",
		post + "X: \x85\xe2\x80\xa8\xc4\x8a\r\n\r\n",
	} {
		f.Add(seed, "hi")
	}
	f.Fuzz(func(t *testing.T, head, body string) {
		r, err := record.ParseRequest(head, "http")
		if err != nil {
			return
		}
		length, chunked, err := r.BodyFraming()
		if err != nil {
			return
		}
		if !chunked {
			body = strings.Repeat("x", int(min(length, 100)))
			r.Header = r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		r.Body = []byte(body)
		out, err := listen.Forward(&r, "http://app.test:3000", "192.0.2.1:5")
		if err != nil {
			t.Fatal(err)
		}
		wantOneRequest(t, &r, &out)
	})
}

func wantOneRequest(t *testing.T, came, out *record.Request) {
	t.Helper()
	text := string(out.AppendHead(nil))
	if strings.Count(text, "\r\n\r\n") != 1 || strings.Count(text, "\n") != len(out.Header)+2 {
		t.Fatalf("not one head: %q", text)
	}
	again, err := record.ParseRequest(text, "http")
	if err != nil || len(again.Header) != len(out.Header) || again.Target != out.Target {
		t.Fatalf("%q: %v", text, err)
	}
	length, chunked, err := again.BodyFraming()
	if err != nil || chunked || length != int64(len(out.Body)) || len(again.Header.Values("Host")) != 1 || again.Header.Get("Host") != "app.test:3000" {
		t.Fatalf("%q: length %d, chunked %v, %v", text, length, chunked, err)
	}
	for _, f := range out.Header {
		ours := strings.HasPrefix(f.Name, "X-Forwarded-") || strings.EqualFold(f.Name, "Content-Length") || strings.EqualFold(f.Name, "Host")
		if !ours && !slices.Contains(came.Header, f) && !strings.EqualFold(f.Name, "X-Forwarded-For") {
			t.Fatalf("%q did not come", f)
		}
	}
}
