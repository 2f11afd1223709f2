package listen_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come; reaching it fails the test.
const patience = 30 * time.Second

// shelf is a recorder in memory that fails when told to.
type shelf struct {
	mu     sync.Mutex
	kept   []*record.Exchange
	broken error
	ended  chan *record.Exchange
}

func newShelf() *shelf { return &shelf{ended: make(chan *record.Exchange, 1000)} }

func (s *shelf) Record(_ context.Context, x *record.Exchange) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	s.kept = append(s.kept, x)
	x.ID = int64(len(s.kept))
	return nil
}

func (s *shelf) Answer(ctx context.Context, x *record.Exchange) error {
	s.ended <- x
	return ctx.Err()
}

func (s *shelf) breaks(err error) {
	s.mu.Lock()
	s.broken = err
	s.mu.Unlock()
}

func (s *shelf) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept)
}

// next returns the exchange that ended next.
func (s *shelf) next(t *testing.T) *record.Exchange {
	t.Helper()
	return receive(t, s.ended, "an exchange to end")
}

func receive[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// running is a server on a real socket.
type running struct {
	addr     string
	shelf    *shelf
	refusals chan listen.Refusal
	stop     context.CancelFunc
	ended    chan error
}

// serve starts s on loopback. It is stopped at the end of the test and must then have ended well.
func serve(t *testing.T, s server) *running {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, s, ln)
}

func serveOn(t *testing.T, s server, ln net.Listener) *running {
	t.Helper()
	r := &running{addr: ln.Addr().String(), shelf: newShelf(), refusals: make(chan listen.Refusal, 1000),
		ended: make(chan error, 1)}
	if s.Recorder == nil {
		s.Recorder = r.shelf
	}
	if s.Refused == nil {
		s.Refused = func(refusal listen.Refusal) { r.refusals <- refusal }
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	done := make(chan struct{})
	go func() {
		r.ended <- s.Serve(ctx, ln)
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		receive(t, done, "Serve to return")
		select {
		case err := <-r.ended:
			if err != nil {
				t.Errorf("Serve = %v", err)
			}
		default: // the test has looked at it
		}
	})
	return r
}

// client is the sender's side of a connection.
type client struct {
	t *testing.T
	*net.TCPConn
	br *bufio.Reader
}

func (r *running) dial(t *testing.T) *client {
	t.Helper()
	nc, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &client{t, nc.(*net.TCPConn), bufio.NewReader(nc)}
}

