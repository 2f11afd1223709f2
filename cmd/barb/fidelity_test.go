package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands"
	"github.com/barbhq/barb/commands/shell"
)

// letter is a request as a sender writes it, byte for byte.
type letter struct{ name, wire string }

// letters are the requests that tools in the middle get wrong: each must come out of the history, and go out again, as
// the bytes it came as.
func letters() []letter {
	post := func(fields, body string) string {
		return "POST /hook HTTP/1.1\r\nHost: h.test\r\n" + fields + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body),
			body)
	}
	target := func(t string) string { return "POST " + t + " HTTP/1.1\r\nHost: h.test\r\nContent-Length: 2\r\n\r\nhi" }
	chunked := func(fields, chunks string) string {
		return "POST /hook HTTP/1.1\r\nHost: h.test\r\n" + fields + "Transfer-Encoding: chunked\r\n\r\n" + chunks
	}
	binary := string(everyByte())
	return []letter{
		{"plain", post("", `{"a":1}`)},
		{"duplicate headers", post("X-A: 1\r\nX-A: 1\r\nX-A: 2\r\n", "x")},
		{"duplicate headers apart", post("X-A: 1\r\nX-B: 0\r\nX-A: 2\r\n", "x")},
		{"duplicate headers in other case", post("x-a: 1\r\nX-A: 2\r\nX-a: 3\r\n", "x")},
		{"empty header", post("X-Empty:\r\nX-Blank: \r\nX-Tab:\t\r\n", "x")},
		{"odd case", post("x-GitHub-EVENT: push\r\nCONTENT-type: text/plain\r\n", "x")},
		{"Host in odd case, not first", "POST / HTTP/1.1\r\nX-First: 1\r\nhOsT: h.test\r\ncontent-length: 1\r\n\r\nx"},
		{"no space after the colon", post("X-A:1\r\n", "x")},
		{"many spaces around a value", post("X-A: \t  two  words \t \r\n", "x")},
		{"colons and quotes in a value", post("X-A: a:b: \"c\\\"d\" ; e='f'\r\n", "x")},
		{"commas in a value", post("X-A: a, b,,c , \r\n", "x")},
		{"Latin-1 in a value", post("X-A: caf\xe9\r\n", "x")},
		{"UTF-8 in a value", post("X-A: caf\u00e9 \U0001f98a\r\n", "x")},
		{"every token character in a name", post("!#$%&'*+-.^_`|~09azAZ: 1\r\n", "x")},
		{"a long value", post("X-A: "+strings.Repeat("v", 30_000)+"\r\n", "x")},
		{"500 headers", post(strings.Repeat("X-A: 1\r\n", 500), "x")},
		{"a field twice", post("X-Part: a=1; b=2\r\nX-Part: a=3\r\n", "x")},
		{"forwarded by another", post("X-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nVia: 1.1 proxy\r\n", "x")},
		{"its own Accept and agent", post("User-Agent: \r\nAccept:\r\n", "x")},
		{"percent-encodings", target("/a%2Fb%2f%20%41%zz%?q=%41%2B+%00")},
		{"two slashes", target("//a//b//")},
		{"a path like an authority", target("//evil.test/x")},
		{"dots", target("/a/../b/./c/..")},
		{"a question mark twice", target("/a?b?c=d?&&=&e")},
		{"an empty query", target("/a?")},
		{"a query of one character", target("/?=")},
		{"bytes beyond ASCII", target("/caf\xc3\xa9?\xff=\xe9")},
		{"what URLs forbid", target("/{a}|\\^`<>\"?[x]={y}")},
		{"semicolons", target("/a;b=1;c?x;y")},
		{"a URL in the query", target("/a?to=http://other.test/b?c=d")},
		{"a colon in the path", target("/a:80/b@c")},
		{"a long target", target("/" + strings.Repeat("p", 20_000))},
		{"absolute form", target("http://h.test/a?b")},
		{"absolute form in odd case", target("HTTP://H.Test:80/a%2fb")},
		{"asterisk form", "OPTIONS * HTTP/1.1\r\nHost: h.test\r\n\r\n"},
		{"GET", "GET /a?challenge=1 HTTP/1.1\r\nHost: h.test\r\n\r\n"},
		{"GET with a body", "GET /a HTTP/1.1\r\nHost: h.test\r\nContent-Length: 2\r\n\r\nhi"},
		{"HEAD", "HEAD /a HTTP/1.1\r\nHost: h.test\r\n\r\n"},
		{"DELETE", "DELETE /a HTTP/1.1\r\nHost: h.test\r\n\r\n"},
		{"a method of one's own", "X-notify /a HTTP/1.1\r\nHost: h.test\r\n\r\n"},
		{"a method in lower case", "post /a HTTP/1.1\r\nHost: h.test\r\nContent-Length: 1\r\n\r\nx"},
		{"POST without a length", "POST /a HTTP/1.1\r\nHost: h.test\r\n\r\n"},
		{"an empty Host", "POST /a HTTP/1.1\r\nHost:\r\nContent-Length: 1\r\n\r\nx"},
		{"an IPv6 Host", "POST /a HTTP/1.1\r\nHost: [::1]:8080\r\nContent-Length: 1\r\n\r\nx"},
		{"0 bytes of body", post("", "")},
		{"a length with zeros before it", "POST / HTTP/1.1\r\nHost: h.test\r\nContent-Length: 0002\r\n\r\nhi"},
		{"every byte in the body", post("", binary)},
		{"a body like a request", post("", "\r\nPOST / HTTP/1.1\r\n\r\n")},
		{"a body of line breaks", post("", "\r\n\r\n\n\n\r")},
		{"a gzip body", post("Content-Encoding: gzip\r\n", packed(strings.Repeat("a", 100_000)))},
		{"a body that claims to be gzip", post("Content-Encoding: gzip\r\n", "not gzip")},
		{"a large body", post("", strings.Repeat(binary, 4096))},
		{"JSON as nobody else writes it", post("Content-Type: application/json\r\n",
			"{ \"a\" : 1e999,\r\n\t\"a\":\"\\ud800\" }\n")},
		{"chunked", chunked("", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")},
		{"chunked, empty", chunked("", "0\r\n\r\n")},
		{"chunked with trailers", chunked("Trailer: X-Sum\r\n", "3\r\nabc\r\n0\r\nx-SUM:  9 \r\nX-Sum:\r\n\r\n")},
		{"chunked with extensions", chunked("", "3;a=\"b;c\" ;d\r\nabc\r\n0;end\r\n\r\n")},
		{"chunk sizes as nobody else writes them",
			chunked("", "0003\r\nabc\r\nA\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n")},
		{"chunks of one byte", chunked("", strings.Repeat("1\r\nx\r\n", 5000)+"0\r\n\r\n")},
		{"a chunk like the last one", chunked("", "5\r\n0\r\n\r\n\r\n0\r\n\r\n")},
		{"chunked gzip", chunked("Content-Encoding: gzip\r\n",
			fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(packed("a")), packed("a")))},
		{"CHUNKED", "POST / HTTP/1.1\r\nHost: h.test\r\ntransfer-encoding: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n"},
		{"Expect", post("Expect: 100-continue\r\n", "hi")},
		{"Expect with chunks", chunked("Expect: 100-Continue\r\n", "2\r\nhi\r\n0\r\n\r\n")},
		{"Expect without a body", post("Expect: 100-continue\r\n", "")},
		{"Connection: close", post("Connection: close\r\n", "x")},
		{"hop by hop",
			post("Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nUpgrade: h2c\r\n", "x")},
		{"HTTP/1.0", "POST /a HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi"},
		{"HTTP/1.0 with Host", "POST /a HTTP/1.0\r\nHost: h.test\r\nContent-Length: 2\r\n\r\nhi"},
		{"HTTP/1.0 keep-alive", "POST /a HTTP/1.0\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi"},
		{"HTTP/1.0 without a body", "GET / HTTP/1.0\r\n\r\n"},
	}
}

