package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What can be read in two ways is answered 400 or cut off: it reaches neither the app nor the history, and what hides
// behind it is no request of its own.
func TestSmugglingReachesNeitherTheAppNorTheHistory(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		t.Errorf("the app got %s %s", r.Method, r.URL)
	}))
	defer app.Close()
	b := newBarb(t)
	address, stop := b.listen(t, "--forward-to", app.URL)
	post, hidden := "POST / HTTP/1.1\r\nHost: h\r\n", "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"
	for name, request := range map[string]string{
		"length and chunks":        post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
		"chunks and length":        post + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX",
		"two lengths":              post + "Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
		"two equal lengths":        post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
		"a list of lengths":        post + "Content-Length: 0, 40\r\n\r\n",
		"a signed length":          post + "Content-Length: +0\r\n\r\n",
		"a negative length":        post + "Content-Length: -1\r\n\r\n",
		"an odd coding":            post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"chunked, then another":    post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		"a coding after a tab":     post + "Transfer-Encoding:\tchunked\x0b\r\n\r\n0\r\n\r\n",
		"bare line feeds":          "POST / HTTP/1.1\nHost: h\nContent-Length: 0\n\n",
		"one bare line feed":       post + "X: y\nContent-Length: 40\r\n\r\n",
		"a bare carriage return":   post + "X: y\rContent-Length: 40\r\n\r\n",
		"space before the colon":   post + "Content-Length : 40\r\n\r\n",
		"a folded line":            post + "X: y\r\n Content-Length: 40\r\n\r\n",
		"NUL":                      post + "X: y\x00\r\n\r\n",
		"a chunk size of two ways": post + "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
		"a chunk size that ends":   post + "Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
		"chunks in HTTP/1.0":       "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two Hosts":                post + "Host: other\r\n\r\n",
	} {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(nc, request+hidden)
		_ = nc.(*net.TCPConn).CloseWrite()
		got, err := io.ReadAll(nc)
		_ = nc.Close()
		if n := strings.Count(string(got), "HTTP/1.1 "); err != nil || n != 1 || !strings.HasPrefix(string(got), "HTTP/1.1 400") && !strings.HasPrefix(string(got), "HTTP/1.1 501") {
			t.Errorf("%s: answered %q, %v", name, got, err)
		}
	}
	stop()
	if got := b.run(t, 0, "history", "-n", "0", "--jq", ".id"); got != "" || reached.Load() != 0 {
		t.Errorf("the history has %q, %d reached the app", got, reached.Load())
	}
}

// What a sender writes into a request stays where it wrote it: the app gets one request, with the same values in it.
func TestNothingInARequestBecomesAHeaderOfTheForward(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	app, capture := newCapturer(t)
	address, stop := b.listen(t, "--forward-to", app)
	for name, request := range map[string]string{
		"escapes in the target":                       "POST /%0d%0aX-Evil:%201%0d%0a%0d%0aGET%20/ HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
		"Unicode line ends":                           "POST /\xe2\x80\xa8X-Evil:1 HTTP/1.1\r\nHost: h\r\nX-A: a\xe2\x80\xa8X-Evil: 1\xc2\x85X-Evil: 1\r\nContent-Length: 0\r\n\r\n",
		"characters whose lowest byte is a line feed": "POST / HTTP/1.1\r\nHost: h\r\nX-A: a\xc4\x8d\xc4\x8aX-Evil: 1\r\nContent-Length: 0\r\n\r\n",
		"escapes in values":                           "POST / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1%0d%0aX-Evil: 1\\r\\nX-Evil: 1\r\nContent-Length: 0\r\n\r\n",
		"Connection names framing":                    "POST / HTTP/1.1\r\nHost: h\r\nConnection: content-length, host, x-forwarded-for\r\nContent-Length: 0\r\n\r\n",
		"a trailer":                                   "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Evil: 1\r\nContent-Length: 40\r\n\r\n",
	} {
		captured := capture(1)
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(nc, request)
		forwarded := <-captured
		_ = nc.Close()
		evil := fmt.Sprint(strings.Count(forwarded, "\r\n\r\n"), strings.Contains(forwarded, "\nX-Evil"), strings.Count(forwarded, "\nHost: "), strings.Count(forwarded, "\nContent-Length: 0\r"))
		if evil != "1 false 1 1" {
			t.Errorf("%s: the app got %q", name, forwarded)
		}
	}
	stop()
}
