package deliver

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/barbhq/barb/store/record"
)

// A connection may die between the look at it and the write, which no server can be made to do on demand: so here the
// look says nothing.
func TestWriteThatNeverLeftGoesOverANewConnection(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 2)
	done := make(chan struct{})
	defer func() { _ = ln.Close(); <-done }()
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(c, make([]byte, 4))
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			accepted <- c
		}
	}()
	c, err := NewClient(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	get := func() *record.Exchange {
		x := &record.Exchange{Request: record.Request{Method: "GET", URL: "http://" + ln.Addr().String()}}
		c.Do(t.Context(), x)
		return x
	}
	get()
	first := (<-accepted).(*net.TCPConn)
	kept := c.idle.get("http://" + ln.Addr().String())
	_ = first.SetLinger(0)
	_ = first.Close()
	for kept.alive() {
		continue // until the reset has arrived
	}
	kept.alive = func() bool { return true }
	c.idle.put(kept)
	if x := get(); x.Status() != 200 || x.Phases.Connect == 0 {
		t.Errorf("%v, phases %+v", x.Err, x.Phases)
	}
	_ = (<-accepted).Close()
}

func TestPoolKeepsNoMoreThanItsLimit(t *testing.T) {
	t.Parallel()
	p := pool{max: 2}
	for range 3 {
		near, far := net.Pipe()
		defer func() { _ = far.Close() }()
		p.put(newConn(near, near, &endpoint{key: "k"}))
	}
	if p.count != 2 || len(p.conns["k"]) != 2 {
		t.Errorf("%d kept", p.count)
	}
	kept := p.get("k")
	p.close()
	p.put(kept)
	if _, err := kept.Write(nil); err == nil || p.get("k") != nil {
		t.Error("a closed pool keeps connections")
	}
}

func TestHostFieldIsTheHostAsTyped(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"http://Hooks.example/":             "Hooks.example",
		"http://hooks.example:/":            "hooks.example",
		"https://hooks.example:443/":        "hooks.example:443",
		"http://[fe80::1%25eth0]:8080/":     "[fe80::1]:8080",
		"http://[fe80::1%25eth0]/":          "[fe80::1]",
		"http://[2001:db8::1]:80/x?y=%5Bz]": "[2001:db8::1]:80",
	} {
		e, err := parseEndpoint(raw)
		if err != nil || e.host != want {
			t.Errorf("%s: %v, %v", raw, e, err)
		}
	}
}

// FuzzAnswer reads whatever a peer may say: without a panic, within bounds, and to an answer or an error.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: v\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 500\n\nuntil the end"))
	f.Add([]byte("\x15\x03\x01\x00\x02\x02\x46"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		near, far := net.Pipe()
		defer func() { _, _ = near.Close(), far.Close() }()
		c := newConn(near, near, &endpoint{})
		c.Conn = stream{near, bytes.NewReader(answer)}
		c.left = 1 << 16
		x := &record.Exchange{Request: record.Request{Method: "POST"}}
		_, whole, err := c.receive(x, x.Start, 10)
		if r := x.Response; r != nil {
			if len(r.Body) > 10 || r.Size < int64(len(r.Body)) || r.Status < 200 || r.Status > 599 ||
				r.Cut != (r.Size > int64(len(r.Body))) && c.left > 0 {
				t.Errorf("%+v", r)
			}
		}
		if err == nil && x.Response == nil || whole && c.br.Buffered() > 0 {
			t.Errorf("whole %v, %v, %+v", whole, err, x.Response)
		}
	})
}

// stream is a connection that reads from memory.
type stream struct {
	net.Conn
	r io.Reader
}

func (s stream) Read(p []byte) (int, error) { return s.r.Read(p) }

// A connection is asked whether it is alive until it has proved so some times, and again whenever it was idle.
func TestABusyConnectionIsNotProbed(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		used   int
		idle   time.Duration
		probed bool
	}{
		{0, 0, true},
		{busyAfter - 1, 0, true},
		{busyAfter, 0, false},
		{busyAfter + 1000, 0, false},
		{busyAfter + 1000, busyFor, true},
	} {
		near, far := net.Pipe()
		defer func() { _ = far.Close() }()
		c := &Client{idle: pool{max: 1}}
		cn := newConn(near, near, &endpoint{key: "k"})
		probed := false
		cn.used, cn.alive = one.used, func() bool { probed = true; return true }
		c.idle.put(cn)
		// The past or a future that the clock reaches no sooner than the test has ended: a loaded machine may stop here.
		cn.since = time.Now().Add(time.Hour - one.idle)
		if one.idle > 0 {
			cn.since = time.Now().Add(-one.idle)
		}
		if kept := c.kept(t.Context(), "k"); kept != cn || probed != one.probed {
			t.Errorf("after %d exchanges, %s ago: probed %t", one.used, one.idle, probed)
		}
		_ = cn.Close()
	}
}
