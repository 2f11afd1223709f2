package deliver_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

func TestWireHasTheFieldsAsGiven(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	c := newClient(t, deliver.Options{UserAgent: "barb/1.2"})
	tests := []struct {
		name string
		r    record.Request
		want string
	}{
		{
			"a hook",
			record.Request{Method: "POST", URL: p.url() + "/in?a=b%20c&&d#part", Body: []byte("{}"), Header: record.Header{
				{Name: "webhook-id", Value: "msg_1"}, {Name: "X-b", Value: "2"}, {Name: "x-B", Value: "1"},
				{Name: "X-Empty", Value: ""},
			}},
			"POST /in?a=b%20c&&d HTTP/1.1\r\nHost: ADDR\r\nUser-Agent: barb/1.2\r\nAccept: */*\r\n" +
				"webhook-id: msg_1\r\nX-b: 2\r\nx-B: 1\r\nX-Empty: \r\nContent-Length: 2\r\n\r\n{}",
		},
		{
			"nothing but a URL",
			record.Request{Method: "POST", URL: p.url()},
			"POST / HTTP/1.1\r\nHost: ADDR\r\nUser-Agent: barb/1.2\r\nAccept: */*\r\nContent-Length: 0\r\n\r\n",
		},
		{
			"GET has no length",
			record.Request{Method: "GET", URL: p.url() + "?q"},
			"GET /?q HTTP/1.1\r\nHost: ADDR\r\nUser-Agent: barb/1.2\r\nAccept: */*\r\n\r\n",
		},
		{
			"one's own Host, User-Agent, Accept and length",
			record.Request{Method: "PUT", URL: p.url() + "/x", Body: []byte("abc"), Header: record.Header{
				{Name: "content-length", Value: "3"}, {Name: "ACCEPT", Value: "text/plain"}, {Name: "user-agent", Value: "me"},
				{Name: "host", Value: "you"},
			}},
			"PUT /x HTTP/1.1\r\ncontent-length: 3\r\nACCEPT: text/plain\r\nuser-agent: me\r\nhost: you\r\n\r\nabc",
		},
		{
			"chunks when asked for",
			record.Request{Method: "POST", URL: p.url() + "/x", Body: []byte("0123456789abcdef"), Header: record.Header{
				{Name: "Host", Value: "h"}, {Name: "User-Agent", Value: "u"}, {Name: "Accept", Value: "a"},
				{Name: "Transfer-Encoding", Value: "chunked"},
			}},
			"POST /x HTTP/1.1\r\nHost: h\r\nUser-Agent: u\r\nAccept: a\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" +
				"0123456789abcdef\r\n0\r\n\r\n",
		},
	}
	for i, test := range tests {
		x := &record.Exchange{Request: test.r}
		c.Do(t.Context(), x)
		if x.Status() != 200 {
			t.Fatalf("%s: %v", test.name, x.Err)
		}
		got := strings.ReplaceAll(p.received()[i], p.addr, "ADDR")
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
		if !strings.HasPrefix(p.received()[i], x.Request.Head) || x.Request.Head == "" {
			t.Errorf("%s: the recorded head is %q", test.name, x.Request.Head)
		}
	}
	if p.connections() != 1 {
		t.Errorf("%d connections", p.connections())
	}
}

func TestExactBytesGoOutAsTheyCameIn(t *testing.T) {
	t.Parallel()
	const head = "POST /in?x=%7e HTTP/1.1\r\nHost:  elsewhere.example\r\nX-ODD:v \r\nx-odd: w\r\nContent-Length:3\r\n\r\n"
	p := listen(t, nil, answers(ok))
	r, err := record.ParseRequest(head, "http")
	if err != nil {
		t.Fatal(err)
	}
	r.URL, r.Body = p.url()+"/quite/another", []byte("abc")
	x := &record.Exchange{Request: r}
	newClient(t, deliver.Options{}).Do(t.Context(), x)
	if diff := cmp.Diff([]string{head + "abc"}, p.received()); diff != "" || x.Status() != 200 {
		t.Errorf("%v %s", x.Err, diff)
	}
}

