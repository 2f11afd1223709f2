package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strings"
)

// maxTextHead is the largest head of a request in a text, in bytes.
const maxTextHead = 1 << 20

// TextError is the error for a text that is not a request.
type TextError struct {
	Part TextPart // the first malformed part
	Err  error
}

// TextPart is a part of a text.
type TextPart uint8

// The parts of a text, in their order.
const (
	NoHead TextPart = iota // the head is missing or has no end
	InHead                 // the head is not HTTP
	InBody                 // the body's length differs from the head's
)

// Error returns the text of Err.
func (e *TextError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *TextError) Unwrap() error { return e.Err }

// ReadRequest returns the request in a text, such as a file that a person wrote or a tool printed. It accepts bare line
// feeds, and the request line or pseudo-header fields of HTTP/2 and HTTP/3. The body follows the empty line; it is
// returned without its chunks, and without text beyond Content-Length. scheme is the scheme of the URL. An error is a
// *TextError.
func ReadRequest(text []byte, scheme string) (Request, error) {
	head, err := ReadHead(bufio.NewReader(bytes.NewReader(text)), maxTextHead)
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it ends before the empty line after the headers")
		}
		return Request{}, &TextError{NoHead, err}
	}
	body := text[bytes.Index(text, []byte(head))+len(head):]
	if !strings.Contains(head, "\r\n") {
		head = strings.ReplaceAll(head, "\n", "\r\n")
	}
	r, err := ParseRequest(asHTTP1(head), scheme)
	if err != nil {
		return r, &TextError{InHead, err}
	}
	if r.Body, err = r.framed(body); err != nil {
		return r, &TextError{InBody, err}
	}
	return r, nil
}

// framed returns the part of body that the head announces.
func (r *Request) framed(body []byte) ([]byte, error) {
	length, chunked, err := r.BodyFraming()
	switch {
	case err != nil:
		return nil, err
	case chunked:
		return io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body)))
	case !r.Header.Has("Content-Length"):
		return body, nil
	case int64(len(body)) < length:
		return nil, fmt.Errorf("its Content-Length is %d, but the body has only %d bytes", length, len(body))
	}
	return body[:length], nil
}
