package listen_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

const (
	budget = 1 << 20   // of all requests; 7/8 of it for large ones
	large  = 432 << 10 // two fit, a third does not
)

func sized(path string, n int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", path, n) + strings.Repeat("x", n)
}

func inChunks(path string, n int) string {
	const chunk = 8 << 10
	one := fmt.Sprintf("%x\r\n%s\r\n", chunk, strings.Repeat("x", chunk))
	return "POST " + path + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
		strings.Repeat(one, n/chunk) + "0\r\n\r\n"
}

// holding is a server whose budget two requests hold, until the gate is opened.
func holding(t *testing.T, request string) (*running, *gate, []*client) {
	t.Helper()
	g := newGate()
	r := serve(t, server{Budget: listen.NewBudget(budget), MaxBody: 500 << 10,
		Reply: func(ctx context.Context, x *record.Exchange) listen.Answer {
			if x.Request.Target == "/small" {
				return listen.Answer{}
			}
			return g.reply(ctx, x)
		}})
	var clients []*client
	for range 2 {
		clients = append(clients, r.dial(t).send(request))
		receive(t, g.asked, "a large request")
	}
	return r, g, clients
}

func TestServeRefusesWhatHasNoRoomInTheBudget(t *testing.T) {
	for name, c := range map[string]struct{ held, refused string }{
		"by its head alone": {sized("/", large),
			fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", large)},
		"sized, sent whole":   {sized("/", large), sized("/", large)},
		"in chunks":           {inChunks("/", large), inChunks("/", large)},
		"sized beside chunks": {inChunks("/", large), sized("/", large)},
		"that waits for leave to send": {sized("/", large),
			fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", large)},
		"in chunks of a byte, and large": {sized("/", large),
			"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 64<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, g, holders := holding(t, c.held)
			refused := r.dial(t).send(c.refused)
			if response := refused.wantStatus(503); response.Header.Get("Retry-After") == "" || !response.Close {
				t.Errorf("answered with %v", response.Header)
			}
			if rest := refused.rest(); rest != "" {
				t.Errorf("after the refusal came %q", rest)
			}
			if refusal := receive(t, r.refusals, "a refusal"); refusal.Status != 503 || refusal.Path != "/" {
				t.Errorf("refusal = %+v", refusal)
			}
			r.dial(t).send(sized("/small", 60<<10)).wantStatus(200) // the room that is kept for small ones
			r.dial(t).send(sized("/small", 2)).wantStatus(200)
			close(g.open)
			for _, c := range holders {
				c.wantStatus(200)
			}
			r.wantTaken(t, sized("/", large))
		})
	}
}

// wantTaken sends a request until it is taken: what others held is given back only after they have their answers.
func (r *running) wantTaken(t *testing.T, request string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		c := r.dial(t).send(request)
		response, _ := c.answer("POST")
		if response.StatusCode == http.StatusOK {
			c.send(hook).wantStatus(200) // by now it has given back what it held
			_ = c.Close()
			return
		}
		_ = c.Close()
		if response.StatusCode != http.StatusServiceUnavailable || time.Now().After(deadline) {
			t.Fatalf("answered %s", response.Status)
		}
	}
}

