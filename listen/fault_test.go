package listen_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// faulty is a Reply that does the same to every sender, over an answer with a body.
func faulty(f listen.Fault, body string) func(context.Context, *record.Exchange) listen.Answer {
	return func(context.Context, *record.Exchange) listen.Answer {
		header := record.Header{{Name: "date", Value: "today"}}
		return listen.Answer{Fault: f, Response: &record.Response{Status: 200, Header: header, Body: []byte(body)}}
	}
}

// wantFault checks what is kept of an exchange whose sender something was done to.
func wantFault(t *testing.T, x *record.Exchange, kind listen.FaultKind, status int) {
	t.Helper()
	if !x.Ended || x.Scripted != string(kind) || string(x.FailureKind()) != "scripted:"+string(kind) ||
		x.Status() != status {
		t.Errorf("recorded ended %t, %q, status %d; want fault %s, status %d", x.Ended, x.FailureKind(),
			x.Status(), kind, status)
	}
}

func TestFaultsOnTheWire(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: "
	cases := map[string]struct {
		method string
		fault  listen.FaultKind
		body   string
		want   string // to the end of the connection, which comes without a reset
		status int
		kept   string
	}{
		"bad-http": {"POST", listen.BadHTTP, "abcd",
			"\x00\x01 this is not HTTP: a scripted answer of barb listen\r\n\r\n", 0, ""},
		"close-after-headers": {"POST", listen.CloseAfterHeaders, "abcd",
			head + "4\r\nConnection: close\r\n\r\n", 200, ""},
		"close-after-headers, without body": {"POST", listen.CloseAfterHeaders, "", head + "64\r\nConnection: close\r\n\r\n",
			200, ""},
		"close-after-headers, HEAD": {"HEAD", listen.CloseAfterHeaders, "abcd", head + "4\r\nConnection: close\r\n", 200, ""},
		"truncate":                  {"POST", listen.Truncate, "abcde", head + "5\r\nConnection: close\r\n\r\nab", 200, "ab"},
		"truncate, without body":    {"POST", listen.Truncate, "", head + "64\r\nConnection: close\r\n\r\n", 200, ""},
		"truncate, HEAD":            {"HEAD", listen.Truncate, "abcd", head + "4\r\nConnection: close\r\n", 200, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := serve(t, server{Reply: faulty(listen.Fault{Kind: c.fault}, c.body)})
			request := c.method + " / HTTP/1.1\r\nHost: h\r\n\r\n"
			conn := r.dial(t).send(request + request) // the second one is not answered: a connection is misused once
			var got bytes.Buffer
			if _, err := io.Copy(&got, conn.br); err != nil {
				t.Errorf("the connection ended with %v", err)
			}
			if got.String() != c.want {
				t.Errorf("sent %q, want %q", got.String(), c.want)
			}
			x := r.shelf.next(t)
			wantFault(t, x, c.fault, c.status)
			if c.status != 0 && x.Response.Head+string(x.Response.Body) != c.want || c.status != 0 &&
				string(x.Response.Body) != c.kept {
				t.Errorf("kept %q and %q", x.Response.Head, x.Response.Body)
			}
		})
	}
}

func TestResetIsSeenAsAReset(t *testing.T) {
	r := serve(t, server{Reply: faulty(listen.Fault{Kind: listen.Reset}, "")})
	if got, err := io.ReadAll(r.dial(t).send(hook).br); !errors.Is(err, syscall.ECONNRESET) || len(got) > 0 {
		t.Errorf("the sender saw %q, %v; want a reset", got, err)
	}
	wantFault(t, r.shelf.next(t), listen.Reset, 0)
	if x := r.shelf; x.len() != 1 {
		t.Errorf("%d exchanges recorded", x.len())
	}
}

func TestResetIsSeenThroughTLS(t *testing.T) {
	lender := httptest.NewTLSServer(nil) // has a certificate
	defer lender.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: lender.TLS.Certificates}
	r := serveOn(t, server{Scheme: "https", Reply: faulty(listen.Fault{Kind: listen.Reset}, "")},
		tls.NewListener(ln, config))
	nc, err := tls.Dial("tcp", r.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := io.WriteString(nc, hook); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(nc); !errors.Is(err, syscall.ECONNRESET) || len(got) > 0 {
		t.Errorf("the sender saw %q, %v; want a reset", got, err)
	}
}

func TestResetOfAUnixSocketEndsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	r := serveOn(t, server{Reply: faulty(listen.Fault{Kind: listen.Reset}, "")}, ln)
	nc, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := io.WriteString(nc, hook); err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(nc); len(got) > 0 {
		t.Errorf("the sender got %q", got)
	}
	wantFault(t, r.shelf.next(t), listen.Reset, 0)
}

func TestHangLastsUntilTheSenderLeaves(t *testing.T) {
	r := serve(t, server{Reply: faulty(listen.Fault{Kind: listen.Hang}, "")})
	c := r.dial(t).send(hook)
	other := r.dial(t).send(hook)
	if err := c.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if got, err := io.ReadAll(c.br); !errors.As(err, &timeout) || !timeout.Timeout() || len(got) > 0 {
		t.Fatalf("the sender saw %q, %v; want nothing", got, err)
	}
	_ = c.Close()
	x := r.shelf.next(t)
	wantFault(t, x, listen.Hang, 0)
	if x.Took < 200*time.Millisecond || !strings.Contains(x.Err.Text, "the sender closed the connection") {
		t.Errorf("recorded %s, %q", x.Took, x.Err.Text)
	}
	if err := errors.Join(other.SetLinger(0), other.Close()); err != nil {
		t.Fatal(err)
	}
	if x := r.shelf.next(t); !strings.Contains(x.Err.Text, "the connection to the sender was lost") {
		t.Errorf("a sender that cut the connection: recorded %q", x.Err.Text)
	}
}

