package listen_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// admit admits nothing below /closed and /busy.
func admit(_ string, r *record.Request) listen.Admission {
	switch {
	case strings.HasPrefix(r.Target, "/closed"):
		return listen.Admission{Status: 403, Reason: "closed"}
	case strings.HasPrefix(r.Target, "/busy"):
		return listen.Admission{Status: 429, RetryAfter: 1100 * time.Millisecond, Reason: "rate_limited"}
	}
	return listen.Admission{}
}

// guarded is a server that checks and replies only to what Admit takes.
func guarded(t *testing.T) server {
	open := func(target string) {
		if target != "/open" {
			t.Errorf("%s came through", target)
		}
	}
	return server{Admit: admit,
		Check: func(r *record.Request, _ time.Time) listen.Checked {
			open(r.Target)
			return listen.Checked{}
		},
		Reply: func(_ context.Context, x *record.Exchange) listen.Answer {
			open(x.Request.Target)
			return listen.Answer{}
		}}
}

// What is not admitted is refused by its head, before its body is sent.
func TestServeRefusesWhatIsNotAdmitted(t *testing.T) {
	server := guarded(t)
	server.Limit = 1
	r := serve(t, server)
	response := r.dial(t).send("POST /closed HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n").wantStatus(403)
	if !response.Close {
		t.Error("the answer does not say Connection: close")
	}
	// which is the one that counts
	r.dial(t).send("POST /open HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").wantStatus(200)
	if err := receive(t, r.ended, "Serve to return"); err != nil || r.shelf.len() != 1 {
		t.Errorf("Serve = %v with %d recorded", err, r.shelf.len())
	}
}

// A connection that is not allowed gets nothing: not an answer, not a TLS handshake, not a place that others wait for.
func TestServeAsksWhoConnectsWhenItAccepts(t *testing.T) {
	for name, c := range map[string]struct {
		begin string
		tls   bool
	}{
		"that says nothing":         {"", false},
		"with a request":            {hook, false},
		"with a bad request":        {"GE(", false},
		"that says nothing to TLS":  {"", true},
		"with the beginning of TLS": {"\x16\x03\x01\x02\x00\x01", true},
		"with a request to TLS":     {hook, true},
	} {
		t.Run(name, func(t *testing.T) {
			var open atomic.Bool
			s := server{MaxConns: 1, HeadTimeout: time.Hour, Allow: func(remote string) bool {
				if _, err := netip.ParseAddrPort(remote); err != nil {
					t.Errorf("asked about %q", remote)
				}
				return open.Load()
			}}
			var r *running
			if c.tls {
				r, _ = serveTLS(t, s, "h2", "http/1.1")
			} else {
				r = serve(t, s)
			}
			for range 3 {
				stranger := r.dial(t)
				_, _ = io.WriteString(stranger, c.begin)
				if got, err := io.ReadAll(stranger); len(got) > 0 || errors.Is(err, os.ErrDeadlineExceeded) { // it may be a reset
					t.Errorf("was sent %q, %v", got, err)
				}
				if refusal := receive(t, r.refusals, "a refusal"); !errors.Is(refusal.Err, listen.ErrNotAllowed) ||
					refusal.Remote == "" || refusal.Status != 0 {
					t.Errorf("refusal = %+v", refusal)
				}
			}
			if open.Store(true); !c.tls {
				r.dial(t).send(hook).wantStatus(200)
			}
			if n := r.shelf.len(); n > 1 {
				t.Errorf("%d recorded", n)
			}
		})
	}
}

func TestServeLivesThroughAPanicOfAllow(t *testing.T) {
	var asked atomic.Int64
	r := serve(t, server{Allow: func(string) bool {
		if asked.Add(1) == 1 {
			panic("boom")
		}
		return true
	}})
	if got, err := io.ReadAll(r.dial(t)); len(got) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("was sent %q, %v", got, err)
	}
	r.dial(t).send(hook).wantStatus(200)
}

