package deliver

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// transport makes the net/http client: for proxies and HTTP/2. It is used below http.Client, so that redirects are answers
// like any other and there are no cookies.
func (c *Client) transport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(c.o.HTTP2)
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			to, _ := r.Context().Value(endpointKey{}).(*endpoint)
			return to.proxy, nil
		},
		OnProxyConnectResponse: proxyAnswer,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, c.o.ConnectTimeout)
			defer cancel()
			return c.dialPlain(ctx, address)
		},
		TLSClientConfig:        c.o.TLS.Clone(), // net/http adds to it
		TLSHandshakeTimeout:    c.o.ConnectTimeout,
		DisableCompression:     true,
		MaxIdleConns:           c.o.MaxIdle,
		MaxIdleConnsPerHost:    c.o.MaxIdle,
		IdleConnTimeout:        idleFor,
		MaxResponseHeaderBytes: maxHead,
		Protocols:              &protocols,
	}
}

// endpointKey is the key of a request's endpoint in its context, from where the transport knows the proxy.
type endpointKey struct{}

// proxyError is the answer of a proxy that does not connect.
type proxyError struct{ status int }

func (e proxyError) Error() string { return "the proxy answered " + statusText(e.status) }

func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode/100 != 2 {
		return proxyError{r.StatusCode}
	}
	return nil
}

// overNetHTTP makes an attempt by net/http. Head stays empty, since the bytes that went out are not known.
func (c *Client) overNetHTTP(ctx context.Context, x *record.Exchange, to *endpoint) *record.Failure {
	var t trace
	request := webRequest(t.attach(context.WithValue(ctx, endpointKey{}, to)), &x.Request, to)
	response, err := c.web.RoundTrip(request)
	seen := t.end()
	x.Phases, x.Remote = seen.phases, seen.remote
	if err != nil {
		return failure(ctx, seen.at, err, seen.left)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode < 200 || response.StatusCode > 599 {
		return failure(ctx, reading, protocolError("answer has status "+response.Status), seen.left)
	}
	x.Request.Proto = response.Proto
	x.Response = webResponse(response)
	if err := c.readWeb(x.Response, response.Body); err != nil {
		return failure(ctx, reading, err, seen.left)
	}
	return nil
}

// webRequest says in net/http's terms what is to be sent.
func webRequest(ctx context.Context, r *record.Request, to *endpoint) *http.Request {
	header := r.Header.HTTP()
	request := &http.Request{
		Method: r.Method, URL: to.url, Header: header, Host: header.Get("Host"),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(r.Body) > 0 {
		// No GetBody: what has left once is not sent again behind the policy's back.
		request.Body = io.NopCloser(bytes.NewReader(r.Body))
		request.ContentLength = int64(len(r.Body))
	}
	if strings.EqualFold(header.Get("Transfer-Encoding"), "chunked") {
		request.ContentLength, request.TransferEncoding = -1, []string{"chunked"}
	}
	request.Close = wantsClose(r.Header)
	return request.WithContext(ctx)
}

// webResponse takes over what net/http leaves of a head: order and case of the fields are lost.
func webResponse(r *http.Response) *record.Response {
	_, reason, _ := strings.Cut(r.Status, " ")
	return &record.Response{Status: r.StatusCode, Reason: reason, Proto: r.Proto, Header: record.FromHTTP(r.Header)}
}

// readWeb reads the body within the client's bounds.
func (c *Client) readWeb(r *record.Response, body io.Reader) (err error) {
	limited := &io.LimitedReader{R: body, N: c.o.ReadLimit}
	r.Body, r.Size, err = readSome(limited, c.o.MaxBody, -1)
	r.Cut = r.Size > int64(len(r.Body)) || limited.N <= 0
	return err
}
