package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/barbhq/barb/store/record"
)

// transport returns net/http's client for HTTP/2. It is below http.Client, so that redirects are answers and there are
// no cookies.
func (c *Client) transport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &http.Transport{
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			l, _ := ctx.Value(lineKey{}).(*line)
			return l.dial(ctx, c)
		},
		DisableCompression:     true,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        idleFor,
		MaxResponseHeaderBytes: maxHead,
		Protocols:              &protocols,
	}
}

// lineKey is the key of an attempt's line in its context, where the transport finds it to dial.
type lineKey struct{}

// line is a connection dialed for an attempt. net/http uses it for HTTP/2; when the peer chooses HTTP/1.1, the attempt
// takes it back. The dial may outlast the attempt.
type line struct {
	to *endpoint

	mu     sync.Mutex
	ended  bool
	phases record.Phases
	conn   *conn           // that speaks HTTP/1.1; nil: none
	failed *record.Failure // of the dialing
}

// errNotHTTP2 tells net/http that a connection is not for it.
var errNotHTTP2 = errors.New("no connection that speaks HTTP/2")

// dial returns a connection to net/http.
func (l *line) dial(ctx context.Context, c *Client) (net.Conn, error) {
	var phases record.Phases
	cn, failed := c.dial(ctx, l.to, &phases, "h2", "http/1.1")
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ended {
		l.phases = phases
	}
	switch {
	case cn != nil && cn.Conn.(*tls.Conn).ConnectionState().NegotiatedProtocol == "h2":
		return cn.Conn, nil
	case !l.ended:
		l.conn, l.failed = cn, failed
	case cn != nil:
		_ = cn.Close()
	}
	return nil, errNotHTTP2
}

// end returns the connection that was dialed, if any. A connection dialed later is closed.
func (l *line) end() (*conn, *record.Failure, record.Phases) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	return l.conn, l.failed, l.phases
}

// overNetHTTP makes an attempt at an endpoint that HTTP/2 is offered to: through net/http, or over a connection of our
// own when the endpoint chooses HTTP/1.1. With HTTP/2 Head stays empty, since the bytes are not known.
func (c *Client) overNetHTTP(ctx context.Context, x *record.Exchange, to *endpoint) *record.Failure {
	if cn := c.kept(to.key); cn != nil {
		if f, unsent := c.instead(ctx, x, cn); !unsent {
			return f
		}
	}
	var t trace
	l := &line{to: to}
	request := webRequest(t.attach(context.WithValue(ctx, lineKey{}, l)), &x.Request, to)
	response, err := c.web.RoundTrip(request)
	seen := t.end()
	cn, failed, phases := l.end()
	switch {
	case err != nil && cn != nil:
		x.Phases = phases
		f, _ := c.instead(ctx, x, cn)
		return f
	case cn != nil: // another connection was free meanwhile
		c.idle.put(cn)
	}
	if !seen.reused {
		x.Phases = phases
	}
	x.Phases.FirstByte, x.Remote = seen.firstByte, seen.remote
	if err != nil && failed != nil && ctx.Err() == nil {
		return failed
	}
	if err != nil {
		return failure(ctx, seen.at, err, seen.left)
	}
	defer func() { _ = response.Body.Close() }()
	x.Request.Proto = response.Proto
	x.Response = webResponse(response)
	if err := c.readWeb(x.Response, io.TeeReader(response.Body, c.roomIn(ctx))); err != nil {
		return failure(ctx, reading, err, seen.left)
	}
	return nil
}

// instead makes an attempt over a connection of our own at an endpoint that HTTP/2 was offered to. The bytes are known
// now.
func (c *Client) instead(ctx context.Context, x *record.Exchange, cn *conn) (f *record.Failure, unsent bool) {
	x.Request.Head = string(x.Request.AppendHead(nil))
	if f, unsent = c.exchange(ctx, x, cn); unsent {
		x.Request.Head = ""
	}
	return f, unsent
}

// webRequest returns the request for net/http.
func webRequest(ctx context.Context, r *record.Request, to *endpoint) *http.Request {
	header := r.Header.HTTP()
	request := &http.Request{
		Method: r.Method, URL: to.url, Header: header, Host: header.Get("Host"),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(r.Body) > 0 {
		// No GetBody: net/http must not repeat a request by itself; retries are the policy's.
		request.Body = io.NopCloser(bytes.NewReader(r.Body))
		request.ContentLength = int64(len(r.Body))
	}
	if strings.EqualFold(header.Get("Transfer-Encoding"), "chunked") {
		request.ContentLength, request.TransferEncoding = -1, []string{"chunked"}
	}
	request.Close = wantsClose(r.Header)
	return request.WithContext(ctx)
}

// webResponse returns the answer of net/http, which has lost the order and case of the fields.
func webResponse(r *http.Response) *record.Response {
	_, reason, _ := strings.Cut(r.Status, " ")
	return &record.Response{Status: r.StatusCode, Reason: reason, Proto: r.Proto, Header: record.FromHTTP(r.Header)}
}

// readWeb reads the body within the client's limits.
func (c *Client) readWeb(r *record.Response, body io.Reader) (err error) {
	limited := &io.LimitedReader{R: body, N: c.o.ReadLimit}
	r.Body, r.Size, err = readSome(limited, c.o.MaxBody, -1)
	r.Cut = r.Size > int64(len(r.Body)) || limited.N <= 0
	return err
}