func TestExactBytesThatLieAboutTheirLengthDoNotSpoilTheNext(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	c := newClient(t, deliver.Options{})
	head := "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n"
	r, err := record.ParseRequest(head, "http")
	if err != nil {
		t.Fatal(err)
	}
	r.URL, r.Body = p.url(), []byte("aGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
	c.Do(t.Context(), &record.Exchange{Request: r})
	if x := post(t.Context(), c, p.url(), "next"); x.Status() != 200 || p.connections() != 2 {
		t.Errorf("%v over %d connections", x.Err, p.connections())
	}
}

func TestBytesAreKnownBeforeTheyLeave(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	s := &deliver.Sender{Client: newClient(t, deliver.Options{})}
	var begun string
	x := hook()
	x.Request.URL = p.url()
	for a, err := range s.Attempts(t.Context(), x) {
		if err != nil {
			t.Fatal(err)
		}
		if !a.Ended {
			begun = a.Exchange.Request.Head
			if n := len(p.received()); n != 0 {
				t.Errorf("%d requests arrived before", n)
			}
		}
	}
	if got := p.received()[0]; begun == "" || got != begun+string(x.Request.Body) {
		t.Errorf("recorded %q, arrived %q", begun, got)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	c := newClient(t, deliver.Options{})
	for i := range 5 {
		x := post(t.Context(), c, p.url(), "{}")
		if x.Err != nil || x.Phases.FirstByte <= 0 || (x.Phases.Connect > 0) != (i == 0) {
			t.Errorf("attempt %d: %v, phases %+v", i, x.Err, x.Phases)
		}
	}
	if p.connections() != 1 {
		t.Errorf("%d connections", p.connections())
	}
}

func TestConnectionsThatCannotBeReusedAreNot(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"close":            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, Close\r\n\r\n",
		"HTTP/1.0":         "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"too much":         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"length and chunk": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	}
	for name, text := range tests {
		p := listen(t, nil, answers(say(text)))
		c := newClient(t, deliver.Options{})
		for range 2 {
			if x := post(t.Context(), c, p.url(), "{}"); x.Status() != 200 || x.Err != nil {
				t.Errorf("%s: %v", name, x.Err)
			}
		}
		if p.connections() != 2 {
			t.Errorf("%s: %d connections", name, p.connections())
		}
	}
}

func TestDeadIdleConnectionIsReplacedUnseen(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	var once sync.Once
	p := listen(t, nil, func(c *talk) {
		c.request()
		ok(c)
		_ = c.Close()
		once.Do(func() { close(closed) })
	})
	c := newClient(t, deliver.Options{})
	post(t.Context(), c, p.url(), "first")
	<-closed
	x := post(t.Context(), c, p.url(), "second")
	if x.Status() != 200 || x.Err != nil || len(p.received()) != 2 {
		t.Errorf("%v, %d requests", x.Err, len(p.received()))
	}
}

func TestRequestThatMayHaveArrivedIsNotSentAgainUnseen(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok, gone, ok))
	c := newClient(t, deliver.Options{})
	post(t.Context(), c, p.url(), "first")
	x := post(t.Context(), c, p.url(), "second")
	if kindOf(x) != record.FailReset || !x.Err.Ambiguous || len(p.received()) != 2 || p.connections() != 1 {
		t.Errorf("%v, %d requests over %d connections", x.Err, len(p.received()), p.connections())
	}
}

func TestResetBeforeTheRequest(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, (*talk).reset)
	x := post(t.Context(), newClient(t, deliver.Options{}), p.url(), "{}")
	if kindOf(x) != record.FailReset || len(p.received()) != 0 {
		t.Errorf("%v", x.Err)
	}
}

func TestLargeBodiesArriveWhole(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789abcdef", 3<<20/16)
	for _, size := range []int{60 << 10, 64 << 10, 3 << 20} {
		p := listen(t, nil, answers(ok))
		x := post(t.Context(), newClient(t, deliver.Options{}), p.url(), body[:size])
		if x.Status() != 200 || x.Err != nil || !strings.HasSuffix(p.received()[0], "\r\n\r\n"+body[:size]) {
			t.Errorf("%d bytes: %v", size, x.Err)
		}
	}
}