func TestHangEndsWithTheServer(t *testing.T) {
	r := serve(t, server{Reply: faulty(listen.Fault{Kind: listen.Hang}, "")})
	conns := []*client{r.dial(t), r.dial(t)}
	for i, c := range conns {
		c.send(hook)
		waitFor(t, "the hook to be recorded", func() bool { return r.shelf.len() == i+1 })
	}
	begun := time.Now()
	r.stop()
	if err := receive(t, r.ended, "Serve to return"); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 5*time.Second { // Drain is 10 s
		t.Errorf("the server took %s to end", took)
	}
	for _, c := range conns {
		if got := c.rest(); got != "" {
			t.Errorf("the sender got %q", got)
		}
		if x := r.shelf.next(t); !strings.Contains(x.Err.Text, "the listener stopped") {
			t.Errorf("recorded %q", x.Err.Text)
		}
	}
}

// waitFor asks again and again, since what it waits for tells nobody.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestHangKeepsNothingOfWhatIsStillSent(t *testing.T) {
	r := serve(t, server{Reply: faulty(listen.Fault{Kind: listen.Hang}, "")})
	c := r.dial(t).send(hook)
	_, _ = c.Write(make([]byte, 3<<20)) // it may be cut off while it writes
	if x := r.shelf.next(t); !strings.Contains(x.Err.Text, "MiB") {
		t.Errorf("recorded %q", x.Err.Text)
	}
}

func TestDripIsSlowAndWhole(t *testing.T) {
	body := strings.Repeat("x", 200)
	r := serve(t, server{Reply: faulty(listen.Fault{Kind: listen.Drip, Rate: 1000}, body)})
	begun := time.Now()
	c := r.dial(t).send(hook)
	if _, got := c.answer("POST"); got != body {
		t.Errorf("got a body of %d bytes", len(got))
	}
	if took := time.Since(begun); took < 200*time.Millisecond { // some 280 bytes
		t.Errorf("it took %s", took)
	}
	x := r.shelf.next(t)
	wantFault(t, x, listen.Drip, 200)
	if string(x.Response.Body) != body || x.Response.Cut {
		t.Errorf("kept %d bytes, cut %t", len(x.Response.Body), x.Response.Cut)
	}
}

func TestDripToASenderThatLeavesSaysSo(t *testing.T) {
	r := serve(t, server{Reply: faulty(listen.Fault{Kind: listen.Drip, Rate: 100}, strings.Repeat("x", 1000))})
	c := r.dial(t).send(hook)
	if _, err := io.ReadFull(c.br, make([]byte, 20)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.SetLinger(0), c.Close()); err != nil {
		t.Fatal(err)
	}
	x := r.shelf.next(t)
	if !strings.Contains(x.Err.Text, "the sender disconnected before the answer") ||
		!x.Response.Cut || len(x.Response.Body) == 1000 {
		t.Errorf("recorded %q, %d bytes", x.Err.Text, len(x.Response.Body))
	}
}

func TestWaitsEndWithTheServer(t *testing.T) {
	for name, given := range map[string]listen.Answer{
		"delay": {Response: &record.Response{Status: 202}, Delay: time.Hour},
		"drip": {Response: &record.Response{Status: 202, Body: make([]byte, 10_000)},
			Fault: listen.Fault{Kind: listen.Drip, Rate: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			r := serve(t, server{Reply: func(context.Context, *record.Exchange) listen.Answer { return given }})
			c := r.dial(t).send(hook)
			waitFor(t, "the hook to be recorded", func() bool { return r.shelf.len() == 1 })
			r.stop()
			c.wantStatus(202)
			if err := receive(t, r.ended, "Serve to return"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDelayComesBeforeTheAnswer(t *testing.T) {
	r := serve(t, server{Reply: func(context.Context, *record.Exchange) listen.Answer {
		return listen.Answer{Delay: 150 * time.Millisecond}
	}})
	begun := time.Now()
	r.dial(t).send(hook).wantStatus(200)
	if took := time.Since(begun); took < 150*time.Millisecond {
		t.Errorf("answered after %s", took)
	}
	if x := r.shelf.next(t); x.Took < 150*time.Millisecond || x.Err != nil {
		t.Errorf("recorded %s, %v", x.Took, x.Err)
	}
}

// A forgery gets its 401 also from a listener that cannot store and misbehaves.
func TestForgeriesThatCannotBeKeptAreRefusedRightly(t *testing.T) {
	r := serve(t, server{
		Reply: func(context.Context, *record.Exchange) listen.Answer {
			return listen.Answer{Fault: listen.Fault{Kind: listen.Reset}}
		},
		Check: func(*record.Request, time.Time) listen.Checked {
			return listen.Checked{Verdict: record.Verdict{Status: record.Invalid}}
		}})
	r.shelf.breaks(errors.New("disk full"))
	r.dial(t).send(hook).wantStatus(401)
}
