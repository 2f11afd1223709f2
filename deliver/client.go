package deliver

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Options are the choices of a Client. The zero value is a client without proxy, with the defaults named here.
type Options struct {
	UserAgent      string                   // "" is "barb"
	ConnectTimeout time.Duration            // of lookup, connection and TLS handshake together; 0 is 5 s
	TLS            *tls.Config              // nil is Go's own; see Connection.TLS
	Resolve        map[string]string        // "host:port" to the "address:port" to connect to; see ParseResolve
	UnixSocket     string                   // path of a socket to connect to, whatever the URL's host
	Proxy          string                   // URL of a proxy: http, https, socks5. It is taken for every host
	Direct         bool                     // Proxy is not taken for this machine; see IsLoopback
	Env            func(name string) string // where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read; nil: no variables
	HTTP2          bool                     // offer HTTP/2 over TLS; without TLS it stays HTTP/1.1
	MaxBody        int64                    // bytes of an answer's body that are kept; 0 is 1 MiB, below 0 none
	ReadLimit      int64                    // bytes of an answer that are read at all; 0 is 16 MiB
	// Room is called for each n bytes of an answer that came, with the context of Do. Its error ends the reading, the
	// attempt and the connection. Nil means no limit.
	Room func(ctx context.Context, n int64) error
}

// Client is the Doer for real networks. Requests go out byte for byte as recorded, over HTTP/1.1 connections of its
// own, also through a proxy; HTTP/2 goes through net/http. Both bound what they read, follow no redirect, decompress
// nothing and name failures alike. Many goroutines may use one Client.
type Client struct {
	o      Options
	idle   pool
	web    *http.Transport
	proxy  *url.URL
	latest atomic.Pointer[endpoint] // the URL of the last request: in bulk they are all the same
}

// NewClient checks the options and returns a client. Nothing is opened before the first request.
func NewClient(o Options) (*Client, error) {
	if o.UnixSocket != "" && o.Proxy != "" {
		return nil, errors.New("a unix socket cannot be reached through a proxy")
	}
	o.UserAgent = cmp.Or(o.UserAgent, "barb")
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 5*time.Second)
	o.MaxBody = cmp.Or(o.MaxBody, 1<<20)
	o.ReadLimit = cmp.Or(o.ReadLimit, 16<<20)
	o.TLS = o.TLS.Clone()
	if o.TLS == nil {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if o.TLS.ClientSessionCache == nil {
		o.TLS.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	if err := record.CheckField(record.Field{Name: "User-Agent", Value: o.UserAgent}); err != nil {
		return nil, err
	}
	c := &Client{o: o, idle: pool{max: maxIdle}}
	if o.Proxy != "" {
		var err error
		if c.proxy, err = parseProxy(o.Proxy); err != nil {
			return nil, err
		}
	}
	c.web = c.transport()
	return c, nil
}

// Close closes the idle connections. A running request is not affected.
func (c *Client) Close() {
	c.idle.close()
	c.web.CloseIdleConnections()
}

// Prepare completes a request as Do will write it: Host, User-Agent, Accept and the length of the body where they are
// missing, and over HTTP/1.1 Head, the exact bytes. A request with a Head is unchanged. The error says why the request
// can never be sent; Do reports it as a Failure that is Permanent.
func (c *Client) Prepare(r *record.Request) error {
	_, err := c.prepare(r)
	return err
}

// Do makes one attempt, as Doer says.
func (c *Client) Do(ctx context.Context, x *record.Exchange) {
	x.Start = time.Now()
	x.Response, x.Phases, x.Remote = nil, record.Phases{}, ""
	x.Err = c.attempt(ctx, x)
	x.Took = time.Since(x.Start)
	x.Ended = true
}

func (c *Client) attempt(ctx context.Context, x *record.Exchange) *record.Failure {
	to, err := c.prepare(&x.Request)
	if err != nil {
		return refusal(err)
	}
	if ctx.Err() != nil {
		return failure(ctx, connecting, ctx.Err(), false)
	}
	if c.offersHTTP2(to) {
		return c.overNetHTTP(ctx, x, to)
	}
	return c.overWire(ctx, x, to)
}

// offersHTTP2 reports whether HTTP/2 is offered to an endpoint, which may still choose HTTP/1.1.
func (c *Client) offersHTTP2(to *endpoint) bool { return c.o.HTTP2 && to.secure }

// endpoint parses a URL, or returns the result of the last one if it is the same.
func (c *Client) endpoint(raw string) (*endpoint, error) {
	if to := c.latest.Load(); to != nil && to.raw == raw {
		return to, nil
	}
	to, err := parseEndpoint(raw)
	if err != nil {
		return nil, err
	}
	switch {
	case c.o.UnixSocket != "":
	case c.proxy != nil && c.o.Direct && IsLoopback(to.name):
	case c.proxy != nil:
		to.proxy = c.proxy
	default:
		if to.proxy, err = environmentProxy(c.o.Env, to); err != nil {
			return nil, err
		}
	}
	c.latest.Store(to)
	return to, nil
}
