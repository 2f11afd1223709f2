package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barbhq/barb/commands"
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

// Senders that fill the memory and do not end are answered 503 once the budget is used, whichever way they announce
// their bodies; small webhooks still get through.
func TestLargeBodiesDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	address, stop := b.listen(t, "--max-inflight", "2MiB", "--max-body", "1MiB")
	defer stop()
	const size = 900 << 10
	for name, request := range map[string]string{
		"announced": fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n",
			size+1) + strings.Repeat("x", size),
		"in chunks": fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n",
			size+1) + strings.Repeat("x", size),
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
				if got := converse(t, address, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8192\r\n\r\n"+
					strings.Repeat("x", 8192)); got != "HTTP/1.1 200 OK" {
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
		"two blanks before the status":   "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\n",
		"a tab behind the version":       "HTTP/1.1\t200 OK\r\nContent-Length: 2\r\n\r\n",
		"a tab behind the status":        "HTTP/1.1 200\tOK\r\nContent-Length: 2\r\n\r\n",
		"a version in lower case":        "http/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
		"the version of HTTP/2":          "HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n",
		"one length in two spellings":    "HTTP/1.1 200 OK\r\nContent-Length: 2, 02\r\n\r\n",
		"a length and nothing":           "HTTP/1.1 200 OK\r\nContent-Length: 2,\r\n\r\n",
		"the coding identity":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n",
		"no coding":                      "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\nContent-Length: 2\r\n\r\n",
		"chunked and nothing":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"chunks with bare line feeds":    "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2;a\nok\n0\nA: b\n\n",
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
			address, stop := b.listen(t, "--forward-to", app)
			defer stop()
			if got := converse(t, address,
				"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"); got != "HTTP/1.1 200 OK" {
				t.Errorf("the sender of a forward got %q", got)
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
		"in chunks twice": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" +
			"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n\r\n",
		"within a length of two forms": "HTTP/1.1 200 OK\r\nContent-Length: 9, 09\r\n\r\nhalf",
		"beside the coding identity":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 9\r\n\r\nhalf",
		"within chunks of bare LF":     "HTTP/1.1 200 OK\nTransfer-Encoding: chunked,\n\n4\nhalf\n",
		"before a bare LF at the end":  "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n4\nhalf\n0\n",
		"with a length of nothing":     "HTTP/1.1 200 OK\r\nContent-Length: ,\r\n\r\nhalf",
		"in a status of HTTP/2":        "HTTP/2 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
	} {
		for _, flags := range [][]string{nil, {"--queue"}} {
			t.Run(fmt.Sprint(name, flags), func(t *testing.T) {
				b := newBarb(t)
				app, _ := rawApp(t, answer)
				address, stop := b.listen(t, append([]string{"--forward-to", app}, flags...)...)
				defer stop()
				if got := converse(t, address,
					"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"); got != "HTTP/1.1 502 Bad Gateway" {
					t.Errorf("the sender got %q", got)
				}
			})
		}
	}
}

// listenAloud starts a listener as listen does; its end returns what it wrote to stdout and stderr.
func (b inProcess) listenAloud(t *testing.T, args ...string) (address string, stop func() (out, said string)) {
	t.Helper()
	var out, said bytes.Buffer
	ready := filepath.Join(b.dir, "ready")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- commands.Main(ctx, b.env(&out, &said), "test",
			append([]string{"listen", "--addr", "127.0.0.1:0", "--ready-file", ready}, args...))
	}()
	stop = func() (string, string) {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("barb listen = %d\n%s", code, said.String())
		}
		return out.String(), said.String()
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if data, err := os.ReadFile(ready); err == nil {
			_, address, _ = strings.Cut(strings.TrimSpace(string(data)), "://")
			return address, stop
		}
		if time.Now().After(deadline) {
			_, said := stop()
			t.Fatalf("listen does not listen\n%s", said)
		}
	}
}

// What is refused is counted in the last line, is an object in the JSON, and does not flood the terminal.
func TestRefusalsAreSeenAndDoNotFlood(t *testing.T) {
	t.Parallel()
	post := "POST /p?token=hidden HTTP/1.1\r\nHost: h\r\n"
	for name, c := range map[string]struct {
		request string
		flags   []string
		status  int
		reason  string
		words   string
	}{
		"too large":           {post + "Content-Length: 2000\r\n\r\n", nil, 413, "too_large", "× 413 too large"},
		"too large in chunks": {post + "Transfer-Encoding: chunked\r\n\r\nfff\r\n", nil, 413, "too_large", "× 413 too large"},
		"malformed":           {"POST /p HTTP/1.1\r\nX: y\r\n\r\n", nil, 400, "malformed", "× 400"},
		"bad request line":    {"GE(", nil, 400, "malformed", "× 400"},
		"a long bad line":     {"POST / http/1.1\r\nX: " + strings.Repeat("x", 5000), nil, 400, "malformed", "× 400"},
		"expectation":         {post + "Expect: more\r\n\r\n", nil, 417, "expectation", "× 417 expectation"},
		"head too large": {post + "X: " + strings.Repeat("x", 70_000) + "\r\n\r\n", nil, 431, "head_too_large",
			"× 431 head too large"},
		"target too long": {"POST /" + strings.Repeat("x", 70_000) + " HTTP/1.1\r\n\r\n", nil, 414, "target_too_long",
			"× 414 target too long"},
		"another coding":  {post + "Transfer-Encoding: gzip\r\n\r\n", nil, 501, "not_implemented", "× 501 not implemented"},
		"another version": {"POST /p HTTP/1.2\r\n\r\n", nil, 505, "version", "× 505 version"},
		"too many": {post + "Content-Length: 0\r\n\r\n", []string{"--rate-limit", "1/h"}, 429, "rate_limited",
			"by --rate-limit 1/h"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBarb(t)
			address, stop := b.listenAloud(t, append([]string{"--json", "--max-body", "1000"}, c.flags...)...)
			if c.status == 429 {
				converse(t, address, c.request)
			}
			const times = 60
			for range times {
				if got := converse(t, address, c.request); !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d", c.status)) {
					t.Errorf("answered %q", got)
				}
			}
			out, said := stop()
			if want := fmt.Sprintf("rejected: %d %s\n", times, c.words); !strings.HasSuffix(said, want) {
				t.Errorf("stderr ends %q, want %q", said[strings.LastIndex(said[:len(said)-1], "\n")+1:], want)
			}
			if n := strings.Count(said, "rejected "); n > 10 || n < 2 || strings.Contains(said, "hidden") {
				t.Errorf("%d lines about it:\n%s", n, said)
			}
			wantRefusedObjects(t, out, times, c.status, c.reason)
		})
	}
}