func everyByte() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

func packed(text string) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write([]byte(text)) // into memory
	_ = z.Close()
	return out.String()
}

// What came is what is shown and what is sent again: not a byte of head, body, chunks or trailers is another one.
func TestEveryByteThatCameIsShownAndSentAgain(t *testing.T) {
	t.Parallel()
	all := letters()
	if len(all) < 50 {
		t.Fatalf("%d requests, want at least 50", len(all))
	}
	b := newBarb(t)
	b.receive(t, all)
	capturer, capture := newCapturer(t)
	for i, l := range all {
		t.Run(l.name, func(t *testing.T) {
			id := fmt.Sprint(i + 1)
			if got := b.run(t, 0, "show", id, "--raw"); got != l.wire {
				t.Errorf("show --raw:\n got %s\nwant %s", excerpt(got), excerpt(l.wire))
			}
			captured := capture(len(l.wire))
			b.run(t, 0, "replay", id, "--exact", "--to", capturer, "--retries", "0", "--timeout", "5s", "-q")
			select {
			case got := <-captured:
				if got != l.wire {
					t.Errorf("replay --exact:\n got %s\nwant %s", excerpt(got), excerpt(l.wire))
				}
			case <-time.After(30 * time.Second):
				t.Error("replay --exact sent nothing")
			}
		})
	}
}