func TestServeDoesNotKeepWhatItIsNotTold(t *testing.T) {
	r := serve(t, guarded(t))
	response := r.dial(t).send("POST /busy?token=x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").wantStatus(429)
	if got := response.Header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After = %q, want 2", got)
	}
	if refusal := receive(t, r.refusals, "a refusal"); refusal.Status != 429 || refusal.Path != "/busy" ||
		r.shelf.len() != 0 {
		t.Errorf("refusal = %+v with %d recorded", refusal, r.shelf.len())
	}
}

func TestServeAsksAtTheDoorAlsoOverHTTP2(t *testing.T) {
	r, trust := serveTLS(t, guarded(t), "h2")
	client := overHTTP2(t, trust)
	for target, want := range map[string]int{"/closed": 403, "/busy": 429, "/open": 200} {
		response, err := client.Post("https://"+r.addr+target, "", strings.NewReader("hi"))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: answered %s, want %d", target, response.Status, want)
		}
	}
	if n := r.shelf.len(); n != 1 {
		t.Errorf("%d recorded, want 1", n)
	}
}

func TestServeKnowsAUnixSocketByItsName(t *testing.T) {
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 1)
	r := serveOn(t, server{Admit: func(remote string, _ *record.Request) listen.Admission {
		asked <- remote
		return listen.Admission{}
	}}, ln)
	nc, err := net.Dial("unix", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_, _ = nc.Write([]byte("POST /a HTTP/1.0\r\n\r\n"))
	if x := r.shelf.next(t); x.Remote != "unix" || x.Request.URL != "http://localhost/a" ||
		receive(t, asked, "Allow") != "unix" {
		t.Errorf("remote %q, URL %q", x.Remote, x.Request.URL)
	}
}

// What the end cuts off, and what takes too long, is told in words that say so, with the webhook that it was.
func TestServeTellsWhatWasCutOff(t *testing.T) {
	const begun = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc"
	chunked := "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na"
	for name, c := range map[string]struct {
		request string
		idle    time.Duration
		status  int
		want    error
	}{
		"a body, by the end":   {begun, time.Hour, 0, listen.ErrStopped},
		"chunks, by the end":   {chunked, time.Hour, 0, listen.ErrStopped},
		"trailers, by the end": {strings.TrimSuffix(chunked, "5\r\na") + "0\r\nX: ", time.Hour, 0, listen.ErrStopped},
		"a body that is slow":  {begun, 60 * time.Millisecond, 408, listen.ErrTooSlow},
		"chunks that are slow": {chunked, 60 * time.Millisecond, 408, listen.ErrTooSlow},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			admitted := make(chan struct{}, 1)
			r := serve(t, server{BodyIdle: c.idle, Drain: 50 * time.Millisecond,
				Admit: func(string, *record.Request) listen.Admission {
					admitted <- struct{}{}
					return listen.Admission{}
				}})
			r.dial(t).send(c.request)
			receive(t, admitted, "the request")
			if c.status == 0 {
				r.stop()
			}
			got := receive(t, r.refusals, "a refusal")
			if !errors.Is(got.Err, c.want) || got.Status != c.status || got.Path != "/p" ||
				strings.Contains(got.Err.Error(), "tcp") {
				t.Errorf("refusal = %+v", got)
			}
		})
	}
}

func TestServeTellsWhatWasCutOffOverHTTP2(t *testing.T) {
	admitted := make(chan struct{}, 1)
	r, trust := serveTLS(t, server{Drain: 50 * time.Millisecond, Admit: func(string, *record.Request) listen.Admission {
		admitted <- struct{}{}
		return listen.Admission{}
	}}, "h2")
	body, sending := io.Pipe()
	client, ended := overHTTP2(t, trust), make(chan struct{})
	go func() {
		defer close(ended)
		if response, err := client.Post("https://"+r.addr+"/p", "", body); err == nil {
			_ = response.Body.Close()
		}
	}()
	receive(t, admitted, "the request")
	r.stop()
	if got := receive(t, r.refusals, "a refusal"); !errors.Is(got.Err, listen.ErrStopped) || got.Status != 0 ||
		got.Path != "/p" {
		t.Errorf("refusal = %+v", got)
	}
	_ = sending.Close()
	<-ended
}