func TestAnswerBeforeTheEndOfTheRequestCounts(t *testing.T) {
	t.Parallel()
	judged := make(chan struct{})
	p := listen(t, nil, func(c *talk) {
		_, _ = record.ReadHead(c.br, 1<<16)
		c.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
		<-judged
	})
	defer close(judged)
	x := post(within(t, 10*time.Second), newClient(t, deliver.Options{}), p.url(), strings.Repeat("x", 32<<20))
	if x.Status() != 413 || x.Err != nil || x.Took > 5*time.Second {
		t.Errorf("%d %v after %s", x.Status(), x.Err, x.Took)
	}
}

func TestEchoThatIsNotReadDoesNotStall(t *testing.T) {
	t.Parallel()
	const size = 12 << 20
	p := listen(t, nil, func(c *talk) {
		_, _ = record.ReadHead(c.br, 1<<16)
		c.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size))
		_, _ = io.CopyN(c, c.br, size)
	})
	x := post(within(t, 10*time.Second), newClient(t, deliver.Options{}), p.url(), strings.Repeat("e", size))
	if x.Err != nil || x.Response.Size != size {
		t.Errorf("%v", x.Err)
	}
}

func TestCancelCutsTheRunningAttemptAtOnce(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	p := listen(t, nil, func(c *talk) { c.request(); close(arrived); c.request() })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	x := post(ctx, newClient(t, deliver.Options{}), p.url(), "{}")
	if kindOf(x) != record.FailInterrupted || !x.Err.Ambiguous || x.Took > 2*time.Second {
		t.Errorf("%v after %s", x.Err, x.Took)
	}
}

func TestDripsEndWithTheTimeout(t *testing.T) {
	t.Parallel()
	const timeout = 300 * time.Millisecond
	for _, first := range []string{"", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"} {
		p := listen(t, nil, answers(drip(first, "H")))
		x := post(within(t, timeout), newClient(t, deliver.Options{}), p.url(), "{}")
		if kindOf(x) != record.FailTimeout || x.Took > timeout+10*time.Second { // the drops go on for ever
			t.Errorf("after %q: %v after %s", first, x.Err, x.Took)
		}
	}
}

func TestConnectionOfACutAttemptIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cut := make(chan struct{})
	p := listen(t, nil, answers(func(c *talk) { cancel(); <-cut; ok(c) }, ok))
	c := newClient(t, deliver.Options{})
	if x := post(ctx, c, p.url(), "slow"); kindOf(x) != record.FailInterrupted {
		t.Errorf("%v", x.Err)
	}
	close(cut)
	if x := post(t.Context(), c, p.url(), "next"); x.Status() != 200 || p.connections() != 2 {
		t.Errorf("%v over %d connections", x.Err, p.connections())
	}
}

func TestPastDeadlineDoesNotHauntTheConnection(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	c := newClient(t, deliver.Options{})
	ctx := within(t, 50*time.Millisecond)
	post(ctx, c, p.url(), "first")
	<-ctx.Done()
	if x := post(t.Context(), c, p.url(), "second"); x.Err != nil || p.connections() != 1 {
		t.Errorf("%v over %d connections", x.Err, p.connections())
	}
}

func TestManySendersShareAClient(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, func(c *talk) {
		for {
			if _, more := c.request(); !more {
				return
			}
			r := c.p.last()
			c.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(r), r))
		}
	})
	c := newClient(t, deliver.Options{})
	var senders sync.WaitGroup
	for i := range 16 {
		senders.Go(func() {
			for j := range 50 {
				x := post(t.Context(), c, p.url(), fmt.Sprint(i, j))
				if x.Err != nil {
					t.Error(x.Err)
				}
			}
		})
	}
	senders.Wait()
	if n := p.connections(); n > 16 || len(p.received()) != 800 {
		t.Errorf("%d requests over %d connections", len(p.received()), n)
	}
}

func (p *peer) last() string {
	all := p.received()
	return all[len(all)-1]
}

