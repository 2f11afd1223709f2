package listen_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/record"
)

func TestServeKeepsTheHeadAsItCame(t *testing.T) {
	head := "POST //a%2Fb/../c;v=1?x=%41&x=1?y=\xc3\xa9 HTTP/1.1\r\n" +
		"hOST: Example.test:80\r\n" +
		"x-B:1\r\n" +
		"X-A: \t two  spaces \t\r\n" +
		"X-b:   2\r\n" +
		"Empty:\r\n" +
		"X-Latin: caf\xe9\r\n" +
		"content-LENGTH: 3\r\n\r\n"
	r := serve(t, server{})
	r.dial(t).send(head + "a\x00\xff").wantStatus(200)
	x := r.shelf.next(t)
	want := record.Request{
		Method: "POST",
		URL:    "http://Example.test:80//a%2Fb/../c;v=1?x=%41&x=1?y=\xc3\xa9",
		Target: "//a%2Fb/../c;v=1?x=%41&x=1?y=\xc3\xa9",
		Proto:  "HTTP/1.1",
		Header: record.Header{
			{Name: "hOST", Value: "Example.test:80"}, {Name: "x-B", Value: "1"}, {Name: "X-A", Value: "two  spaces"},
			{Name: "X-b", Value: "2"}, {Name: "Empty", Value: ""}, {Name: "X-Latin", Value: "caf\xe9"},
			{Name: "content-LENGTH", Value: "3"},
		},
		Body: []byte("a\x00\xff"),
		Head: head,
	}
	if diff := cmp.Diff(want, x.Request); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if x.Kind != record.Received || x.Attempt != 1 || x.Remote == "" || x.Start.IsZero() || x.Took <= 0 ||
		!x.Ended || x.Err != nil {
		t.Errorf("exchange = %+v", x)
	}
}

func TestServeSaysWhatTheSenderAddressed(t *testing.T) {
	r := serve(t, server{Scheme: "https"})
	cases := map[string]struct{ head, url string }{
		"origin form":       {"GET /a?b HTTP/1.1\r\nHost: h", "https://h/a?b"},
		"a URL in a query":  {"GET /a?to=http://elsewhere/ HTTP/1.1\r\nHost: h", "https://h/a?to=http://elsewhere/"},
		"absolute form":     {"GET HTTP://other:1/a?b HTTP/1.1\r\nHost: h", "HTTP://other:1/a?b"},
		"asterisk form":     {"OPTIONS * HTTP/1.1\r\nHost: h", "https://h"},
		"HTTP/1.0, no Host": {"GET /a HTTP/1.0\r\nX: y", "https://" + r.addr + "/a"},
		"empty Host":        {"GET /a HTTP/1.1\r\nHost:", "https://" + r.addr + "/a"},
		"a colon, no port":  {"GET /a HTTP/1.1\r\nHost: h:", "https://h:/a"},
		"the last port":     {"GET /a HTTP/1.1\r\nHost: h_-~!$&'()*+,;=.%41:65535", "https://h_-~!$&'()*+,;=.%41:65535/a"},
		"IPv6, no port":     {"GET /a HTTP/1.1\r\nHost: [2001:db8::1]", "https://[2001:db8::1]/a"},
		"IPv6 with IPv4":    {"GET /a HTTP/1.1\r\nHost: [::ffff:1.2.3.4]:", "https://[::ffff:1.2.3.4]:/a"},
		"IPv6 Host":         {"GET /a HTTP/1.1\r\nHost: [::1]:8080", "https://[::1]:8080/a"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r.talk(t, c.head+"\r\n\r\n")
			if got := r.shelf.next(t).Request.URL; got != c.url {
				t.Errorf("URL = %q, want %q", got, c.url)
			}
		})
	}
}