func TestServeCountsWhatCameAndNotWhatIsAnnounced(t *testing.T) {
	r := serve(t, server{Budget: listen.NewBudget(budget), MaxBody: 500 << 10})
	for range 50 {
		r.dial(t).send(fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\nx", large))
	}
	r.dial(t).send(sized("/", large)).wantStatus(200)
}

func TestServeRefusesWhatHasNoRoomOverHTTP2(t *testing.T) {
	g := newGate()
	r, trust := serveTLS(t, server{Budget: listen.NewBudget(budget), MaxBody: 500 << 10, Reply: g.reply}, "h2")
	client := overHTTP2(t, trust)
	post := func(n int, announced bool) int {
		var body io.Reader = bytes.NewReader(make([]byte, n))
		if !announced {
			body = struct{ io.Reader }{body}
		}
		response, err := client.Post("https://"+r.addr, "", body)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	statuses := make(chan int, 3)
	for range 2 { // streams of one connection
		go func() { statuses <- post(large, false) }()
		receive(t, g.asked, "a large request")
	}
	for _, announced := range []bool{true, false} {
		if got := post(large, announced); got != 503 {
			t.Errorf("announced %v: answered %d", announced, got)
		}
	}
	go func() { statuses <- post(50<<10, true) }()
	receive(t, g.asked, "a small request")
	close(g.open)
	for range 3 {
		if got := receive(t, statuses, "an answer"); got != 200 {
			t.Errorf("answered %d", got)
		}
	}
}

func TestServeHoldsNoMoreStreamsThanConnections(t *testing.T) {
	g := newGate()
	r, trust := serveTLS(t, server{MaxConns: 2, Reply: g.reply}, "h2")
	client := overHTTP2(t, trust)
	statuses := make(chan int, 2)
	get := func() int {
		response, err := client.Get("https://" + r.addr)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	for range 2 {
		go func() { statuses <- get() }()
		receive(t, g.asked, "a stream")
	}
	if got := get(); got != 503 {
		t.Errorf("a third stream was answered %d", got)
	}
	close(g.open)
	for range 2 {
		if got := receive(t, statuses, "an answer"); got != 200 {
			t.Errorf("answered %d", got)
		}
	}
}

// Whatever becomes of requests, the budget is whole again afterwards: one that needs all of it is taken.
func TestServeGivesTheBudgetBackInEveryWayOut(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	ways := map[string]func(c *client, n int){
		"answered":            func(c *client, n int) { c.send(sized("/", n)).wantStatus(200) },
		"answered, in chunks": func(c *client, n int) { c.send(inChunks("/", n)).wantStatus(200) },
		"two, one after other": func(c *client, n int) {
			c.send(sized("/", n) + inChunks("/", n)).wantStatus(200)
			c.wantStatus(200)
		},
		"forged":                func(c *client, n int) { c.send(sized("/forged", n)).wantStatus(401) },
		"panic in Check":        func(c *client, n int) { c.send(sized("/panic-check", n)).wantStatus(500) },
		"panic in Reply":        func(c *client, n int) { c.send(sized("/panic-reply", n)).wantStatus(500) },
		"reset on purpose":      func(c *client, n int) { _, _ = io.ReadAll(c.send(sized("/fault", n))) },
		"not stored":            func(c *client, n int) { c.send(sized("/unstored", n)).wantStatus(503) },
		"not admitted, but why": func(c *client, n int) { c.send(sized("/closed", n)).wantStatus(403) },
		"not admitted":          func(c *client, n int) { c.send(sized("/busy", n)).wantStatus(429) },
		"bad chunks": func(c *client, n int) {
			c.send(strings.TrimSuffix(inChunks("/", n), "0\r\n\r\n") + "zz\r\n").wantStatus(400)
		},
		"too large in chunks": func(c *client, _ int) { c.send(inChunks("/", 900<<10)).wantStatus(413) },
		"broken off":          func(c *client, n int) { _ = c.send(sized("/", n)[:n/2+50]).Close() },
		"too slow":            func(c *client, n int) { c.send(sized("/", n)[:n]).wantStatus(408) },
		"gone before answer":  func(c *client, n int) { _ = c.send(sized("/", n)).SetLinger(0); _ = c.Close() },
	}
	names := make([]string, 0, len(ways))
	for name := range ways {
		names = append(names, name)
	}
	for range 40 {
		name := names[dice.IntN(len(names))]
		n := 8<<10 + dice.IntN(30)*(8<<10)
		// Each has a listener of its own: the request that asks for all of the budget holds it a moment longer than its
		// answer.
		r := serve(t, server{Budget: listen.NewBudget(budget), MaxBody: 800 << 10, BodyIdle: 100 * time.Millisecond,
			Recorder: &fickle{shelf: newShelf()}, Admit: admit, Check: badCheck, Reply: badReply})
		ways[name](r.dial(t), n)
		r.wantTaken(t, sized("/", 800<<10))
		if t.Failed() {
			t.Fatalf("after: %s, %d bytes", name, n)
		}
	}
}

func badCheck(r *record.Request, _ time.Time) listen.Checked {
	switch r.Target {
	case "/forged":
		return listen.Checked{Verdict: record.Verdict{Status: record.Invalid}}
	case "/panic-check":
		panic("boom")
	}
	return listen.Checked{}
}

func badReply(_ context.Context, x *record.Exchange) listen.Answer {
	switch x.Request.Target {
	case "/fault":
		return listen.Answer{Fault: listen.Fault{Kind: listen.Reset}}
	case "/panic-reply":
		panic("boom")
	}
	return listen.Answer{}
}

// fickle is a shelf that does not keep what is for /unstored.
type fickle struct{ *shelf }

func (f *fickle) Record(ctx context.Context, x *record.Exchange) error {
	if x.Request.Target == "/unstored" {
		return errors.New("disk full")
	}
	return f.shelf.Record(ctx, x)
}

// Large answers that nobody reads are in the budget as well, and while it is short they have to be read fast.
func TestServeCutsSlowReadersWhenTheBudgetIsShort(t *testing.T) {
	answer := bytes.Repeat([]byte("x"), 32<<20) // more than the buffers of a socket take
	for name, request := range map[string]string{"without a body": "GET /big HTTP/1.1\r\nHost: h\r\n\r\n",
		"with one": sized("/big", 100), "with a large one": sized("/big", large)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{}, 10)
			r := serve(t, server{Budget: listen.NewBudget(budget), MaxBody: 500 << 10, WriteIdle: time.Hour,
				Reply: func(_ context.Context, x *record.Exchange) listen.Answer {
					if x.Request.Target != "/big" {
						return listen.Answer{}
					}
					asked <- struct{}{}
					return listen.Answer{Response: &record.Response{Status: 200, Body: answer}}
				}})
			c := r.dial(t).send(request)
			receive(t, asked, "the request")
			if x := r.shelf.next(t); x.FailureKind() != record.FailTimeout || x.Status() != 200 {
				t.Errorf("the answer that is not read: %d %+v", x.Status(), x.Err)
			}
			_ = c.Close()
			r.wantTaken(t, sized("/", large))
		})
	}
}