// Trailers are shown where they came: behind the body, and apart from the headers.
func TestTrailersAreShown(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	b.receive(t,
		[]letter{{"trailers",
			"POST / HTTP/1.1\r\nHost: h.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-SUM:  9 \r\n\r\n"}})
	if got := b.run(t, 0, "show", "1"); !strings.Contains(got, "\nabc\n\n(trailers)\nx-SUM: 9\n") {
		t.Errorf("show:\n%s", got)
	}
	if got := b.run(t, 0, "show", "1", "--json"); !strings.Contains(got, `"request_trailers":[["x-SUM","9"]]`) {
		t.Errorf("show --json:\n%s", got)
	}
}

// Sent one after another over one connection, and all at once, requests are told apart.
func TestEveryByteIsKeptOverOneConnection(t *testing.T) {
	t.Parallel()
	var all []letter
	for _, l := range letters() {
		if !strings.Contains(l.wire, "Expect") && !strings.Contains(l.wire, "Connection: close") &&
			!strings.Contains(l.wire, "HTTP/1.0") {
			all = append(all, l)
		}
	}
	for name, pipelined := range map[string]bool{"kept alive": false, "pipelined": true} {
		t.Run(name, func(t *testing.T) {
			b := newBarb(t)
			b.receiveOnOne(t, all, pipelined)
			for i, l := range all {
				if got := b.run(t, 0, "show", fmt.Sprint(i+1), "--raw"); got != l.wire {
					t.Errorf("%s:\n got %s\nwant %s", l.name, excerpt(got), excerpt(l.wire))
				}
			}
		})
	}
}

// excerpt shows where two long texts may differ without filling the screen.
func excerpt(s string) string {
	if len(s) > 300 {
		return fmt.Sprintf("%q … %q (%d bytes)", s[:200], s[len(s)-80:], len(s))
	}
	return fmt.Sprintf("%q", s)
}

// inProcess is barb with a history of its own, run without a process.
type inProcess struct{ dir string }

func newBarb(t *testing.T) inProcess {
	t.Helper()
	return inProcess{t.TempDir()}
}

func (b inProcess) env(out, err io.Writer) shell.Env {
	env := environment()
	env.In, env.Out, env.Err, env.Dir = strings.NewReader(""), out, err, b.dir
	env.Interruptible = context.WithCancel
	env.Getenv = func(name string) string {
		return map[string]string{"BARB_DB": filepath.Join(b.dir, "history.db"), "XDG_CONFIG_HOME": b.dir,
			"XDG_DATA_HOME": b.dir}[name]
	}
	return env
}

