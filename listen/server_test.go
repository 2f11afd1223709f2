package listen_test

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// recorder keeps what is received.
type recorder interface {
	Record(ctx context.Context, x *record.Exchange) error
	Answer(ctx context.Context, x *record.Exchange) error
}

// server is a listen.Server whose hooks are made of functions. Nil functions leave it to the server.
type server struct {
	Recorder recorder
	Check    func(r *record.Request, now time.Time) listen.Checked
	Reply    func(ctx context.Context, x *record.Exchange) listen.Answer
	Foreseen bool // the hooks are certain

	Allow                                      func(remote string) bool
	Admit                                      func(remote string, r *record.Request) listen.Admission
	Refused                                    func(listen.Refusal)
	Scheme                                     string
	TLS                                        *tls.Config
	MaxBody                                    int64
	Budget                                     *listen.Budget
	MaxHead, MaxConns, Limit                   int
	HeadTimeout, BodyIdle, KeepIdle, WriteIdle time.Duration
	Drain                                      time.Duration
}

func (s *server) Serve(ctx context.Context, ln net.Listener) error {
	receive := func(x *record.Exchange) listen.Hook {
		if s.Foreseen {
			return certain{hooked{s, x}}
		}
		return hooked{s, x}
	}
	return (&listen.Server{Receive: receive,
		Allow: s.Allow, Admit: s.Admit, Refused: s.Refused, Scheme: s.Scheme, TLS: s.TLS,
		MaxBody: s.MaxBody, Budget: s.Budget,
		MaxHead: s.MaxHead, MaxConns: s.MaxConns, Limit: s.Limit, HeadTimeout: s.HeadTimeout, BodyIdle: s.BodyIdle,
		KeepIdle: s.KeepIdle, WriteIdle: s.WriteIdle, Drain: s.Drain}).Serve(ctx, ln)
}

// hooked is a request of a server.
type hooked struct {
	s *server
	x *record.Exchange
}

func (h hooked) Check(now time.Time) listen.Checked {
	if h.s.Check == nil {
		return listen.Checked{}
	}
	return h.s.Check(&h.x.Request, now)
}

func (h hooked) Record(ctx context.Context) error { return h.s.Recorder.Record(ctx, h.x) }

func (h hooked) Reply(ctx context.Context) listen.Answer {
	if h.s.Reply == nil {
		return listen.Answer{}
	}
	return h.s.Reply(ctx, h.x)
}

func (h hooked) Answered(ctx context.Context) error { return h.s.Recorder.Answer(ctx, h.x) }
