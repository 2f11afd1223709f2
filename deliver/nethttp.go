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
			t, _ := ctx.Value(traceKey{}).(*trace)
			return t.dial(ctx, c)
		},
		DisableCompression:     true,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        idleFor,
		MaxResponseHeaderBytes: maxHead,
		Protocols:              &protocols,
	}
}

// errNotHTTP2 tells net/http that a connection is not for it.
var errNotHTTP2 = errors.New("no connection that speaks HTTP/2")

// dial returns a connection to net/http, which uses it for HTTP/2. When the peer chooses HTTP/1.1, the attempt has the
// connection. The dial may outlast the attempt: then a connection for HTTP/1.1 is closed.
func (t *trace) dial(ctx context.Context, c *Client) (net.Conn, error) {
	var phases record.Phases
	cn, failed := c.dial(ctx, t.to, &phases, "h2", "http/1.1")
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.seen.phases = phases
	}
	switch {
	case cn != nil && cn.Conn.(*tls.Conn).ConnectionState().NegotiatedProtocol == "h2":
		return cn.Conn, nil
	case !t.ended:
		t.seen.dialed, t.seen.failed = cn, failed
	case cn != nil:
		_ = cn.Close()
	}
	return nil, errNotHTTP2
}

// overNetHTTP makes an attempt at an endpoint that HTTP/2 is offered to: through net/http, or over a connection of our
// own when the endpoint chooses HTTP/1.1. With HTTP/2 Head stays empty, since the bytes are not known.
func (c *Client) overNetHTTP(ctx context.Context, x *record.Exchange, to *endpoint) *record.Failure {
	if cn := c.kept(ctx, to.key); cn != nil {
		if f, unsent := c.instead(ctx, x, cn); !unsent {
			return f
		}
	}
	t := &trace{to: to}
	response, err := c.web.RoundTrip(webRequest(t.attach(ctx), &x.Request, to))
	seen := t.end()
	switch {
	case err != nil && seen.dialed != nil:
		x.Phases = seen.phases
		seen.dialed.watch(ctx)
		f, _ := c.instead(ctx, x, seen.dialed)
		return f
	case seen.dialed != nil: // another connection was free meanwhile
		c.idle.put(seen.dialed)
	}
	if !seen.reused {
		x.Phases = seen.phases
	}
	x.Phases.FirstByte, x.Remote = seen.firstByte, seen.remote
	if err != nil && seen.failed != nil && ctx.Err() == nil {
		return seen.failed
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
