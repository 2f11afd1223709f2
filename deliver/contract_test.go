package deliver_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// The contract: whatever a server does, the same is recorded on every way to it: directly, when HTTP/2 is offered and
// not taken, through a tunnel, and through a proxy that takes the requests itself.
type contractCase struct {
	name  string
	serve func(*talk)
	want  outcome
}

// outcome is what an exchange is compared by.
type outcome struct {
	Status    int
	Body      string
	Kind      record.FailureKind
	Ambiguous bool
	Cut       bool
	Decision  string
	Requests  int // that arrived
}

// drip says a little at a time, and lets the attempt's time run out in the middle of it.
func drip(first, each string) func(*talk) {
	return func(c *talk) {
		c.say(first)
		for i, err := 0, error(nil); err == nil; i++ {
			_, err = io.WriteString(c, each)
			time.Sleep(20 * time.Millisecond)
			if i == 10 {
				c.p.end.expire()
			}
		}
	}
}

// stall says something and no more until the attempt's time has run out.
func stall(first string) func(*talk) {
	return func(c *talk) {
		c.say(first)
		time.Sleep(300 * time.Millisecond) // for the client to read it
		c.p.end.expire()
		c.request()
	}
}

func flood(first, each string) func(*talk) {
	chunk := []byte(strings.Repeat(each, 1+(32<<10)/len(each)))
	return func(c *talk) {
		c.say(first)
		for err := error(nil); err == nil; {
			_, err = c.Write(chunk)
		}
	}
}

func gone(c *talk) { _ = c.Close() }