// wantRefusedObjects adds up what the objects of an output stand for.
func wantRefusedObjects(t *testing.T, out string, times, status int, reason string) {
	t.Helper()
	sum := 0
	for line := range strings.Lines(out) {
		var object struct {
			Schema, Status, Count                        int
			Event, Reason, Remote, Method, Path, Outcome string
		}
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if object.Event != "refused" {
			continue
		}
		sum += max(object.Count, 1)
		if object.Schema != 1 || object.Status != status || object.Reason != reason || object.Remote == "" ||
			len(object.Path) > 256 || strings.Contains(object.Path, "?") {
			t.Errorf("%s", line)
		}
	}
	if sum != times {
		t.Errorf("the objects stand for %d, want %d", sum, times)
	}
}

// Handshakes that fail are a line for their kind, and a number at the end; so is TLS to a listener without it, and a
// connection that --allow-ip does not take.
func TestFailedHandshakesAndStrangersDoNotFlood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		begun string
		flags []string
		words string
	}{
		"a handshake that is none": {"\x16\x03\x01\x00\x05hello", []string{"--tls"}, "60 × TLS handshake"},
		"a handshake of an old version": {"\x16\x02\x00\x00\x05\x01\x00\x00\x01\x00", []string{"--tls"},
			"60 × TLS handshake"},
		"plain http to TLS": {"POST / HTTP/1.1\r\nHost: h\r\n\r\n", []string{"--tls"}, "60 × 400 plain http"},
		"TLS to plain http": {"\x16\x03\x01\x00\x05hello", nil, "60 × TLS to plain http"},
		"a stranger":        {"POST / HTTP/1.1\r\nHost: h\r\n\r\n", []string{"--allow-ip", "192.0.2.1"}, "60 by --allow-ip"},
		"a stranger to TLS": {"\x16\x03\x01\x00\x05hello", []string{"--tls", "--allow-ip", "192.0.2.1"}, "60 by --allow-ip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBarb(t)
			address, stop := b.listenAloud(t, append(c.flags, "--json")...)
			for range 60 {
				converse(t, address, c.begun)
			}
			out, said := stop()
			if !strings.HasSuffix(said, "; rejected: "+c.words+"\n") || strings.Count(said, "\n") > 20 {
				t.Errorf("stderr:\n%s", said)
			}
			if n := strings.Count(out, `"event":"refused"`); n < 2 || strings.Contains(out, `"id":`) {
				t.Errorf("stdout:\n%s", out)
			}
		})
	}
}

// What --where does not decide in time is no "no": the sender hears 503 and comes again, and nothing of it reaches an
// app, the queue or a command meanwhile.
func TestAWebhookThatIsNotDecidedInTimeComesAgain(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"forwarded": {}, "queued": {"--queue"}, "answered first": {"--mode", "ack"}, "once": {"--dedupe"},
		"not kept": {"--no-record-filtered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, app := newBarb(t), newBehind(t)
			address, stop := b.listen(t, append(flags, "--forward-to", app.URL, "--count", "1", "--where",
				`if .body.slow then last(range(1e18)) > 0 else true end`)...)
			r, err := http.Post("http://"+address+"/slow", "application/json", strings.NewReader(`{"slow":true}`))
			if err != nil {
				t.Fatal(err)
			}
			_ = r.Body.Close()
			if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
				t.Errorf("answered %s, Retry-After %q", r.Status, r.Header.Get("Retry-After"))
			}
			if status := sendTo(t, address, "/fast", "{}"); status != 200 {
				t.Errorf("the next is answered %d", status)
			}
			until(t, "the app has the next", 30*time.Second, func() bool { return app.seen() != "" })
			stop()
			if got := app.seen(); got != "POST /fast" {
				t.Errorf("the app got %q", got)
			}
			if got := b.run(t, 0, "history", "--marked", "undecided", "--json", "--jq",
				"[.status_code, .path]"); !strings.Contains(got, "503") || strings.Count(got, "\n") != 1 {
				t.Errorf("the history has %s", got)
			}
		})
	}
}
