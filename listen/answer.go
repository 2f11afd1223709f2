package listen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/record"
)

// piece is how many bytes of an answer are written in one call and under one deadline.
const piece = 64 << 10

// answer writes the answer to x's request, and sets in x what was written and how it ended.
func (c *conn) answer(ctx context.Context, x *record.Exchange, given *record.Response, final bool) {
	response := c.compose(x, given, final)
	c.wrote = true
	err := c.write(c.out, response.Body)
	x.Response, x.Took, x.Ended = response, c.last.Sub(x.Start), true
	x.Err = failure(ctx, err)
}

// compose returns the answer that goes out now, with its head in c.out. It is not changed afterwards: within a second
// many webhooks get the same one.
func (c *conn) compose(x *record.Exchange, given *record.Response, final bool) *record.Response {
	now := time.Now()
	isUsual := isUsual(&x.Request, given) && !final
	if last := c.run.usual.Load(); isUsual && last != nil && last.second == now.Unix() {
		c.out = append(c.out[:0], last.response.Head...)
		return last.response
	}
	response := compose(&x.Request, given, final, now)
	c.out = response.AppendHead(c.out[:0])
	if response.Proto != protoHTTP2 { // there it is frames that went out
		response.Head = string(c.out)
	}
	if isUsual {
		c.run.usual.Store(&usual{now.Unix(), response})
	}
	return response
}

// usual is the answer to a webhook that is only taken, in one second.
type usual struct {
	second   int64
	response *record.Response
}

// isUsual reports whether the answer depends on the second alone.
func isUsual(r *record.Request, given *record.Response) bool {
	return given.Status == http.StatusOK && given.Reason == "" && len(given.Header)+len(given.Body) == 0 &&
		r.Proto == "HTTP/1.1" && !bodyless(r.Method, given.Status)
}

// write writes head and body, in one call when they are small, and sets last to just before the end went out: from then
// on the sender may act on the answer, however late this goroutine wakes from the call.
func (c *conn) write(head, body []byte) error {
	c.holdAnswer(len(body))
	first := min(len(body), max(0, piece-len(head)))
	c.out = append(append(c.out[:0], head...), body[:first]...)
	out := c.out
	if cap(out) > 2*bufferSize {
		c.out = nil // a large answer is rare: do not keep its memory for as long as the connection
	}
	for rest := body[first:]; ; {
		c.last = time.Now() // also of an answer that cannot be written: no exchange ends before it began
		if err := c.armWrite(); err != nil {
			return err
		}
		if _, err := c.net.Write(out); err != nil {
			c.last = time.Now() // of the failure
			return err
		}
		if len(rest) == 0 {
			return nil
		}
		n := min(len(rest), piece)
		out, rest = rest[:n], rest[n:]
	}
}

func failure(ctx context.Context, err error) *record.Failure {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
		return &record.Failure{Kind: record.FailInterrupted, Text: "barb stopped before it wrote the answer"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &record.Failure{Kind: record.FailTimeout, Text: "the sender did not read the answer"}
	}
	return &record.Failure{Kind: record.FailReset, Text: "the sender disconnected before the answer: " + err.Error()}
}

// compose returns the answer that goes out: the given fields in their order, without those that concern another
// connection, allow other origins or cannot be written, and with those that frame the body.
func compose(r *record.Request, given *record.Response, final bool, now time.Time) *record.Response {
	if given.Status < 200 || given.Status > 599 { // nothing that ends an exchange
		given = plain(http.StatusInternalServerError)
	}
	out := &record.Response{Status: given.Status, Reason: reason(given), Proto: "HTTP/1.1"}
	out.Header = make(record.Header, 0, len(given.Header)+3)
	length := contentLength(r.Method, given)
	framed := length == ""
	for _, f := range given.Header.EndToEnd() {
		switch {
		case strings.EqualFold(f.Name, "Content-Length"):
			if !framed {
				out.Header, framed = append(out.Header, record.Field{Name: f.Name, Value: length}), true
			}
		case !AllowsOrigin(f.Name) && record.CheckField(f) == nil:
			out.Header = append(out.Header, f)
		}
	}
	if !framed {
		out.Header = append(out.Header, record.Field{Name: "Content-Length", Value: length})
	}
	if !out.Header.Has("Date") {
		out.Header = append(out.Header, record.Field{Name: "Date", Value: now.UTC().Format(http.TimeFormat)})
	}
	switch {
	case r.Proto == protoHTTP2:
		out.Proto = protoHTTP2
	case final:
		out.Header = append(out.Header, record.Field{Name: "Connection", Value: "close"})
	case r.Proto == "HTTP/1.0":
		out.Header = append(out.Header, record.Field{Name: "Connection", Value: "keep-alive"})
	}
	if !bodyless(r.Method, given.Status) {
		out.Body, out.Size = given.Body, int64(len(given.Body))
	}
	return out
}

// bodyless reports whether an answer ends with its head, whatever the head says (RFC 9112, section 6.3).
func bodyless(method string, status int) bool {
	return method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified
}

// contentLength returns the Content-Length of an answer, "" for none. An answer without a body may have the length of
// the one it stands for (HEAD, 304), which only its maker knows.
func contentLength(method string, given *record.Response) string {
	if given.Status == http.StatusNoContent {
		return ""
	}
	if bodyless(method, given.Status) {
		stated := given.Header.Get("Content-Length")
		if _, err := record.ParseLength(stated); err == nil {
			return stated
		}
		if given.Status == http.StatusNotModified {
			return ""
		}
	}
	return strconv.Itoa(len(given.Body))
}

// AllowsOrigin reports whether a field of this name would let a web page use the listener (CORS). No webhook needs one,
// so Server sends none.
func AllowsOrigin(name string) bool {
	const prefix = "Access-Control-Allow-"
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

func reason(given *record.Response) string {
	if given.Reason == "" || record.CheckField(record.Field{Name: "Reason", Value: given.Reason}) != nil {
		return http.StatusText(given.Status)
	}
	return given.Reason
}

// plain returns an answer of the server's own: a constant text, without anything of the request.
func plain(status int) *record.Response {
	header := record.Header{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}}
	if status == http.StatusServiceUnavailable {
		header = append(header, record.Field{Name: "Retry-After", Value: "5"})
	}
	return &record.Response{Status: status, Header: header, Body: []byte(http.StatusText(status) + "\n")}
}

// Relay returns the sender's answer after a forward: the app's own, 504 when it took too long, or 502 when
// it did not come or broke off, also when its transfer coding is unknown.
func Relay(app *record.Response, why *record.Failure) *record.Response {
	switch {
	case app != nil && why == nil:
		return &record.Response{Status: app.Status, Reason: app.Reason, Header: app.Header.EndToEnd(), Body: app.Body}
	case why != nil && why.Kind == record.FailTimeout:
		return plain(http.StatusGatewayTimeout)
	}
	return plain(http.StatusBadGateway)
}
