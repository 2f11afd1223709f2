// Package listen takes webhooks off the wire. It takes them exactly as they came, has each one checked and stored
// before it answers, and survives whatever else comes in. It speaks HTTP/1.0 and HTTP/1.1 itself, because a server
// that hands out maps of headers has already lost their order, case and repetition. It does not verify, store, forward
// or print: it asks the Hook that Receive returns for each request.
package listen

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Hook is one request on its way through. The server calls its methods in this order, from one goroutine. The exchange
// is the one that Receive was given; its Verdict, Scheme, WebhookID, EventType and Marks are what Check has returned.
type Hook interface {
	// Check verifies the request, which was read whole.
	Check(now time.Time) Checked
	// Record makes the exchange durable before it returns nil, and sets its ID.
	Record(ctx context.Context) error
	// Reply says what the sender gets; an answer without a response is 401 when the signature is invalid, else 200. It is
	// called once the exchange is durable, and also when it could not be recorded (its ID is 0 then) and its signature is
	// invalid, since a full disk does not make a forgery acceptable. The context does not end when the sender goes away,
	// because the hook is kept and may have to be forwarded. It ends when Drain has run out, and Reply must return then.
	Reply(ctx context.Context) Answer
	// Answered is told how a recorded exchange ended, after the answer was written or failed. The context outlives the
	// server, so that what the end has cut off can be recorded too.
	Answered(ctx context.Context) error
}

// Checked is the result of a check.
type Checked struct {
	Verdict                      record.Verdict
	Scheme, WebhookID, EventType string
	Handshake                    string // the handshake that it is; "" for none
	// Uncounted keeps the exchange out of Limit: it is a handshake, or a request that is no webhook.
	Uncounted bool
	Marks     []record.Mark // of the exchange
}

// Answer is the response to a sender. The zero value leaves the choice to the server.
type Answer struct {
	Response *record.Response
	// Delay is how long the sender waits for it, at most MaxWait. When the server ends, the answer goes out at once.
	Delay time.Duration
	// Fault is played to the sender instead of the answer. It ends the connection; the exchange's Scripted and Err say
	// what it was.
	Fault Fault
}

// Over returns a with the gaps filled from under: its response and fault where a has none. The delays add up, to
// MaxWait at most.
func (a Answer) Over(under Answer) Answer {
	if a.Response == nil {
		a.Response = under.Response
	}
	if a.Fault.Kind == "" {
		a.Fault = under.Fault
	}
	a.Delay = min(a.Delay+under.Delay, MaxWait)
	return a
}

// Refusal is a request or connection that did not become a whole exchange. Method and Path come from a stranger: escape
// them before showing. Path has no query, which may hold a secret.
type Refusal struct {
	Remote, Method, Path string // "" when not known
	Status               int    // what was answered; 0 when nothing was
	Err                  error
}

// The errors that Refusal.Err is or wraps, besides those of TLS.
var (
	// ErrNotAllowed means that Allow did not take the connection.
	ErrNotAllowed = errors.New("address not allowed")
	// ErrNoRoom means that a request, or an app's answer, does not fit into Budget now, or a stream into MaxConns.
	ErrNoRoom = errors.New("too busy")
	// ErrAnswerTooLarge means that an app's answer would never fit into Budget.
	ErrAnswerTooLarge = errors.New("the answer is too large")
	// ErrTooSlow means that a request ran out of time, or came slower than the slowest rate.
	ErrTooSlow = errors.New("the request took too long to arrive")
	// ErrStopped means that a request was still coming in when Drain ended.
	ErrStopped = errors.New("the listener stopped before the whole request arrived")
	// ErrEnough means that Limit was reached.
	ErrEnough = errors.New("the requested number of webhooks is recorded")
)

// Server receives webhooks. Only Receive must be set; a zero limit means its default. The functions are called from
// many goroutines at once, one call at a time for each connection. A panic in one of them costs its sender a 500 and
// the connection, never the server.
type Server struct {
	// Receive returns the hook of an admitted request that was read whole.
	Receive func(x *record.Exchange) Hook
	// Allow decides about a connection before a byte is read or a TLS handshake begins: remote is the sender's ip:port, or
	// "unix". Nil takes all. Other connections are closed and Refused is called with ErrNotAllowed.
	Allow func(remote string) bool
	// Admit decides about a request by its head, before the body is read: remote is the sender's ip:port, or "unix". Nil
	// takes all.
	Admit func(remote string, r *record.Request) Admission
	// Refused is called for each request that never became an exchange or could not be stored; nil for none.
	Refused func(Refusal)

	// of the URLs in the history: "http", or "https" when TLS is set; where a proxy ends TLS, "https" as well
	Scheme string
	// TLS makes the listener speak TLS, and HTTP/2 to those who ask for it when NextProtos has "h2"; nil: plain HTTP/1.
	TLS *tls.Config

	MaxBody     int64         // bytes of a body, 10 MiB
	Budget      *Budget       // for all requests that are not answered yet, and for answers, 256 MiB; more get 503
	MaxHead     int           // bytes of a head, of the trailers of a chunked body, 64 KiB
	MaxConns    int           // connections at a time, 10,000; more have to wait. Of HTTP/2 streams as many; more get 503
	HeadTimeout time.Duration // for a whole head, counted from the connection for the first one, 10 s
	BodyIdle    time.Duration // between two reads of a body, and for falling behind 1 KiB/s in any part of it, 30 s
	KeepIdle    time.Duration // between two requests of a connection, 60 s
	WriteIdle   time.Duration // for each 64 KiB of an answer, 30 s
	Drain       time.Duration // for what is in flight at the end, 10 s

	// Limit ends Serve after so many recorded and answered exchanges; 0 never does. No more than that are recorded:
	// requests beyond them get 503. What a hook's Check calls Uncounted does not count.
	Limit int
}

// Serve receives on ln until ctx ends or Limit is reached, and closes ln. It then answers what has begun to arrive,
// closes idle connections, waits up to Drain and cuts what is left. It returns when all its goroutines have ended: nil
// after such an end, or the error that keeps ln from accepting.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	hard, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	r := newRun(s.withDefaults())
	r.startHTTP2(hard, ln.Addr())
	accepting := make(chan error, 1)
	r.group.Go(func() { accepting <- r.accept(hard, ln) })

	var err error
	select {
	case <-ctx.Done():
	case <-r.full:
	case err = <-accepting:
	}
	r.stop(ln)
	r.finish(cut)
	return err
}

func (s *Server) withDefaults() Server {
	d := *s
	if d.TLS != nil {
		d.Scheme = cmp.Or(d.Scheme, "https")
	}
	d.Scheme = cmp.Or(d.Scheme, "http")
	d.MaxBody = cmp.Or(d.MaxBody, 10<<20)
	if d.Budget == nil {
		d.Budget = NewBudget(256 << 20)
	}
	d.MaxHead = cmp.Or(d.MaxHead, 64<<10)
	d.MaxConns = cmp.Or(d.MaxConns, 10_000)
	d.HeadTimeout = cmp.Or(d.HeadTimeout, 10*time.Second)
	d.BodyIdle = cmp.Or(d.BodyIdle, 30*time.Second)
	d.KeepIdle = cmp.Or(d.KeepIdle, 60*time.Second)
	d.WriteIdle = cmp.Or(d.WriteIdle, 30*time.Second)
	d.Drain = cmp.Or(d.Drain, 10*time.Second)
	return d
}
