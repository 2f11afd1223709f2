package listen

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/store/record"
)

// protoHTTP2 is the protocol of a request over HTTP/2.
const protoHTTP2 = "HTTP/2.0"

// http2 serves the connections that agreed on HTTP/2. net/http reads the frames; every request then goes the usual way,
// as if its stream were a connection. net/http loses the order and case of fields.
type http2 struct {
	server  *http.Server
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
	addr    net.Addr
	streams sync.RWMutex // read-held by each stream, and locked for good at the end
	open    atomic.Int64 // how many streams there are
}

// startHTTP2 starts the server for HTTP/2 if the listener offers it. It ends with the run, and is cut by ctx.
func (r *run) startHTTP2(ctx context.Context, addr net.Addr) {
	if r.TLS == nil || !slices.Contains(r.TLS.NextProtos, overHTTP2) {
		return
	}
	h := &http2{conns: make(chan net.Conn), closed: make(chan struct{}), addr: addr}
	h.server = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.stream(ctx, w, q) }),
		ReadHeaderTimeout: r.HeadTimeout,
		IdleTimeout:       r.KeepIdle,
		MaxHeaderBytes:    r.MaxHead,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, 0), // what matters of it is told to Refused
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 100, MaxReadFrameSize: 64 << 10, WriteByteTimeout: r.WriteIdle,
			MaxReceiveBufferPerConnection: 1 << 20, MaxReceiveBufferPerStream: 256 << 10,
		},
	}
	r.http2 = h
	r.group.Go(func() { _ = h.server.Serve(h) }) // it says only that it was shut down
	r.group.Go(func() {
		<-r.ended
		_ = h.server.Shutdown(ctx)
		_ = h.server.Close() // what Shutdown was not given the time for
		h.streams.Lock()
	})
}

// serve passes a connection to the server and waits until it is closed.
func (h *http2) serve(c *tls.Conn) {
	_ = c.SetDeadline(time.Time{}) // from here on the server sets them
	select {
	case h.conns <- c:
		<-c.NetConn().(*begun).closed
	case <-h.closed:
	}
}

// Accept returns the next connection that agreed on HTTP/2.
func (h *http2) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (h *http2) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is the address of the listener.
func (h *http2) Addr() net.Addr { return h.addr }

// errTooManyStreams is the error of a stream beyond MaxConns. Connections wait; streams cannot, since they hold memory.
var errTooManyStreams = fmt.Errorf("%w: too many HTTP/2 streams", ErrNoRoom)

// stream serves one request.
func (r *run) stream(ctx context.Context, w http.ResponseWriter, q *http.Request) {
	if !r.http2.streams.TryRLock() {
		panic(http.ErrAbortHandler) // the server has ended
	}
	defer r.http2.streams.RUnlock()
	s := &stream{control: http.NewResponseController(w), w: w, body: q.Body, local: r.http2.addr}
	if r.http2.addr.Network() == "unix" {
		q.RemoteAddr = "unix" // as newConn has it
	}
	c := &conn{run: r, net: s, remote: q.RemoteAddr, serverName: q.TLS.ServerName, last: time.Now(), counts: true,
		holding: holding{budget: r.Budget}}
	x := &record.Exchange{Attempt: 1, Kind: record.Received, Remote: c.remote, ServerName: c.serverName, Start: c.last}
	defer c.letGo()
	defer r.http2.open.Add(-1)
	if r.http2.open.Add(1) > int64(r.MaxConns) {
		c.refuse(http.StatusServiceUnavailable, errTooManyStreams)
	} else if err := c.receiveStream(x, q); err != nil {
		if r.cutting.Load() { // a stream that is cut looks as if its sender had left
			err = net.ErrClosed
		}
		c.turnAway(err)
	} else {
		c.exchange(ctx, x)
	}
	if s.broken {
		panic(http.ErrAbortHandler) // net/http's way to reset a stream
	}
}

// receiveStream reads one whole request, like receive.
func (c *conn) receiveStream(x *record.Exchange, q *http.Request) error {
	x.Request = record.Request{Method: q.Method, Target: q.RequestURI, Proto: protoHTTP2,
		Header: append(record.Header{{Name: "Host", Value: q.Host}}, record.FromHTTP(q.Header)...)}
	c.request = &x.Request
	if err := c.hold(headSize(&x.Request)); err != nil {
		return err
	}
	if err := c.admit(&x.Request, q.ContentLength); err != nil {
		return err
	}
	if err := c.readStream(&x.Request, q.ContentLength); err != nil {
		return err
	}
	x.Request.Trailer = record.FromHTTP(q.Trailer)
	return nil
}

// readStream reads the body to its end, and then the trailers. net/http checks an announced length.
func (c *conn) readStream(r *record.Request, length int64) (err error) {
	if length == 0 {
		return nil
	}
	c.paceBody()
	var body pile
	if length > 0 {
		err = body.add(c, length)
	}
	if err == nil {
		err = body.rest(c, c.run.MaxBody)
	}
	if err == nil && body.size > 0 {
		r.Body = body.all()
	}
	return midway(err)
}

// stream is an HTTP/2 stream as a connection: reading returns the request's body, and an answer written as HTTP/1.1
// goes out in frames.
type stream struct {
	control *http.ResponseController
	w       http.ResponseWriter
	body    io.ReadCloser
	local   net.Addr

	head   []byte // of the answer, until it is whole
	begun  bool   // the head is out
	broken bool   // the answer is to end in a reset
}

// Read reads the request's body.
func (s *stream) Read(p []byte) (int, error) { return s.body.Read(p) }

// Write sends a part of an answer.
func (s *stream) Write(p []byte) (int, error) {
	if s.broken {
		return 0, net.ErrClosed
	}
	if s.begun {
		n, err := s.w.Write(p)
		return n, errors.Join(err, s.control.Flush())
	}
	s.head = append(s.head, p...)
	end := bytes.Index(s.head, []byte("\r\n\r\n"))
	if end < 0 {
		return len(p), nil
	}
	return len(p), s.begin(s.head[:end+4], s.head[end+4:])
}

func (s *stream) begin(head, body []byte) error {
	response, err := record.ParseResponse(string(head))
	if err != nil { // an answer that is none on purpose
		s.broken = true
		return err
	}
	for _, f := range response.Header {
		s.w.Header().Add(f.Name, f.Value)
	}
	s.begun = true
	s.w.WriteHeader(response.Status)
	if len(body) > 0 {
		_, err = s.w.Write(body)
	}
	return errors.Join(err, s.control.Flush()) // else it would be buffered, and said to be sent to one that is gone
}

// Close breaks the stream off; it is not called for one that ended well.
func (s *stream) Close() error {
	s.broken = true
	return nil
}

// LocalAddr is where the listener is.
func (s *stream) LocalAddr() net.Addr { return s.local }

// RemoteAddr is not known here; the exchange has it.
func (s *stream) RemoteAddr() net.Addr { return nil }

// SetDeadline is part of net.Conn.
func (s *stream) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

// SetReadDeadline bounds the reading of the body.
func (s *stream) SetReadDeadline(t time.Time) error { return s.control.SetReadDeadline(t) }

// SetWriteDeadline bounds the writing of the answer.
func (s *stream) SetWriteDeadline(t time.Time) error { return s.control.SetWriteDeadline(t) }