func contract() []contractCase {
	failed := func(kind record.FailureKind) outcome {
		return outcome{Kind: kind, Ambiguous: true, Decision: "exhausted", Requests: 1}
	}
	answered := func(status int, body, decision string) outcome {
		return outcome{Status: status, Body: body, Decision: decision, Requests: 1}
	}
	half := func(kind record.FailureKind, body string) outcome {
		return outcome{Status: 200, Body: body, Kind: kind, Ambiguous: true, Decision: "delivered", Requests: 1}
	}
	cut := func(o outcome) outcome { o.Cut = true; return o }
	unanswered := failed(record.FailProtocol)
	late := half(record.FailTimeout, "")
	return []contractCase{
		{name: "an answer with a length", serve: answers(ok), want: answered(200, "ok", "delivered")},
		{name: "an answer in chunks",
			serve: answers(
				say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n")),
			want: answered(200, "abcde", "delivered")},
		{name: "an answer up to the end", serve: answers(func(c *talk) {
			c.say("HTTP/1.0 200 OK\r\n\r\nall of it")
			gone(c)
		}), want: answered(200, "all of it", "delivered")},
		{name: "an answer without a body", serve: answers(say("HTTP/1.1 204 No Content\r\n\r\n")),
			want: answered(204, "", "delivered")},
		{name: "an answer without a reason", serve: answers(say("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")),
			want: answered(200, "", "delivered")},
		{name: "interim answers", serve: answers(say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n" +
			"Link: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")), want: answered(200, "ok", "delivered")},
		{name: "a server error", serve: answers(say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy")),
			want: answered(503, "busy", "exhausted")},
		{name: "a client error", serve: answers(say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")),
			want: answered(404, "", "final")},
		{name: "gone", serve: answers(say("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")),
			want: answered(410, "", "final")},
		{name: "a redirect",
			serve: answers(say("HTTP/1.1 307 Temporary Redirect\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")),
			want:  answered(307, "", "final")},
		{name: "a packed body",
			serve: answers(say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08")),
			want:  answered(200, "\x1f\x8b\x08", "delivered")},

		{name: "a reset after the request", serve: answers((*talk).reset), want: failed(record.FailReset)},
		{name: "no answer at all", serve: answers(gone), want: failed(record.FailReset)},
		{name: "a head that breaks off", serve: answers(func(c *talk) { c.say("HTTP/1.1 200 OK\r\nX: y\r\n"); gone(c) }),
			want: failed(record.FailReset)},
		{name: "what is not HTTP", serve: answers(func(c *talk) { c.say("SSH-2.0-OpenSSH_9.6\r\n"); gone(c) }),
			want: unanswered},
		{name: "switching protocols", serve: answers(
			say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")), want: unanswered},
		{name: "20,000 interim answers", serve: answers(say(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20000))),
			want: unanswered},
		{name: "headers without end",
			serve: answers(flood("HTTP/1.1 200 OK\r\n", "X-Flood: "+strings.Repeat("x", 100)+"\r\n")), want: unanswered},
		{name: "a header line without end", serve: answers(flood("HTTP/1.1 200 OK\r\nX: ", "x")), want: unanswered},

		{name: "a body that breaks off", serve: answers(func(c *talk) {
			c.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
			gone(c)
		}), want: half(record.FailReset, "half")},
		{name: "chunks that break off", serve: answers(func(c *talk) {
			c.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
			gone(c)
		}), want: half(record.FailReset, "half")},
		{name: "chunks that are none", serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")),
			want: half(record.FailProtocol, "")},
		{name: "a body that stalls", serve: answers(stall("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")), want: late},
		{name: "an answer that never comes", serve: answers(stall("")), want: failed(record.FailTimeout)},
		{name: "a head in drops", serve: answers(drip("HTTP/1.1 200 OK\r\nX: ", "x")), want: failed(record.FailTimeout)},
		{name: "a body without end", serve: answers(flood("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", "y")),
			want: cut(answered(200, strings.Repeat("y", 100), "delivered"))},
		{name: "chunks without end", serve: answers(flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			"64\r\n"+strings.Repeat("y", 100)+"\r\n")), want: cut(answered(200, strings.Repeat("y", 100), "delivered"))},
		{name: "a body longer than what is kept",
			serve: answers(say("HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + strings.Repeat("z", 300))),
			want:  cut(answered(200, strings.Repeat("z", 100), "delivered"))},

		{name: "a head that breaks off in a line",
			serve: answers(func(c *talk) { c.say("HTTP/1.1 200 OK\r\nConte"); gone(c) }), want: failed(record.FailReset)},

		// What RFC 9112 has clients read, and curl reads.
		{name: "a folded header line",
			serve: answers(say("HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\td\r\nContent-Length: 2\r\n\r\nok")),
			want:  answered(200, "ok", "delivered")},
		{name: "a folded length", serve: answers(say("HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok")),
			want: answered(200, "ok", "delivered")},
		{name: "a folded status line", serve: answers(say("HTTP/1.1 200 OK\r\n and more\r\nContent-Length: 2\r\n\r\nok")),
			want: answered(200, "ok", "delivered")},
		{name: "a blank before the colon", serve: answers(say("HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length: 2\r\n\r\nok")),
			want: answered(200, "ok", "delivered")},
		{name: "a blank before the colon of the length",
			serve: answers(say("HTTP/1.1 200 OK\r\nContent-Length \t: 2\r\n\r\nok")), want: answered(200, "ok", "delivered")},
		{name: "a blank before the colon of the coding",
			serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")),
			want:  answered(200, "ok", "delivered")},
		{name: "bare line feeds", serve: answers(say("HTTP/1.1 200 OK\nX-A: b\nContent-Length: 2\n\nok")),
			want: answered(200, "ok", "delivered")},
		{name: "a name that is no token", serve: answers(say("HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 2\r\n\r\nok")),
			want: answered(200, "ok", "delivered")},
		{name: "a control character in a value",
			serve: answers(say("HTTP/1.1 200 OK\r\nX-A: a\x01\rb\r\nContent-Length: 2\r\n\r\nok")),
			want:  answered(200, "ok", "delivered")},
		{name: "a line without a colon", serve: answers(say("HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 2\r\n\r\nok")),
			want: unanswered},
		{name: "NUL in a value", serve: answers(say("HTTP/1.1 200 OK\r\nX-A: \x00\r\nContent-Length: 2\r\n\r\nok")),
			want: unanswered},

		{name: "20 interim answers", serve: answers(say(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20) +
			"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")), want: answered(200, "ok", "delivered")},
		{name: "21 interim answers", serve: answers(say(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 21) +
			"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")), want: unanswered},
		{name: "status 600", serve: answers(say("HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n")),
			want: answered(600, "", "exhausted")},
		{name: "status 999", serve: answers(say("HTTP/1.1 999 Odd\r\nContent-Length: 3\r\n\r\nodd")),
			want: answered(999, "odd", "exhausted")},
		{name: "status 1000", serve: answers(say("HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n")), want: unanswered},

		{name: "one length twice", serve: answers(say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok")),
			want: answered(200, "ok", "delivered")},
		{name: "a list of one length", serve: answers(say("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok")),
			want: answered(200, "ok", "delivered")},
		{name: "two lengths", serve: answers(say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok")),
			want: half(record.FailProtocol, "")},
		{name: "a list of two lengths", serve: answers(say("HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok")),
			want: half(record.FailProtocol, "")},
		{name: "a negative length", serve: answers(say("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok")),
			want: half(record.FailProtocol, "")},
		{name: "a length that is none", serve: answers(say("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok")),
			want: half(record.FailProtocol, "")},
		{name: "a length beside chunks",
			serve: answers(
				say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")),
			want: answered(200, "ok", "delivered")},
		{name: "another coding before chunked",
			serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\n\x1f\x8b\x08\r\n0\r\n\r\n")),
			want:  half(record.FailProtocol, "")},
		{name: "two codings in two lines", serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n" +
			"Transfer-Encoding: chunked\r\n\r\n3\r\n\x1f\x8b\x08\r\n0\r\n\r\n")), want: half(record.FailProtocol, "")},
		{name: "chunked and an empty member",
			serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: ,chunked,\r\n\r\n2\r\nok\r\n0\r\n\r\n")),
			want:  answered(200, "ok", "delivered")},
		{name: "identity beside a length",
			serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok")),
			want:  answered(200, "ok", "delivered")},
		{name: "identity before chunked",
			serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")),
			want:  answered(200, "ok", "delivered")},
		{name: "chunks with bare line feeds",
			serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\no\n1;a\nk\n0\nT: v\n\n")),
			want:  answered(200, "ok", "delivered")},
		{name: "a chunk longer than it says",
			serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokx\r\n0\r\n\r\n")),
			want:  half(record.FailProtocol, "ok")},
		{name: "a chunk of a negative size",
			serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n")),
			want:  half(record.FailProtocol, "")},
		{name: "a chunk too large for a number",
			serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nok")),
			want:  half(record.FailProtocol, "")},
		{name: "one length in two spellings", serve: answers(say("HTTP/1.1 200 OK\r\nContent-Length: 2, 02,\r\n\r\nok")),
			want: answered(200, "ok", "delivered")},
		{name: "two blanks and a version in lower case",
			serve: answers(say("http/1.1  200\tOK\r\nContent-Length: 2\r\n\r\nok")), want: answered(200, "ok", "delivered")},
		{name: "chunked twice",
			serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")),
			want:  half(record.FailProtocol, "")},
		{name: "an unknown coding", serve: answers(say("HTTP/1.1 200 OK\r\nTransfer-Encoding: zip\r\n\r\nok")),
			want: half(record.FailProtocol, "")},
	}
}

// way is how a client reaches a server that speaks HTTP/1.1.
type way struct {
	name   string
	secure bool
	http2  bool // is offered
	proxy  func(p *peer) func(*talk)
}

func ways() []way {
	return []way{
		{name: "wire", secure: true},
		{name: "HTTP/2 that is not taken", secure: true, http2: true},
		{name: "a tunnel", secure: true, proxy: func(p *peer) func(*talk) { return tunnel(p.addr) }},
		{name: "HTTP/2 that is not taken behind a tunnel", secure: true, http2: true,
			proxy: func(p *peer) func(*talk) { return tunnel(p.addr) }},
		{name: "a proxy that passes plain requests on", proxy: func(p *peer) func(*talk) { return passOn(p.addr) }},
	}
}

// passOn is a proxy that hands every byte on: the server behind it sees what a proxy is asked.
func passOn(target string) func(*talk) {
	return func(c *talk) {
		if out, err := net.Dial("tcp", target); err == nil {
			c.join(out)
		}
	}
}

func TestEveryWayRecordsTheSame(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server, client := ca.server(t), ca.client(t)
	for _, test := range contract() {
		for _, way := range ways() {
			t.Run(test.name+" over "+way.name, func(t *testing.T) {
				t.Parallel()
				config := server
				if !way.secure {
					config = nil
				}
				p := listen(t, config, test.serve)
				o, remote := deliver.Options{TLS: client, HTTP2: way.http2, ConnectTimeout: time.Minute, MaxBody: 100,
					ReadLimit: 4 << 20}, p.addr
				if way.proxy != nil {
					remote = listen(t, nil, way.proxy(p)).addr
					o.Proxy = "http://" + remote
				}
				policy := deliver.Policy{RetryOn: deliver.DefaultRetryOn()}
				a := run(t.Context(), t, &deliver.Sender{Client: timed{newClient(t, o), p.end}, Policy: policy}, record.Exchange{
					Request: record.Request{Method: "POST", URL: p.url() + "/hook?x=1", Body: []byte("{}")},
				})[0]
				x := a.Exchange
				got := outcome{Status: x.Status(), Kind: x.FailureKind(), Decision: string(a.Decision),
					Requests: len(p.received())}
				if x.Err != nil {
					got.Ambiguous = x.Err.Ambiguous
					if len(x.Err.Text) > 300 {
						t.Errorf("failure text of %d bytes", len(x.Err.Text))
					}
				}
				if x.Response != nil {
					got.Body, got.Cut = string(x.Response.Body), x.Response.Cut
					if x.Response.Size > 4<<20 {
						t.Errorf("%d bytes of body were read", x.Response.Size)
					}
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s\n%v", diff, x.Err)
				}
				if x.Took <= 0 || x.Start.IsZero() || x.Remote != remote || x.Phases.TLS > 0 != way.secure ||
					x.Phases.Connect <= 0 {
					t.Errorf("took %s, remote %q, phases %+v", x.Took, x.Remote, x.Phases)
				}
				if wantFirst := x.Response != nil; wantFirst && x.Phases.FirstByte <= 0 {
					t.Errorf("phases %+v", x.Phases)
				}
				if x.Response != nil && x.Response.Head == "" {
					t.Error("the head of the answer is not kept")
				}
			})
		}
	}
}

func TestBothClientsSendTheSameRequest(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server, client := ca.server(t), ca.client(t)
	var got []http.Header
	for _, web := range []bool{false, true} {
		p := listen(t, server, answers(ok))
		c := newClient(t, deliver.Options{TLS: client, HTTP2: web, UserAgent: "barb/1.2"})
		x := &record.Exchange{Request: record.Request{
			Method: "POST", URL: p.url() + "/a%2Fb//c?q=%20&r", Body: []byte("hello"),
			Header: record.Header{{Name: "x-Case", Value: "1"}, {Name: "Host", Value: "other.example"},
				{Name: "x-Case", Value: "2"}},
		}}
		c.Do(t.Context(), x)
		raw := p.received()[0]
		if !strings.HasPrefix(raw, "POST /a%2Fb//c?q=%20&r HTTP/1.1\r\n") || !strings.HasSuffix(raw, "\r\n\r\nhello") {
			t.Errorf("web %v: %q", web, raw)
		}
		head := raw[:len(raw)-len("hello")]
		r, err := record.ParseRequest(head, "https")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Header.HTTP())
		if diff := cmp.Diff(r.Header.HTTP(), x.Request.Header.HTTP()); diff != "" {
			t.Errorf("web %v: what was recorded is not what arrived: %s", web, diff)
		}
		if x.Request.Head != head {
			t.Errorf("web %v: head %q", web, x.Request.Head)
		}
	}
	if diff := cmp.Diff(got[0], got[1]); diff != "" {
		t.Error(diff)
	}
}

func TestHugeAnswersTakeBoundedMemory(t *testing.T) {
	p := listen(t, nil, answers(flood("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", strings.Repeat("y", 64))))
	c := newClient(t, deliver.Options{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x := post(t.Context(), c, p.url(), "{}")
	runtime.ReadMemStats(&after)
	if x.Status() != 200 || !x.Response.Cut || x.Response.Size > 16<<20 || len(x.Response.Body) != 1<<20 {
		t.Errorf("%d, %d bytes read, %d kept", x.Status(), x.Response.Size, len(x.Response.Body))
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%s allocated", fmt.Sprint(grown>>20, " MiB"))
	}
}