func TestServeKeepsBodiesAsTheyCame(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 20_000)
	cases := map[string]struct {
		framed string
		body   string
	}{
		"none":                    {"\r\n", ""},
		"length 0":                {"Content-Length: 0\r\n\r\n", ""},
		"binary":                  {"Content-Length: 5\r\n\r\n\x00\r\n\xff\x1b", "\x00\r\n\xff\x1b"},
		"larger than all buffers": {fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(big), big), big},
		"chunked": {"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n",
			"abc0123456789"},
		"chunked, case":       {"transfer-encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
		"chunked, empty":      {"Transfer-Encoding: chunked\r\n\r\n000\r\n\r\n", ""},
		"chunked, extensions": {"Transfer-Encoding: chunked\r\n\r\n1 ;a=\"b\"\r\nx\r\n0;last\r\n\r\n", "x"},
		"chunked, one large chunk": {fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(big), big),
			big},
	}
	r := serve(t, server{})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := r.talk(t, "POST / HTTP/1.1\r\nHost: h\r\n"+c.framed)
			if !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") {
				t.Fatalf("answered %q", got)
			}
			if x := r.shelf.next(t); string(x.Request.Body) != c.body {
				t.Errorf("body = %.40q (%d bytes), want %.40q (%d)", x.Request.Body, len(x.Request.Body), c.body, len(c.body))
			}
		})
	}
}

func TestServeKeepsTrailersApart(t *testing.T) {
	r := serve(t, server{})
	c := r.dial(t).send(
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-Sum:  abc\r\nX-Sum: d\r\n\r\n" +
			hook)
	c.wantStatus(200)
	c.wantStatus(200) // the next request begins where the trailers end
	x := r.shelf.next(t)
	want := record.Header{{Name: "x-Sum", Value: "abc"}, {Name: "X-Sum", Value: "d"}}
	if diff := cmp.Diff(want, x.Request.Trailer); diff != "" || x.Request.Header.Has("X-Sum") {
		t.Errorf("trailer (-want +got):\n%s", diff)
	}
}

func TestServeAnswersPipelinedRequestsInOrder(t *testing.T) {
	r := serve(t, server{Reply: echoTarget})
	var all strings.Builder
	for i := range 200 {
		fmt.Fprintf(&all, "POST /%d HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n%100d", i, i)
	}
	c := r.dial(t).send(all.String())
	for i := range 200 {
		if _, body := c.answer("POST"); body != fmt.Sprintf("/%d", i) {
			t.Fatalf("answer %d is for %q", i, body)
		}
	}
}

func TestServeKeepsConnectionsAliveAsAsked(t *testing.T) {
	cases := map[string]struct {
		head string
		more bool
		says string
	}{
		"HTTP/1.1":                  {"POST / HTTP/1.1\r\nHost: h", true, ""},
		"HTTP/1.1 close":            {"POST / HTTP/1.1\r\nHost: h\r\nConnection: x, Close", false, "close"},
		"HTTP/1.0":                  {"POST / HTTP/1.0\r\nHost: h", false, "close"},
		"HTTP/1.0 keep-alive":       {"POST / HTTP/1.0\r\nConnection: Keep-Alive", true, "keep-alive"},
		"an empty line in between":  {"\r\nPOST / HTTP/1.1\r\nHost: h", true, ""},
		"close in a second field":   {"POST / HTTP/1.1\r\nHost: h\r\nConnection: a\r\nConnection: close", false, "close"},
		"HTTP/1.0 both ways at one": {"POST / HTTP/1.0\r\nConnection: keep-alive, close", false, "close"},
	}
	r := serve(t, server{})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := r.talk(t, c.head+"\r\nContent-Length: 1\r\n\r\na"+hook)
			if n := strings.Count(got, "HTTP/1.1 200 OK\r\n"); n == 2 != c.more {
				t.Errorf("%d answers: %q", n, got)
			}
			first, _, _ := strings.Cut(got, "\r\n\r\n")
			_, says, _ := strings.Cut(first, "\r\nConnection: ")
			if says != c.says {
				t.Errorf("Connection: %q, want %q", says, c.says)
			}
		})
	}
}

func TestServeSaysContinueBeforeItReads(t *testing.T) {
	r := serve(t, server{MaxBody: 10})
	head := func(version, expect string, length int) string {
		return fmt.Sprintf("POST / HTTP/%s\r\nHost: h\r\nExpect: %s\r\nContent-Length: %d\r\n\r\n", version, expect, length)
	}
	t.Run("and then answers", func(t *testing.T) {
		c := r.dial(t).send(head("1.1", "100-Continue", 2))
		c.wantStatus(100)
		c.send("hi").wantStatus(200)
	})
	t.Run("but not when there is no body", func(t *testing.T) {
		r.dial(t).send(head("1.1", "100-continue", 0)).wantStatus(200)
	})
	t.Run("but not to HTTP/1.0", func(t *testing.T) {
		r.dial(t).send(head("1.0", "100-continue", 2) + "hi").wantStatus(200)
	})
	t.Run("but not when the body is too large", func(t *testing.T) {
		r.dial(t).send(head("1.1", "100-continue", 11)).wantStatus(413)
	})
	t.Run("but not when the head is wrong", func(t *testing.T) {
		r.dial(t).send(head("1.1", "100-continue\r\nTransfer-Encoding: chunked", 2)).wantStatus(400)
	})
	t.Run("but nothing else", func(t *testing.T) {
		r.dial(t).send(head("1.1", "200-ok", 2)).wantStatus(417)
		r.dial(t).send(head("1.1", "100-continue\r\nExpect: more", 2)).wantStatus(417)
	})
}

