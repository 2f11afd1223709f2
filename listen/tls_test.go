package listen_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// serveTLS starts s on loopback with a certificate for example.com and 127.0.0.1.
func serveTLS(t *testing.T, s server, protocols ...string) (*running, *tls.Config) {
	t.Helper()
	lender := httptest.NewTLSServer(nil)
	lender.Close()
	s.TLS = &tls.Config{Certificates: lender.TLS.Certificates, NextProtos: protocols}
	trust := lender.Client().Transport.(*http.Transport).TLSClientConfig
	return serve(t, s), trust
}

// overHTTP2 is a client that speaks nothing but HTTP/2.
func overHTTP2(t *testing.T, trust *tls.Config) *http.Client {
	t.Helper()
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	transport := &http.Transport{TLSClientConfig: trust.Clone(), Protocols: &protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// secretly dials with TLS and speaks HTTP/1.
func (r *running) secretly(t *testing.T, trust *tls.Config, name string) net.Conn {
	t.Helper()
	config := trust.Clone()
	config.ServerName = name
	c, err := tls.Dial("tcp", r.addr, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

func TestServeSpeaksTLSAndKeepsTheBytesInIt(t *testing.T) {
	r, trust := serveTLS(t, server{}, "h2", "http/1.1")
	c := r.secretly(t, trust, "example.com")
	wire := "POST //a?b?c HTTP/1.1\r\nhOST:h\r\nX-b: 1\r\nx-B:  2\r\nConnection: close\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n"
	_, _ = io.WriteString(c, wire)
	if got, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 200 OK\r\n") {
		t.Fatalf("answered %q, %v", got, err)
	}
	x := r.shelf.next(t)
	if got := string(x.Request.AppendBody(x.Request.AppendHead(nil))); got != wire {
		t.Errorf("kept %q, want %q", got, wire)
	}
	if x.ServerName != "example.com" || x.Request.URL != "https://h//a?b?c" || x.Request.Proto != "HTTP/1.1" {
		t.Errorf("name %q, URL %q, protocol %q", x.ServerName, x.Request.URL, x.Request.Proto)
	}
}

func TestServeRefusesABadAuthorityOverHTTP2(t *testing.T) {
	r, trust := serveTLS(t, server{}, "h2")
	client := overHTTP2(t, trust)
	for host, want := range map[string]int{"h:99999": 400, "h:abc": 400, "[::1": 400, "[h]": 400, ":80": 400, "h%zz": 400,
		"h:80": 200, "[::1]:80": 200} {
		request, err := http.NewRequest(http.MethodPost, "https://"+r.addr, strings.NewReader("hi"))
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		response, err := client.Do(request)
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: answered %s", host, response.Status)
		}
	}
}

func TestServeSpeaksHTTP2ToThoseWhoAskForIt(t *testing.T) {
	r, trust := serveTLS(t, server{Reply: func(_ context.Context, x *record.Exchange) listen.Answer {
		return listen.Answer{Response: &record.Response{Status: 202, Header: record.Header{{Name: "X-App", Value: "1"},
			{Name: "X-App", Value: "2"}}, Body: x.Request.Body}}
	}}, "h2", "http/1.1")
	request, err := http.NewRequest(http.MethodPut, "https://"+r.addr+"//a%2Fb?x=%41&x=1?y",
		struct{ io.Reader }{strings.NewReader("a\x00\xff")})
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"X-B": {"2", ""}, "User-Agent": {"test"}, "Accept-Encoding": {"identity"}}
	request.Trailer = http.Header{"X-Sum": {"9"}}
	response, err := overHTTP2(t, trust).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || string(body) != "a\x00\xff" || response.StatusCode != http.StatusAccepted ||
		response.ProtoMajor != 2 || len(response.Header["X-App"]) != 2 {
		t.Errorf("answered %v %q, %v", response, body, err)
	}
	x := r.shelf.next(t)
	want := record.Request{Method: "PUT", Target: "//a%2Fb?x=%41&x=1?y", Proto: "HTTP/2.0",
		URL: "https://" + r.addr + "//a%2Fb?x=%41&x=1?y",
		Header: record.Header{{Name: "Host", Value: r.addr}, {Name: "Accept-Encoding", Value: "identity"},
			{Name: "User-Agent", Value: "test"},
			{Name: "X-B", Value: "2"}, {Name: "X-B", Value: ""}},
		Body: []byte("a\x00\xff"), Trailer: record.Header{{Name: "X-Sum", Value: "9"}}}
	if diff := cmp.Diff(want, x.Request); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if x.Response.Proto != "HTTP/2.0" || x.Response.Head != "" || x.Response.Header.Has("Connection") ||
		x.Err != nil || x.Remote == "" {
		t.Errorf("exchange = %+v, answer %+v", x, x.Response)
	}
}

func TestServeChecksRecordsAndRefusesAlikeOverHTTP2(t *testing.T) {
	broken := errors.New("disk full")
	r, trust := serveTLS(t, server{MaxBody: 1000, Check: func(q *record.Request, _ time.Time) listen.Checked {
		switch q.Target {
		case "/forged":
			return listen.Checked{Verdict: record.Verdict{Status: record.Invalid}}
		case "/panic":
			panic("boom")
		}
		return listen.Checked{}
	}}, "h2")
	client := overHTTP2(t, trust)
	ask := func(target string, body io.Reader, want int) {
		t.Helper()
		response, err := client.Post("https://"+r.addr+target, "", body)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: answered %s, want %d", target, response.Status, want)
		}
	}
	ask("/", bytes.NewReader(make([]byte, 1000)), 200)
	ask("/", bytes.NewReader(make([]byte, 1001)), 413)
	ask("/", struct{ io.Reader }{bytes.NewReader(make([]byte, 1001))}, 413) // of a length that is not said
	ask("/forged", strings.NewReader("x"), 401)
	ask("/panic", strings.NewReader("x"), 500)
	r.shelf.breaks(broken)
	ask("/", strings.NewReader("x"), 503)
	ask("/forged", strings.NewReader("x"), 401)
	if n := r.shelf.len(); n != 2 {
		t.Errorf("%d recorded, want 2", n)
	}
}

