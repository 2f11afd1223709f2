package deliver

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"time"

	"github.com/barbhq/barb/store/record"
)

// trace follows an attempt by net/http. The hooks run on its goroutines, even after the attempt has ended: a connection
// that nobody waits for any more is still made, and kept.
type trace struct {
	mu    sync.Mutex
	ended bool
	seen  sight
	begun time.Time // of the phase that runs
	sent  time.Time // when the request had a connection
	early int       // interim answers
}

// sight is what a trace has seen.
type sight struct {
	at     stage
	phases record.Phases
	remote string
	left   bool // bytes of the request may have left
}

// end returns what was seen and turns later hooks into nothing.
func (t *trace) end() sight {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	return t.seen
}

// note runs f when the attempt still runs.
func (t *trace) note(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		f()
	}
}

// start notes that a phase begins.
func (t *trace) start(at stage) {
	t.note(func() { t.seen.at, t.begun = at, time.Now() })
}

// attach returns a context in which net/http tells the trace.
func (t *trace) attach(ctx context.Context) context.Context {
	t.seen.at = connecting
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:     func(httptrace.DNSStartInfo) { t.start(connecting) },
		DNSDone:      func(httptrace.DNSDoneInfo) { t.note(func() { t.seen.phases.DNS = time.Since(t.begun) }) },
		ConnectStart: func(string, string) { t.start(connecting) },
		ConnectDone: func(string, string, error) {
			t.note(func() { t.seen.phases.Connect = time.Since(t.begun) })
		},
		TLSHandshakeStart: func() { t.start(handshaking) },
		TLSHandshakeDone: func(tls.ConnectionState, error) {
			t.note(func() { t.seen.phases.TLS = time.Since(t.begun) })
		},
		GotConn: func(info httptrace.GotConnInfo) {
			if !permitted(ctx) {
				_ = info.Conn.Close() // net/http asks no more before it writes
				return
			}
			t.gotConn(info)
		},
		GotFirstResponseByte: func() {
			t.note(func() { t.seen.at, t.seen.phases.FirstByte = reading, time.Since(t.sent) })
		},
		Got1xxResponse: t.interim,
	})
}

func (t *trace) gotConn(info httptrace.GotConnInfo) {
	t.note(func() {
		t.seen.at, t.seen.left, t.sent = waiting, true, time.Now()
		t.seen.remote = info.Conn.RemoteAddr().String()
	})
}

func (t *trace) interim(int, textproto.MIMEHeader) (err error) {
	t.note(func() {
		if t.early++; t.early > maxInterim {
			err = errInterim
		}
	})
	return err
}