// countingListener counts the writes of the connections it accepts.
type countingListener struct {
	net.Listener
	mu     sync.Mutex
	writes int
}

type countingConn struct {
	*net.TCPConn
	ln *countingListener
}

func (l *countingListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{nc.(*net.TCPConn), l}, nil
}

func (c countingConn) Write(p []byte) (int, error) {
	c.ln.mu.Lock()
	c.ln.writes++
	c.ln.mu.Unlock()
	return c.TCPConn.Write(p)
}

func TestServeWritesAnAnswerAtOnce(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	counting := &countingListener{Listener: ln}
	r := serveOn(t, server{Reply: echoTarget}, counting)
	c := r.dial(t)
	for range 3 {
		c.send(hook).wantStatus(200)
	}
	counting.mu.Lock()
	defer counting.mu.Unlock()
	if counting.writes != 3 {
		t.Errorf("%d writes for 3 answers", counting.writes)
	}
}

func TestServeUnderstandsAnOrdinaryClient(t *testing.T) {
	r := serve(t, server{Reply: echoTarget})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	var senders sync.WaitGroup
	for i := range 8 {
		senders.Go(func() {
			for j := range 25 {
				target := fmt.Sprintf("/%d/%d", i, j)
				response, err := client.Post("http://"+r.addr+target, "application/json", bytes.NewReader(make([]byte, j*1000)))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if err != nil || string(body) != target || response.StatusCode != http.StatusOK {
					t.Errorf("%s: %d %q, %v", target, response.StatusCode, body, err)
				}
			}
		})
	}
	senders.Wait()
	if got := r.shelf.len(); got != 200 {
		t.Errorf("%d recorded, want 200", got)
	}
}

func TestServeSpeaksTLS(t *testing.T) {
	lender := httptest.NewTLSServer(nil) // has a certificate
	defer lender.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := serveOn(t, server{Scheme: "https", MaxBody: 1000},
		tls.NewListener(ln, &tls.Config{Certificates: lender.TLS.Certificates}))
	client := lender.Client()
	defer client.CloseIdleConnections()
	response, err := client.Post("https://"+r.addr+"/a", "", strings.NewReader("hi"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got, want := r.shelf.next(t).Request.URL, "https://"+r.addr+"/a"; got != want {
		t.Errorf("URL = %q, want %q", got, want)
	}
	t.Run("to those who do", func(t *testing.T) {
		r.dial(t).send(hook).rest()
		if refusal := receive(t, r.refusals, "a word about it"); refusal.Err == nil || refusal.Status != 0 {
			t.Errorf("refusal = %+v", refusal)
		}
	})
}

func TestServeKeepsTheFramingOfChunksUpToABound(t *testing.T) {
	r := serve(t, server{MaxBody: 100_000})
	head := "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	few, many := strings.Repeat("1\r\nx\r\n", 20_000), strings.Repeat("01\r\nx\r\n", 20_000)
	end := "0;z\r\nX-Sum:9\r\n\r\n"
	for name, c := range map[string]struct{ chunks, kept string }{
		"usual":    {few, strings.Repeat("1\r\n", 20_000) + end},
		"too much": {many, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r.dial(t).send(head + c.chunks + end).wantStatus(200)
			x := r.shelf.next(t)
			if len(x.Request.Body) != 20_000 || x.Request.Trailer.Get("X-Sum") != "9" {
				t.Errorf("body of %d bytes, trailer %v", len(x.Request.Body), x.Request.Trailer)
			}
			if x.Request.Chunks != c.kept {
				t.Errorf("framing of %d bytes, want %d", len(x.Request.Chunks), len(c.kept))
			}
		})
	}
}