func TestServeCutsSlowBodiesOverHTTP2(t *testing.T) {
	r, trust := serveTLS(t, server{BodyIdle: 60 * time.Millisecond}, "h2")
	body, end := io.Pipe()
	defer end.Close()
	go func() { _, _ = end.Write([]byte("ab")) }()
	response, err := overHTTP2(t, trust).Post("https://"+r.addr, "", body)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusRequestTimeout || r.shelf.len() != 0 {
		t.Errorf("answered %s with %d recorded", response.Status, r.shelf.len())
	}
}

func TestServeResetsAStreamThatCannotBeAnswered(t *testing.T) {
	r, trust := serveTLS(t, server{WriteIdle: 50 * time.Millisecond,
		Reply: func(context.Context, *record.Exchange) listen.Answer {
			// more than flow control lets out to one that does not read
			return listen.Answer{Response: &record.Response{Status: 200, Body: make([]byte, 16<<20)}}
		}}, "h2")
	response, err := overHTTP2(t, trust).Get("https://" + r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if x := r.shelf.next(t); x.Err == nil {
		t.Errorf("exchange = %+v", x)
	}
}

func TestServeAnswersManyStreamsOfOneConnection(t *testing.T) {
	r, trust := serveTLS(t, server{Reply: echoTarget}, "h2")
	client := overHTTP2(t, trust)
	if first, err := client.Get("https://" + r.addr); err != nil { // so that all others find a connection that is made
		t.Fatal(err)
	} else if err := first.Body.Close(); err != nil {
		t.Fatal(err)
	}
	var senders sync.WaitGroup
	for sender := range 90 { // for more than 100 at a time the client would make another connection
		senders.Go(func() {
			for i := range 3 {
				wantEcho(t, client, fmt.Sprintf("https://%s/%d-%d", r.addr, sender, i), fmt.Sprintf("/%d-%d", sender, i))
			}
		})
	}
	senders.Wait()
	remote := r.shelf.next(t).Remote
	for range 3 * 90 {
		if x := r.shelf.next(t); x.Remote != remote {
			t.Fatalf("%s came over another connection than %s", x.Remote, remote)
		}
	}
}

func wantEcho(t *testing.T, client *http.Client, url, want string) {
	response, err := client.Post(url, "", strings.NewReader(strings.Repeat("x", 10_000)))
	if err != nil {
		t.Error(err)
		return
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || string(body) != want {
		t.Errorf("%s: %q, %v", url, body, err)
	}
}

func TestServeEndsWithIdleAndBusyHTTP2Connections(t *testing.T) {
	g := newGate()
	r, trust := serveTLS(t, server{Reply: g.reply, Drain: patience}, "h2")
	idle, busy := overHTTP2(t, trust), overHTTP2(t, trust)
	answered := make(chan error, 2)
	for _, client := range []*http.Client{idle, busy} {
		go func() {
			response, err := client.Get("https://" + r.addr)
			if err == nil {
				_, err = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
			answered <- err
		}()
		receive(t, g.asked, "the request")
		if client == idle {
			g.open <- struct{}{}
			receive(t, answered, "the first answer")
		}
	}
	r.stop()
	wantRefusedDial(t, r.addr)
	close(g.open)
	if err := receive(t, answered, "the answer in flight"); err != nil {
		t.Errorf("the request in flight: %v", err)
	}
	if err := receive(t, r.ended, "Serve to return"); err != nil {
		t.Errorf("Serve = %v", err)
	}
}

func TestServeCutsHTTP2StreamsThatDoNotEndInTime(t *testing.T) {
	g := newGate()
	r, trust := serveTLS(t, server{Reply: g.reply, Drain: 50 * time.Millisecond}, "h2")
	answered := make(chan error, 1)
	go func() {
		response, err := overHTTP2(t, trust).Get("https://" + r.addr)
		if err == nil {
			_ = response.Body.Close()
		}
		answered <- err
	}()
	receive(t, g.asked, "the request")
	r.stop()
	if err := receive(t, r.ended, "Serve to return"); err != nil {
		t.Errorf("Serve = %v", err)
	}
	if err := receive(t, answered, "the client to be told"); err == nil {
		t.Error("a stream that was cut was answered")
	}
	if x := r.shelf.next(t); !x.Ended || x.FailureKind() != record.FailInterrupted {
		t.Errorf("exchange ended with %+v", x.Err)
	}
}

func TestServeTellsWhySomeoneDoesNotGetThroughToTLS(t *testing.T) {
	r, _ := serveTLS(t, server{HeadTimeout: patience}, "h2", "http/1.1")
	t.Run("plain http", func(t *testing.T) {
		wantRefusal(t, r.talk(t, hook), 400)
		if refusal := receive(t, r.refusals, "a refusal"); !errors.Is(refusal.Err, listen.ErrPlain) || refusal.Status != 400 {
			t.Errorf("refusal = %+v", refusal)
		}
	})
	t.Run("no trust", func(t *testing.T) {
		if _, err := tls.Dial("tcp", r.addr, &tls.Config{ServerName: "h"}); err == nil {
			t.Fatal("an unknown certificate was trusted")
		}
		if refusal := receive(t, r.refusals, "a refusal"); !errors.Is(refusal.Err, listen.ErrHandshake) ||
			refusal.Remote == "" {
			t.Errorf("refusal = %+v", refusal)
		}
	})
	t.Run("nonsense", func(t *testing.T) {
		r.talk(t, "\x16\x03\x01\x00\x05hello")
		if refusal := receive(t, r.refusals, "a refusal"); !errors.Is(refusal.Err, listen.ErrHandshake) {
			t.Errorf("refusal = %+v", refusal)
		}
	})
}

func TestServeCutsSlowHandshakes(t *testing.T) {
	r, _ := serveTLS(t, server{HeadTimeout: 60 * time.Millisecond}, "h2")
	for _, begin := range []string{"", "\x16\x03\x01\x02\x00\x01"} {
		r.dial(t).send(begin).rest()
	}
}

func TestServeSendsIdleConnectionsAwayBeforeTheirHandshake(t *testing.T) {
	r, trust := serveTLS(t, server{Drain: patience}, "http/1.1")
	fresh := r.dial(t)
	r.secretly(t, trust, "example.com")
	start := time.Now()
	r.stop()
	fresh.rest()
	if err := receive(t, r.ended, "Serve to return"); err != nil || time.Since(start) > patience/2 {
		t.Errorf("Serve = %v after %v", err, time.Since(start))
	}
}
