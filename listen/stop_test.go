package listen_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// gate is a Reply that says when it was asked and answers when it is let.
type gate struct {
	asked chan *record.Exchange
	open  chan struct{}
}

func newGate() *gate { return &gate{make(chan *record.Exchange, 100), make(chan struct{})} }

func (g *gate) reply(ctx context.Context, x *record.Exchange) listen.Answer {
	g.asked <- x
	select {
	case <-g.open:
	case <-ctx.Done():
	}
	return listen.Answer{Response: &record.Response{Status: 200, Body: []byte("done")}}
}

func TestServeAnswersWhatIsInFlightWhenItIsStopped(t *testing.T) {
	g := newGate()
	r := serve(t, server{Reply: g.reply})
	c := r.dial(t).send(hook)
	receive(t, g.asked, "the request")
	r.stop()
	wantRefusedDial(t, r.addr)
	close(g.open)
	if response := c.wantStatus(200); !response.Close {
		t.Error("the last answer does not say Connection: close")
	}
	if err := receive(t, r.ended, "Serve to return"); err != nil {
		t.Errorf("Serve = %v", err)
	}
}

// wantRefusedDial waits until the listener is closed. There is nothing to be told by; a dial is the only way to know.
func wantRefusedDial(t *testing.T, addr string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		_ = nc.Close()
		if time.Now().After(deadline) {
			t.Fatal("still accepts after the stop")
		}
	}
}

func TestServeTakesAHeadThatHadBegunWhenItIsStopped(t *testing.T) {
	r := serve(t, server{})
	c := r.dial(t).send(hook + "POST /second HTTP/1.1\r\nHo")
	c.wantStatus(200)
	r.stop()
	wantRefusedDial(t, r.addr)
	c.send("st: h\r\nContent-Length: 3\r\n\r\nabc").wantStatus(200)
	if rest := c.rest(); rest != "" {
		t.Errorf("after the last answer came %q", rest)
	}
}

func TestServeClosesIdleConnectionsWhenItIsStopped(t *testing.T) {
	r := serve(t, server{Drain: patience})
	fresh, used := r.dial(t), r.dial(t).send(hook)
	used.wantStatus(200)
	start := time.Now()
	r.stop()
	if got := fresh.rest() + used.rest(); got != "" {
		t.Errorf("idle connections were sent %q", got)
	}
	if err := receive(t, r.ended, "Serve to return"); err != nil || time.Since(start) > patience/2 {
		t.Errorf("Serve = %v after %v", err, time.Since(start))
	}
}

func TestServeCutsWhatDoesNotEndInTime(t *testing.T) {
	g := newGate()
	r := serve(t, server{Reply: g.reply, Drain: 50 * time.Millisecond})
	r.dial(t).send(hook)
	receive(t, g.asked, "the request")
	slow := r.dial(t).send(hook)
	receive(t, g.asked, "the second request")
	half := r.dial(t).send("POST /h")
	r.stop()
	if err := receive(t, r.ended, "Serve to return"); err != nil {
		t.Errorf("Serve = %v", err)
	}
	for range 2 {
		if x := r.shelf.next(t); x.FailureKind() != record.FailInterrupted || !x.Ended {
			t.Errorf("exchange ended with %+v, ended %v", x.Err, x.Ended)
		}
	}
	for len(r.refusals) > 0 {
		if refusal := <-r.refusals; errors.Is(refusal.Err, context.Canceled) {
			t.Errorf("the end of a cut exchange could not be noted: %v", refusal.Err)
		}
	}
	for _, c := range []*client{slow, half} {
		if got, err := io.ReadAll(c); strings.HasPrefix(string(got), "HTTP/1.1 200") {
			t.Errorf("a connection that was cut read %q, %v", got, err)
		}
	}
}

// What is cut off took as long as it was there, whatever came on its connection before.
func TestAnExchangeThatIsCutTookSomeTime(t *testing.T) {
	for name, sent := range map[string][]string{
		"one":                        {hook},
		"one whose head came in two": {hook[:20], hook[20:]},
		"one with a body in chunks": {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
			"x\r\n0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate()
			r := serve(t, server{Reply: g.reply, Drain: time.Millisecond})
			c := r.dial(t)
			for _, part := range sent {
				c.send(part)
			}
			receive(t, g.asked, "the request")
			r.stop()
			if err := receive(t, r.ended, "Serve to return"); err != nil {
				t.Errorf("Serve = %v", err)
			}
			if x := r.shelf.next(t); x.Took <= 0 || x.FailureKind() != record.FailInterrupted {
				t.Errorf("it took %s and ended with %+v", x.Took, x.Err)
			}
		})
	}
}

