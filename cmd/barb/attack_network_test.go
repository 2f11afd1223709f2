package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// converse sends a request over a connection of its own and returns the status line of the answer, "" when none came.
func converse(t *testing.T, address, request string) (status string) {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.WriteString(nc, request) // an answer that comes before the end of it is what is asked for
	answer := make([]byte, 4096)
	n, _ := io.ReadAtLeast(nc, answer, len("HTTP/1.1 200"))
	status, _, _ = strings.Cut(string(answer[:n]), "\r\n")
	return status
}

// Senders that fill the memory and do not end are answered 503 once the budget is used, whichever way they announce their
// bodies; small webhooks still get through.
func TestLargeBodiesDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	address, stop := b.listen(t, "--max-inflight", "2MiB", "--max-body", "1MiB")
	defer stop()
	const size = 900 << 10
	for name, request := range map[string]string{
		"announced": fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", size+1) + strings.Repeat("x", size),
		"in chunks": fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", size+1) + strings.Repeat("x", size),
		"in a line of chunks": "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
			strings.Repeat(fmt.Sprintf("1000\r\n%s\r\n", strings.Repeat("x", 0x1000)), size/0x1000),
	} {
		t.Run(name, func(t *testing.T) {
			answers := make(chan string, 20)
			var senders []net.Conn
			for range 20 {
				nc, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				senders = append(senders, nc)
				go func() {
					_, _ = io.WriteString(nc, request)
					answer := make([]byte, 12)
					_, _ = io.ReadFull(nc, answer)
					answers <- string(answer)
				}()
			}
			for range 18 { // no more than two have room
				if got := <-answers; got != "HTTP/1.1 503" {
					t.Errorf("a large one was answered %q", got)
				}
			}
			for range 20 {
				if got := converse(t, address, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8192\r\n\r\n"+strings.Repeat("x", 8192)); got != "HTTP/1.1 200 OK" {
					t.Errorf("a small one was answered %q", got)
				}
			}
			for _, nc := range senders {
				_ = nc.Close()
			}
			for range 2 {
				<-answers
			}
		})
	}
}

// rawApp answers each request with the same bytes and ends the connection. It counts the requests.
func rawApp(t *testing.T, answer string) (url string, requests *atomic.Int64) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	requests = new(atomic.Int64)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer nc.Close()
				_ = nc.SetDeadline(time.Now().Add(30 * time.Second))
				r, err := http.ReadRequest(bufio.NewReader(nc))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				requests.Add(1)
				_, _ = io.WriteString(nc, answer)
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		serving.Wait()
	})
	return "http://" + ln.Addr().String(), requests
}

// An answer that curl reads is read: the app gets the webhook once.
func TestOddAnswersAreReadAndNotRetried(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"a folded header line":           "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 2\r\n\r\n",
		"a blank before the colon":       "HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length : 2\r\n\r\n",
		"one length twice in a list":     "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n",
		"a name that is no token":        "HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 2\r\n\r\n",
		"bare line feeds":                "HTTP/1.1 200 OK\nContent-Length: 2\n\n",
		"a control character in a value": "HTTP/1.1 200 OK\r\nX-A: \x1b[2J\r\nContent-Length: 2\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBarb(t)
			app, requests := rawApp(t, head+"ok")
			b.run(t, 0, "send", app, "-d", "{}", "--retries", "4", "--base", "1ms")
			if n := requests.Load(); n != 1 {
				t.Errorf("the app got %d requests", n)
			}
			b.run(t, 0, "send", app, "-d", "{}", "--queue")
			b.run(t, 0, "deliver", "--drain")
			if n := requests.Load(); n != 2 {
				t.Errorf("by way of the queue the app got %d requests", n-1)
			}
			if got := b.run(t, 0, "history", "--jq", "select(.status_code > 0) | .status_code"); got != "200\n200\n" {
				t.Errorf("the history says %q", got)
			}
		})
	}
}

// A sender never takes half of an app's answer for the whole.
func TestAnswersThatBreakOffAreNeverShorterOnes(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"within its length":            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
		"within its chunks":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"within a chunk":               "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
		"before the end of its chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
		"in a chunk that is none":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
		"with two lengths":             "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\nhalf",
		"in a coding":                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n4\r\nhalf\r\n0\r\n\r\n",
	} {
		for _, flags := range [][]string{nil, {"--queue"}} {
			t.Run(fmt.Sprint(name, flags), func(t *testing.T) {
				b := newBarb(t)
				app, _ := rawApp(t, answer)
				address, stop := b.listen(t, append([]string{"--forward-to", app}, flags...)...)
				defer stop()
				if got := converse(t, address, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"); got != "HTTP/1.1 502 Bad Gateway" {
					t.Errorf("the sender got %q", got)
				}
			})
		}
	}
}