func (c *client) send(s string) *client {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// answer reads one answer with its body.
func (c *client) answer(method string) (*http.Response, string) {
	c.t.Helper()
	response, err := http.ReadResponse(c.br, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("reading the answer: %v", err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatalf("reading the answer's body: %v", err)
	}
	if response.Close {
		_ = c.CloseWrite() // as a real client does; the server would wait for it for a while
	}
	return response, string(body)
}

func (c *client) wantStatus(status int) *http.Response {
	c.t.Helper()
	response, body := c.answer("POST")
	if response.StatusCode != status {
		c.t.Fatalf("answered %s %q, want %d", response.Status, body, status)
	}
	return response
}

// rest reads what comes until the server closes the connection, which it must do without a reset.
func (c *client) rest() string {
	c.t.Helper()
	all, err := io.ReadAll(c.br)
	if err != nil {
		c.t.Fatalf("reading to the end: %v after %q", err, all)
	}
	return string(all)
}

// talk sends all of a conversation, ends its side, and returns all that comes back.
func (r *running) talk(t *testing.T, s string) string {
	t.Helper()
	c := r.dial(t).send(s)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	return c.rest()
}

const hook = "POST /hook HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"

func TestServeAnswersOnlyWhatIsRecorded(t *testing.T) {
	var recorded []int64
	r := serve(t, server{Reply: func(_ context.Context, x *record.Exchange) listen.Answer {
		recorded = append(recorded, x.ID)
		return listen.Answer{}
	}})
	r.dial(t).send(hook).wantStatus(200)
	x := r.shelf.next(t)
	if len(recorded) != 1 || recorded[0] != 1 || x.ID != 1 {
		t.Errorf("Reply saw ids %v, the exchange ended with id %d, want 1", recorded, x.ID)
	}
}

func TestServeRefusesWhatItCannotKeep(t *testing.T) {
	r := serve(t, server{})
	full := errors.New("disk full")
	r.shelf.breaks(full)
	response := r.dial(t).send(hook).wantStatus(503)
	if got := response.Header.Get("Retry-After"); got != "5" {
		t.Errorf("Retry-After = %q, want 5", got)
	}
	refusal := receive(t, r.refusals, "a refusal")
	if !errors.Is(refusal.Err, full) || refusal.Status != 503 || refusal.Method != http.MethodPost ||
		refusal.Path != "/hook" {
		t.Errorf("refusal = %+v", refusal)
	}
	r.shelf.breaks(nil)
	r.dial(t).send(hook).wantStatus(200)
}

func TestServeRefusesForgeriesEvenWhenItCannotKeepThem(t *testing.T) {
	for name, reply := range map[string]func(context.Context, *record.Exchange) listen.Answer{
		"by default":     nil,
		"as Reply wants": always(&record.Response{Status: 401}),
	} {
		t.Run(name, func(t *testing.T) {
			r := serve(t, server{Reply: reply, Check: func(*record.Request, time.Time) listen.Checked {
				return listen.Checked{Verdict: record.Verdict{Status: record.Invalid}}
			}})
			r.shelf.breaks(errors.New("disk full"))
			r.dial(t).send(hook).wantStatus(401)
			if refusal := receive(t, r.refusals, "a refusal"); refusal.Status != 401 {
				t.Errorf("refusal = %+v", refusal)
			}
		})
	}
}

func TestServeNotesWhatTheCheckFound(t *testing.T) {
	verdict := record.Verdict{Status: record.Invalid, Reason: "signature_mismatch"}
	r := serve(t, server{Check: func(q *record.Request, now time.Time) listen.Checked {
		if string(q.Body) != "hi" || time.Since(now) > patience {
			t.Errorf("Check got body %q and time %v", q.Body, now)
		}
		return listen.Checked{Verdict: verdict, Scheme: "stripe", WebhookID: "evt_1", EventType: "invoice.paid"}
	}})
	response, body := r.dial(t).send(hook).answer("POST")
	if response.StatusCode != http.StatusUnauthorized || body != "Unauthorized\n" {
		t.Errorf("answered %d %q, want a constant 401", response.StatusCode, body)
	}
	x := r.shelf.next(t)
	if x.Verdict != verdict || x.Scheme != "stripe" || x.WebhookID != "evt_1" || x.EventType != "invoice.paid" {
		t.Errorf("exchange = %+v", x)
	}
}

func TestServeLivesThroughPanics(t *testing.T) {
	bad := func(r *record.Request) bool { return r.Target == "/bad" }
	cases := map[string]struct {
		server server
		status int
		kept   int  // whether the exchange was durable by then
		ended  bool // and its end could be noted
	}{
		"in Check": {server{Check: func(r *record.Request, _ time.Time) listen.Checked {
			if bad(r) {
				panic("boom")
			}
			return listen.Checked{}
		}}, 500, 0, false},
		"in Reply": {server{Reply: func(_ context.Context, x *record.Exchange) listen.Answer {
			if bad(&x.Request) {
				panic("boom")
			}
			return listen.Answer{}
		}}, 500, 1, true},
		"in Record": {server{Recorder: panicky{newShelf(), true}}, 500, 0, false},
		"in Answer": {server{Recorder: panicky{newShelf(), false}}, 200, 1, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.server.Limit = c.kept + 1 // what was recorded counts, and nothing else does
			r := serve(t, c.server)
			r.dial(t).send("POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nsecret").wantStatus(c.status)
			refusal := receive(t, r.refusals, "the panic")
			if !strings.Contains(refusal.Err.Error(), "boom") || strings.Contains(refusal.Err.Error(), "secret") {
				t.Errorf("refusal = %v", refusal.Err)
			}
			if c.ended && r.shelf.next(t).Status() != 500 {
				t.Error("the end of the exchange was not noted")
			}
			r.dial(t).send(hook).wantStatus(200)
			receive(t, r.ended, "Serve to return by itself")
		})
	}
}

func TestServeAnswersAPanicAlsoOnAConnectionThatHasHadAnAnswer(t *testing.T) {
	r := serve(t, server{Reply: func(_ context.Context, x *record.Exchange) listen.Answer {
		if x.ID == 2 {
			panic("boom")
		}
		return listen.Answer{}
	}})
	c := r.dial(t).send(hook + hook)
	c.wantStatus(200)
	c.wantStatus(500)
}

func TestServeLivesThroughPanicsOfWhoeverIsTold(t *testing.T) {
	r := serve(t, server{Refused: func(listen.Refusal) { panic("boom") }})
	r.talk(t, "not HTTP\r\n\r\n")
	r.dial(t).send(hook).wantStatus(200)
}

// panicky is a shelf that panics for /bad.
type panicky struct {
	*shelf
	inRecord bool
}

func (p panicky) Record(ctx context.Context, x *record.Exchange) error {
	if p.inRecord && x.Request.Target == "/bad" {
		panic("boom")
	}
	return p.shelf.Record(ctx, x)
}

func (p panicky) Answer(ctx context.Context, x *record.Exchange) error {
	if !p.inRecord && x.Request.Target == "/bad" {
		panic("boom")
	}
	return p.shelf.Answer(ctx, x)
}

func TestServeTellsWhenAnAnswerCannotBeNoted(t *testing.T) {
	r := serve(t, server{Recorder: forgetful{newShelf()}})
	r.dial(t).send(hook).wantStatus(200)
	if refusal := receive(t, r.refusals, "a word about it"); !errors.Is(refusal.Err, io.ErrShortWrite) ||
		refusal.Status != 200 {
		t.Errorf("refusal = %+v", refusal)
	}
}

type forgetful struct{ *shelf }

func (forgetful) Answer(context.Context, *record.Exchange) error { return io.ErrShortWrite }