func TestServeStopsByItselfAfterSoManyExchanges(t *testing.T) {
	r := serve(t, server{Limit: 2})
	c := r.dial(t).send(hook + hook + hook)
	if c.wantStatus(200).Close {
		t.Error("the first of two answers says Connection: close")
	}
	if !c.wantStatus(200).Close {
		t.Error("the second of two answers does not say Connection: close")
	}
	if rest := c.rest(); rest != "" {
		t.Errorf("the third request was answered %q", rest)
	}
	if err := receive(t, r.ended, "Serve to return"); err != nil || r.shelf.len() != 2 {
		t.Errorf("Serve = %v with %d recorded, want 2", err, r.shelf.len())
	}
}

func TestServeRefusesMoreThanItsLimit(t *testing.T) {
	g := newGate()
	r := serve(t, server{Limit: 1, Reply: g.reply})
	first := r.dial(t).send(hook)
	receive(t, g.asked, "the first request")
	if response := r.dial(t).send(hook).wantStatus(503); !response.Close {
		t.Error("the refusal does not say Connection: close")
	}
	close(g.open)
	first.wantStatus(200)
	if err := receive(t, r.ended, "Serve to return"); err != nil || r.shelf.len() != 1 {
		t.Errorf("Serve = %v with %d recorded, want 1", err, r.shelf.len())
	}
}

func TestServeRecordsNeverMoreThanItsLimit(t *testing.T) {
	const limit = 25
	r := serve(t, server{Limit: limit})
	var senders sync.WaitGroup
	for range 16 {
		senders.Go(func() {
			for {
				nc, err := net.Dial("tcp", r.addr)
				if err != nil {
					return
				}
				_, _ = io.WriteString(nc, hook)
				_, _ = nc.Read(make([]byte, 1))
				_ = nc.Close()
			}
		})
	}
	if err := receive(t, r.ended, "Serve to return"); err != nil {
		t.Errorf("Serve = %v", err)
	}
	senders.Wait()
	if got := r.shelf.len(); got != limit {
		t.Errorf("%d recorded, want %d", got, limit)
	}
}

func TestServeReportsABrokenListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	err = (&server{Recorder: newShelf()}).Serve(t.Context(), ln)
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve on a closed listener = %v", err)
	}
}

// stopper is a recorder that stops the server when the answer is out, which was not yet known to be the last one.
type stopper struct {
	*shelf
	stop func()
}

func (s stopper) Answer(ctx context.Context, x *record.Exchange) error {
	s.stop()
	return s.shelf.Answer(ctx, x)
}

func TestServeClosesConnectionsThatBecomeIdleAfterItIsStopped(t *testing.T) {
	var r *running
	ready := make(chan struct{})
	r = serve(t, server{Drain: patience, Recorder: stopper{newShelf(), func() {
		<-ready
		r.stop()
		wantRefusedDial(t, r.addr)
	}}})
	c := r.dial(t).send(hook)
	close(ready)
	start := time.Now()
	if response := c.wantStatus(200); response.Close {
		t.Error("the answer was made after the stop")
	}
	if err := receive(t, r.ended, "Serve to return"); err != nil || time.Since(start) > patience/2 {
		t.Errorf("Serve = %v after %v", err, time.Since(start))
	}
}

// exhausted is a listener for which the process at first has no file descriptor left.
type exhausted struct {
	net.Listener
	times int
}

