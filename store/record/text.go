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

// maxTextHead bounds the head of a request in a text, in bytes.
const maxTextHead = 1 << 20

// TextError is a text that is not a request.
type TextError struct {
	Part TextPart // where it goes wrong
	Err  error
}

// TextPart is a part of a text.
type TextPart uint8

// The parts of a text, in their order.
const (
	NoHead TextPart = iota // there is no head, or it has no end
	InHead                 // the head is not HTTP
	InBody                 // the body is not as long as the head says
)

// Error says what is wrong.
func (e *TextError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *TextError) Unwrap() error { return e.Err }

// ReadRequest returns the request in a text, such as a file that a person wrote or a tool printed. It takes bare line
// feeds, and the request line or pseudo-header fields of HTTP/2 and HTTP/3. The body is what follows the empty line,
// without its chunks, and without what the text has behind Content-Length. scheme is that of the URL. An error is a
// *TextError.
func ReadRequest(text []byte, scheme string) (Request, error) {
	head, err := ReadHead(bufio.NewReader(bytes.NewReader(text)), maxTextHead)
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it ends before the empty line behind the headers")
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
		return nil, fmt.Errorf("its Content-Length is %d, the body has only %d bytes", length, len(body))
	}
	return body[:length], nil
}
