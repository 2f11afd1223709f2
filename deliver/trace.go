package deliver

import (
	"context"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"time"

	"github.com/barbhq/barb/store/record"
)

// trace records an attempt of net/http. The hooks run on its goroutines, even after the attempt: a connection that is
// no longer needed is still made, and kept.
type trace struct {
	to    *endpoint
	mu    sync.Mutex
	ended bool
	seen  sight
	sent  time.Time // when the request had a connection
	early int       // interim answers
}

// sight is the record of a trace.
type sight struct {
	at        stage
	firstByte time.Duration
	remote    string
	left      bool // bytes of the request may have left
	reused    bool // the connection has carried others before

	phases record.Phases   // of the dialing
	dialed *conn           // that speaks HTTP/1.1; nil: none
	failed *record.Failure // of the dialing
}

// traceKey is the key of a trace in the context of its attempt, where the transport finds it to dial.
type traceKey struct{}

// end returns the record; later hooks change nothing.
func (t *trace) end() sight {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	return t.seen
}

// note runs f unless the attempt has ended.
func (t *trace) note(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		f()
	}
}

// attach returns a context in which net/http calls the trace.
func (t *trace) attach(ctx context.Context) context.Context {
	t.seen.at = connecting
	return httptrace.WithClientTrace(context.WithValue(ctx, traceKey{}, t), &httptrace.ClientTrace{
		TLSHandshakeStart: func() { t.note(func() { t.seen.at = handshaking }) },
		GotConn: func(info httptrace.GotConnInfo) {
			if !permitted(ctx) {
				_ = info.Conn.Close() // net/http asks no more before it writes
				return
			}
			t.note(func() {
				t.seen.at, t.seen.left, t.seen.reused, t.sent = waiting, true, info.Reused, time.Now()
				t.seen.remote = info.Conn.RemoteAddr().String()
			})
		},
		GotFirstResponseByte: func() {
			t.note(func() { t.seen.at, t.seen.firstByte = reading, time.Since(t.sent) })
		},
		Got1xxResponse: func(int, textproto.MIMEHeader) (err error) {
			t.note(func() {
				if t.early++; t.early > maxInterim {
					err = errInterim
				}
			})
			return err
		},
	})
}
