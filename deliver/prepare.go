package deliver

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// prepare completes r for its way to the endpoint that it returns; see Client.Prepare.
func (c *Client) prepare(r *record.Request) (*endpoint, error) {
	to, err := c.endpoint(r.URL)
	if err != nil {
		return nil, err
	}
	exact := !c.offersHTTP2(to) && !to.isRelayed()
	if r.Head != "" {
		if !exact {
			err = errors.New("exact bytes cannot be sent over HTTP/2, or through an HTTP proxy without TLS")
		}
		return to, err
	}
	if err := checkLine(r); err != nil {
		return nil, err
	}
	if c.offersHTTP2(to) && to.url == nil {
		return nil, errors.New("bad URL: HTTP/2 cannot carry its path or query")
	}
	fields, err := c.complete(r, to)
	if err != nil {
		return nil, err
	}
	r.Header, r.Target, r.Proto = fields, r.WireTarget(), "HTTP/1.1"
	if exact {
		r.Head = r.MakeHead()
	}
	return to, nil
}

// checkLine returns an error for anything that would break the request line.
func checkLine(r *record.Request) error {
	if record.CheckField(record.Field{Name: r.Method}) != nil {
		return fmt.Errorf("bad method %q", r.Method)
	}
	if strings.ContainsFunc(r.WireTarget(), func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return errors.New("bad URL: it has a space or a control character")
	}
	return nil
}

// complete returns the fields as they go on the wire: the given ones in their order and case, before them Host,
// User-Agent and Accept where they are missing, after them the length of the body.
func (c *Client) complete(r *record.Request, to *endpoint) (record.Header, error) {
	var host, agent, accept, framed bool
	for _, f := range r.Header {
		if err := record.CheckField(f); err != nil {
			return nil, err
		}
		switch len(f.Name) { // a token is ASCII, so names that are equal are of one length
		case len("Host"):
			host = host || strings.EqualFold(f.Name, "Host")
		case len("User-Agent"):
			agent = agent || strings.EqualFold(f.Name, "User-Agent")
		case len("Accept"):
			accept = accept || strings.EqualFold(f.Name, "Accept")
		case len("Content-Length"):
			framed = framed || strings.EqualFold(f.Name, "Content-Length")
		case len("Transfer-Encoding"):
			framed = framed || strings.EqualFold(f.Name, "Transfer-Encoding")
		}
	}
	fields := make(record.Header, 0, len(r.Header)+4)
	if !host {
		fields = append(fields, record.Field{Name: "Host", Value: to.host})
	}
	if !agent {
		fields = append(fields, record.Field{Name: "User-Agent", Value: c.o.UserAgent})
	}
	if !accept {
		fields = append(fields, record.Field{Name: "Accept", Value: "*/*"})
	}
	fields = append(fields, r.Header...)
	if framed {
		return fields, checkFraming(r)
	}
	if len(r.Body) > 0 || takesBody(r.Method) {
		fields = append(fields, record.Field{Name: "Content-Length", Value: strconv.Itoa(len(r.Body))})
	}
	return fields, nil
}

// takesBody reports whether a method's requests have a Content-Length even for an empty body (RFC 9110, section 8.6).
func takesBody(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

// checkFraming refuses fields that do not match the body: the peer would wait for the rest, or read it as the next
// request.
func checkFraming(r *record.Request) error {
	framed := record.Request{Proto: "HTTP/1.1", Header: r.Header}
	length, chunked, err := framed.BodyFraming()
	if err == nil && !chunked && length != int64(len(r.Body)) {
		return fmt.Errorf("Content-Length is %d, but the body has %d bytes", length, len(r.Body))
	}
	return err
}

// wireBody returns the body as the head announces it, with its chunks. honest is false when the head announces another
// body, which exact bytes may.
func wireBody(r *record.Request) (body []byte, honest bool) {
	length, chunked, err := r.BodyFraming()
	if !chunked {
		return r.Body, err == nil && length == int64(len(r.Body))
	}
	return r.AppendBody(make([]byte, 0, len(r.Body)+len(r.Chunks)+64)), true
}
