package listen_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// door admits nothing below /closed, which is kept, and /busy, which is not.
func door(_ string, r *record.Request) listen.Admission {
	switch {
	case strings.HasPrefix(r.Target, "/closed"):
		return listen.Admission{Status: 403, Reason: "ip_not_allowed", Keep: true}
	case strings.HasPrefix(r.Target, "/busy"):
		return listen.Admission{Status: 429, RetryAfter: 1100 * time.Millisecond, Reason: "rate_limited"}
	}
	return listen.Admission{}
}

// guarded is a server with a door that checks and replies only to what comes through it.
func guarded(t *testing.T) listen.Server {
	open := func(target string) {
		if target != "/open" {
			t.Errorf("%s came through", target)
		}
	}
	return listen.Server{Admit: door,
		Check: func(r *record.Request, _ time.Time) listen.Checked {
			open(r.Target)
			return listen.Checked{}
		},
		Reply: func(_ context.Context, x *record.Exchange) listen.Answer {
			open(x.Request.Target)
			return listen.Answer{}
		}}
}

func TestServeKeepsTheHeadOfWhatItDoesNotAdmit(t *testing.T) {
	server := guarded(t)
	server.Limit = 1
	r := serve(t, server)
	head := "POST /closed HTTP/1.1\r\nHost: h\r\nX-Secret-ish: 1\r\nContent-Length: 1000000\r\n\r\n"
	response := r.dial(t).send(head).wantStatus(403) // before the body was sent, and so without it
	if !response.Close {
		t.Error("the answer does not say Connection: close")
	}
	x := r.shelf.next(t)
	if x.Request.Head != head || len(x.Request.Body) != 0 || x.Verdict != (record.Verdict{Reason: "ip_not_allowed"}) || x.Status() != 403 || !x.Ended {
		t.Errorf("exchange = %+v", x)
	}
	r.dial(t).send("POST /open HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").wantStatus(200) // which is the one that counts
	if err := receive(t, r.ended, "Serve to return"); err != nil {
		t.Errorf("Serve = %v", err)
	}
}

func TestServeDoesNotKeepWhatItIsNotTold(t *testing.T) {
	r := serve(t, guarded(t))
	response := r.dial(t).send("POST /busy?token=x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").wantStatus(429)
	if got := response.Header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After = %q, want 2", got)
	}
	if refusal := receive(t, r.refusals, "a refusal"); refusal.Status != 429 || refusal.Path != "/busy" || r.shelf.len() != 0 {
		t.Errorf("refusal = %+v with %d recorded", refusal, r.shelf.len())
	}
}

func TestServeAnswersTheNotAdmittedAlsoWhenItCannotKeepThem(t *testing.T) {
	r := serve(t, guarded(t))
	full := errors.New("disk full")
	r.shelf.breaks(full)
	r.dial(t).send("GET /closed HTTP/1.1\r\nHost: h\r\n\r\n").wantStatus(403)
	if refusal := receive(t, r.refusals, "a refusal"); !errors.Is(refusal.Err, full) || refusal.Status != 403 {
		t.Errorf("refusal = %+v", refusal)
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
	if n := r.shelf.len(); n != 2 {
		t.Errorf("%d recorded, want 2", n)
	}
}

func TestServeKnowsAUnixSocketByItsName(t *testing.T) {
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 1)
	r := serveOn(t, listen.Server{Admit: func(remote string, _ *record.Request) listen.Admission {
		asked <- remote
		return listen.Admission{}
	}}, ln)
	nc, err := net.Dial("unix", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_, _ = nc.Write([]byte("POST /a HTTP/1.0\r\n\r\n"))
	if x := r.shelf.next(t); x.Remote != "unix" || x.Request.URL != "http://localhost/a" || receive(t, asked, "the door") != "unix" {
		t.Errorf("remote %q, URL %q", x.Remote, x.Request.URL)
	}
}