func TestHeadOfAnAnswerIsKeptExactly(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 Alright then\r\nx-B: 2\r\nX-a:1\r\nx-b:  3 \r\nContent-Length: 3\r\n\r\n"
	p := listen(t, nil, answers(say(head+"abc")))
	x := post(t.Context(), newClient(t, deliver.Options{}), p.url(), "{}")
	want := &record.Response{
		Status: 200, Reason: "Alright then", Proto: "HTTP/1.1", Head: head, Body: []byte("abc"), Size: 3,
		Header: record.Header{{Name: "x-B", Value: "2"}, {Name: "X-a", Value: "1"}, {Name: "x-b", Value: "3"},
			{Name: "Content-Length", Value: "3"}},
	}
	if diff := cmp.Diff(want, x.Response); diff != "" {
		t.Error(diff)
	}
}

// A head that is the last one again is not parsed again, which must not show.
func TestAnswersOfOneConnectionAreEachReadAsTheyAre(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: 1\r\n"
	all := []string{head + "\r\nab", head + "\r\ncd", head + "\r\nef", head + "Y: 2\r\n\r\nab",
		head + "Y: 2\r\n\r\ncd", head + "\r\nab", "HTTP/1.1 100 Continue\r\n\r\n" + head + "\r\ngh",
		strings.Replace(head, "200", "201", 1) + "\r\nij", head + "\r\nkl", "HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 204 No Content\r\n\r\n", head + "\r\nmn"}
	for _, cut := range []int{0, 1, 20, len(head), len(head) + 2, len(head) + 3} { // where an answer comes in two parts
		var steps []func(*talk)
		for _, answer := range all {
			steps = append(steps, func(c *talk) {
				n := min(cut, len(answer))
				c.say(answer[:n])
				runtime.Gosched()
				c.say(answer[n:])
			})
		}
		p := listen(t, nil, answers(steps...))
		c := newClient(t, deliver.Options{})
		for i, answer := range all {
			x := post(t.Context(), c, p.url(), "{}")
			if x.Response == nil {
				t.Fatal(x.Err)
			}
			want := strings.TrimPrefix(answer, "HTTP/1.1 100 Continue\r\n\r\n")
			told, err := record.ParseResponse(x.Response.Head)
			if got := x.Response.Head + string(x.Response.Body); got != want || err != nil ||
				told.Status != x.Response.Status || !slices.Equal(told.Header, x.Response.Header) {
				t.Errorf("cut at %d, answer %d: %q, want %q; %+v, want %+v", cut, i, got, want, x.Response, told)
			}
		}
		if p.connections() != 1 {
			t.Errorf("%d connections", p.connections())
		}
	}
}

func TestAnswerToHEADHasNoBody(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")))
	c := newClient(t, deliver.Options{})
	for range 2 {
		x := &record.Exchange{Request: record.Request{Method: "HEAD", URL: p.url()}}
		c.Do(within(t, 5*time.Second), x)
		if x.Err != nil || x.Response.Size != 0 || p.connections() != 1 {
			t.Errorf("%v over %d connections", x.Err, p.connections())
		}
	}
}

func TestBodiesAreKeptUpToTheLimit(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("b"), 50)
	for _, framing := range []string{"Content-Length: 50\r\n\r\n" + string(body),
		"Transfer-Encoding: chunked\r\n\r\n32\r\n" + string(body) + "\r\n0\r\n\r\n"} {
		for keep, kept := range map[int64]int{-1: 0, 49: 49, 50: 50, 51: 50} {
			p := listen(t, nil, answers(say("HTTP/1.1 200 OK\r\n"+framing)))
			c := newClient(t, deliver.Options{MaxBody: keep})
			post(t.Context(), c, p.url(), "{}")
			x := post(t.Context(), c, p.url(), "{}")
			if r := x.Response; len(r.Body) != kept || r.Size != 50 || r.Cut != (kept < 50) || p.connections() != 1 {
				t.Errorf("keep %d: %d of %d bytes, cut %v, %d connections", keep, len(r.Body), r.Size, r.Cut, p.connections())
			}
		}
	}
}
