package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// slowApp answers with what head and answer say, but for the end, which it sends once open is closed. What is asked for
// /small has a small answer at once.
func slowApp(t *testing.T, answer func(w http.ResponseWriter), end string) (url string, open chan struct{}) {
	t.Helper()
	open = make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/small" {
			_, _ = io.WriteString(w, "ok")
			return
		}
		answer(w)
		_ = http.NewResponseController(w).Flush()
		<-open
		_, _ = io.WriteString(w, end)
	}))
	t.Cleanup(app.Close)
	return app.URL, open
}

// What an app answers shares the budget of the webhooks in flight while it arrives: what has no room ends at once, also
// while the app still holds back the end, and the room is there again afterwards.
func TestAnswersOfAnAppDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	body := strings.Repeat("x", size-1)
	post := "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300_000)
	get := "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	sized := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", fmt.Sprint(size))
		_, _ = io.WriteString(w, body)
	}
	inChunks := func(w http.ResponseWriter) { _, _ = io.WriteString(w, body) }
	inHead := func(w http.ResponseWriter) {
		for i := range 8 {
			w.Header().Set(fmt.Sprint("X-", i), body[:100<<10])
		}
	}
	for name, c := range map[string]struct {
		answer  func(w http.ResponseWriter)
		request string
		flags   []string
		full    string
	}{
		"with a length":         {sized, get, nil, "HTTP/1.1 503"},
		"in chunks":             {inChunks, get, nil, "HTTP/1.1 503"},
		"to webhooks of a size": {inChunks, post, nil, "HTTP/1.1 503"},
		"of a large head":       {inHead, get, nil, "HTTP/1.1 503"},
		"by way of the queue":   {inChunks, post, []string{"--queue"}, "HTTP/1.1 503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBarb(t)
			app, open := slowApp(t, c.answer, "x")
			address, stop := b.listen(t, append([]string{"--forward-to", app, "--max-body", "1MB", "--max-inflight", "2MB"},
				c.flags...)...)
			defer stop()
			answers := make(chan string, 10)
			for range cap(answers) {
				go func() { answers <- firstLine(address, c.request) }()
			}
			for range cap(answers) - 2 { // at most two have room
				if got := <-answers; !strings.HasPrefix(got, c.full) {
					t.Errorf("a large answer became %q", got)
				}
			}
			if got := converse(t, address,
				"POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"); got != "HTTP/1.1 200 OK" {
				t.Errorf("a small webhook was answered %q", got)
			}
			close(open)
			for range 2 {
				if got := <-answers; !strings.HasPrefix(got, "HTTP/1.1 200") && !strings.HasPrefix(got, c.full) {
					t.Errorf("an answer that may have had room became %q", got)
				}
			}
			got := ""
			for deadline := time.Now().Add(30 * time.Second); !strings.HasPrefix(got, "HTTP/1.1 200"); {
				if time.Now().After(deadline) { // others hold their room a moment longer than their senders wait
					t.Fatalf("afterwards an answer became %q", got)
				}
				got = firstLine(address, c.request)
			}
		})
	}
}

// An answer that the budget never has room for is 502, not 503: another try would end the same way.
func TestAnAnswerBeyondTheBudgetIsABadGateway(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	app, open := slowApp(t, func(w http.ResponseWriter) { _, _ = io.WriteString(w, strings.Repeat("x", 3<<20)) }, "x")
	defer close(open)
	address, stop := b.listen(t, "--forward-to", app, "--max-body", "1MB", "--max-inflight", "2MB")
	defer stop()
	for range 3 {
		if got := firstLine(address, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); got != "HTTP/1.1 502 Bad Gateway" {
			t.Errorf("answered %q", got)
		}
	}
}

// firstLine is converse for other goroutines: an error is in the text.
func firstLine(address, request string) string {
	nc, err := net.Dial("tcp", address)
	if err != nil {
		return err.Error()
	}
	defer nc.Close()
	_, _ = io.WriteString(nc, request)
	answer := make([]byte, 4096)
	n, err := io.ReadAtLeast(nc, answer, len("HTTP/1.1 200"))
	if err != nil {
		return err.Error()
	}
	status, _, _ := strings.Cut(string(answer[:n]), "\r\n")
	return status
}