// run runs a command to its end and returns what it printed.
func (b inProcess) run(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, said bytes.Buffer
	if code := commands.Main(context.Background(), b.env(&out, &said), "test", args); code != want {
		t.Errorf("barb %v = %d, want %d\n%s", args, code, want, said.String())
	}
	return out.String()
}

// listen starts a listener and returns its address and what ends it.
func (b inProcess) listen(t *testing.T, args ...string) (address string, stop func()) {
	t.Helper()
	ready := filepath.Join(b.dir, "ready")
	var out, said bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- commands.Main(ctx, b.env(&out, &said), "test",
			append([]string{"listen", "--addr", "127.0.0.1:0", "--ready-file", ready}, args...))
	}()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if data, err := os.ReadFile(ready); err == nil {
			_, address, _ = strings.Cut(strings.TrimSpace(string(data)), "://")
			break
		}
		if time.Now().After(deadline) {
			cancel()
			<-ended
			t.Fatalf("listen does not listen\n%s", said.String())
		}
	}
	return address, func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("barb listen = %d\n%s", code, said.String())
		}
	}
}

// receive has each request received over a connection of its own.
func (b inProcess) receive(t *testing.T, all []letter) {
	t.Helper()
	address, stop := b.listen(t)
	defer stop()
	for _, l := range all {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		mail(t, nc, bufio.NewReader(nc), l)
		_ = nc.Close()
	}
}

func (b inProcess) receiveOnOne(t *testing.T, all []letter, pipelined bool) {
	t.Helper()
	address, stop := b.listen(t)
	defer stop()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	br := bufio.NewReader(nc)
	if !pipelined {
		for _, l := range all {
			mail(t, nc, br, l)
		}
		return
	}
	var everything strings.Builder
	for _, l := range all {
		everything.WriteString(l.wire)
	}
	go func() { _, _ = io.WriteString(nc, everything.String()) }() // beside the reading, or both sides would wait
	for _, l := range all {
		wantAnswer(t, br, l)
	}
}

// mail sends one request and waits for its answer. Who expects leave to go on waits for that too.
func mail(t *testing.T, nc net.Conn, br *bufio.Reader, l letter) {
	t.Helper()
	_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
	head, body, _ := strings.Cut(l.wire, "\r\n\r\n")
	if strings.Contains(head, "Expect: ") && !strings.Contains(head, "Content-Length: 0") {
		_, _ = io.WriteString(nc, head+"\r\n\r\n")
		if line, err := br.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("%s: answered %q, %v", l.name, line, err)
		}
		_, _ = br.ReadString('\n')
		_, _ = io.WriteString(nc, body)
	} else {
		_, _ = io.WriteString(nc, l.wire)
	}
	wantAnswer(t, br, l)
}

func wantAnswer(t *testing.T, br *bufio.Reader, l letter) {
	t.Helper()
	method, _, _ := strings.Cut(l.wire, " ")
	answer, err := http.ReadResponse(br, &http.Request{Method: method})
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: answered %v, %v", l.name, answer, err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
}

// newCapturer is a raw socket that hands out all that a connection brings: it answers when as many bytes have come as
// are asked for, and reads on to see whether more do. It knows nothing of HTTP, which is how it sees every byte.
func newCapturer(t *testing.T) (url string, capture func(want int) <-chan string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return "http://" + ln.Addr().String(), func(want int) <-chan string {
		got := make(chan string, 1)
		go func() {
			if nc, err := ln.Accept(); err == nil {
				got <- takeDown(nc, want)
			}
		}()
		return got
	}
}

func takeDown(nc net.Conn, want int) string {
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	got := make([]byte, want)
	n, err := io.ReadFull(nc, got)
	if err != nil {
		_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	}
	_, _ = io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	rest, _ := io.ReadAll(nc)
	return string(append(got[:n], rest...))
}