func (l *exhausted) Accept() (net.Conn, error) {
	if l.times--; l.times >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestServeOutlivesAShortageOfFileDescriptors(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := serveOn(t, server{}, &exhausted{ln, 3})
	r.dial(t).send(hook).wantStatus(200)
	for range 3 {
		if refusal := receive(t, r.refusals, "a word about it"); !errors.Is(refusal.Err, syscall.EMFILE) {
			t.Errorf("refusal = %+v", refusal)
		}
	}
}

func TestServeLetsTheLastAnswerBeRead(t *testing.T) {
	r := serve(t, server{})
	c := r.dial(t).send("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + strings.Repeat(hook, 3000))
	c.wantStatus(200)
	if rest := c.rest(); rest != "" {
		t.Errorf("after the last answer came %q", rest)
	}
}

func TestServeMakesRoomForNewConnections(t *testing.T) {
	r := serve(t, server{MaxConns: 1})
	idle := r.dial(t).send(hook)
	idle.wantStatus(200)
	r.dial(t).send(hook).wantStatus(200)
	if rest := idle.rest(); rest != "" {
		t.Errorf("the idle connection was sent %q", rest)
	}
}

func TestServeHoldsNoMoreConnectionsThanAsked(t *testing.T) {
	g := newGate()
	r := serve(t, server{MaxConns: 2, Reply: g.reply})
	var clients []*client
	for range 4 {
		clients = append(clients, r.dial(t).send(hook))
	}
	receive(t, g.asked, "the first request")
	receive(t, g.asked, "the second request")
	select {
	case <-g.asked:
		t.Error("a third connection is served at the same time")
	case <-time.After(50 * time.Millisecond): // nothing to wait for: what must not happen has no end
	}
	close(g.open)
	for _, c := range clients {
		c.wantStatus(200)
	}
}

func TestServeForwardsForASenderThatLeft(t *testing.T) {
	g := newGate()
	ends := make(chan error, 1)
	r := serve(t, server{Reply: func(ctx context.Context, x *record.Exchange) listen.Answer {
		response := g.reply(ctx, x)
		ends <- ctx.Err()
		return response
	}})
	c := r.dial(t).send(hook)
	receive(t, g.asked, "the request")
	if err := errors.Join(c.SetLinger(0), c.Close()); err != nil { // a reset
		t.Fatal(err)
	}
	close(g.open)
	if err := receive(t, ends, "Reply to end"); err != nil {
		t.Errorf("Reply's context ended with the connection: %v", err)
	}
	if x := r.shelf.next(t); x.FailureKind() != record.FailReset || x.Status() != 200 {
		t.Errorf("exchange ended with %+v", x.Err)
	}
	if len(r.refusals) != 0 {
		t.Errorf("a kept exchange was refused: %+v", <-r.refusals)
	}
}

func TestWhatIsUncountedDoesNotUseUpTheLimit(t *testing.T) {
	uncounted := func(r *record.Request, _ time.Time) listen.Checked {
		return listen.Checked{Uncounted: r.Method == http.MethodGet}
	}
	r := serve(t, server{Limit: 1, Check: uncounted})
	const question = "GET /?challenge=1 HTTP/1.1\r\nHost: h\r\n\r\n"
	for range 5 {
		if r.dial(t).send(question).wantStatus(200).Close {
			t.Error("an exchange that does not count says Connection: close")
		}
	}
	if !r.dial(t).send(hook).wantStatus(200).Close {
		t.Error("the one that counts does not say Connection: close")
	}
	if err := receive(t, r.ended, "Serve to return"); err != nil || r.shelf.len() != 6 {
		t.Errorf("Serve = %v with %d recorded, want 6", err, r.shelf.len())
	}
}

func TestAnUncountedExchangeThatIsNotStoredGivesNoPlaceBack(t *testing.T) {
	g := newGate()
	r := serve(t, server{Limit: 1, Reply: g.reply, Recorder: &failing{left: 2, shelf: newShelf()},
		Check: func(r *record.Request, _ time.Time) listen.Checked {
			return listen.Checked{Uncounted: r.Method == http.MethodGet}
		}})
	for range 2 {
		r.dial(t).send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").wantStatus(503)
	}
	first := r.dial(t).send(hook)
	receive(t, g.asked, "the first request")
	r.dial(t).send(hook).wantStatus(503)
	close(g.open)
	first.wantStatus(200)
	if err := receive(t, r.ended, "Serve to return"); err != nil {
		t.Errorf("Serve = %v", err)
	}
}

// failing is a shelf that cannot keep the first few.
type failing struct {
	left  int
	shelf *shelf
}

func (f *failing) Record(ctx context.Context, x *record.Exchange) error {
	if f.left--; f.left >= 0 {
		return errors.New("no room")
	}
	return f.shelf.Record(ctx, x)
}

func (f *failing) Answer(ctx context.Context, x *record.Exchange) error {
	return f.shelf.Answer(ctx, x)
}
