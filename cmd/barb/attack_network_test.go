package main

import (
	"fmt"
	"io"
	"net"
	"strings"
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
