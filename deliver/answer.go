package deliver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/barbhq/barb/store/record"
)

const (
	maxHead    = 1 << 20 // bytes of one head of an answer
	maxInterim = 20      // 1xx answers before the real one
	maxTrailer = 64 << 10
	// firstBuffer is the most that an announced length allocates. Beyond it the buffer grows with the bytes that come.
	firstBuffer = 64 << 10
)

// receive reads an answer into x. whole means that nothing follows it, so the connection can be used again.
func (c *conn) receive(x *record.Exchange, start time.Time, keep int64) (at stage, whole bool, err error) {
	first, err := c.br.Peek(1)
	if err != nil {
		return waiting, false, err
	}
	x.Phases.FirstByte = time.Since(start)
	if bytes.IndexByte([]byte("Hh\r\n"), first[0]) < 0 {
		return reading, false, c.notHTTP()
	}
	if x.Response = c.repeatedAnswer(x.Request.Method, keep); x.Response != nil {
		return reading, true, nil
	}
	if x.Response = c.sameAnswer(); x.Response == nil {
		if x.Response, err = readFinal(c.br); err != nil {
			return reading, false, err
		}
		c.answer = *x.Response
	}
	whole, err = c.readBody(x.Response, x.Request.Method, keep)
	whole = whole && c.br.Buffered() == 0
	c.remember(x, keep, whole && err == nil)
	return reading, whole, err
}

// sameAnswer reads the head of an answer where it is, byte for byte, the last one of this connection: within a second
// a server often says the same again. It returns nil, and has read nothing, where it is another or not all there.
func (c *conn) sameAnswer() *record.Response {
	n := len(c.answer.Head)
	if n == 0 || n > c.br.Buffered() {
		return nil
	}
	if head, err := c.br.Peek(n); err != nil || string(head) != c.answer.Head {
		return nil
	}
	_, _ = c.br.Discard(n) // as many are buffered
	same := c.answer
	same.Header = slices.Clip(same.Header)
	return &same
}

// notHTTP describes the bytes that came instead of an answer, without waiting for more.
func (c *conn) notHTTP() error {
	start, _ := c.br.Peek(min(c.br.Buffered(), 40))
	if len(start) > 1 && start[0] == 0x15 && start[1] == 3 { // a TLS alert
		return protocolError("the port speaks TLS, not plain HTTP")
	}
	return protocolError(fmt.Sprintf("answer is not HTTP/1: %q", start))
}

// readFinal reads the head of the final answer and skips interim ones (RFC 9110, section 15.2).
func readFinal(br *bufio.Reader) (*record.Response, error) {
	for range maxInterim + 1 {
		head, err := record.ReadHead(br, maxHead)
		if err != nil {
			return nil, midway(err)
		}
		r, err := record.ParseResponse(head)
		switch {
		case err != nil:
			return nil, err
		case r.Status == http.StatusSwitchingProtocols:
			return nil, errSwitching
		case r.Status >= 200:
			return r, nil
		}
	}
	return nil, errInterim
}

const (
	errSwitching = protocolError("unexpected 101 Switching Protocols")
	errInterim   = protocolError("more than 20 interim (1xx) answers")
)

// readBody reads the whole body and keeps its first keep bytes. The status is known, so a fault from here on keeps the
// answer.
func (c *conn) readBody(r *record.Response, method string, keep int64) (reusable bool, err error) {
	length, chunked, err := r.BodyFraming(method)
	if err != nil || length == 0 {
		return err == nil, err
	}
	var body io.Reader = c.br
	if chunked {
		body = &chunks{br: c.br}
	} else if length >= 0 {
		body = io.LimitReader(c.br, length)
	}
	r.Body, r.Size, err = readSome(body, keep, length)
	r.Cut = r.Size > int64(len(r.Body))
	if err == nil && chunked {
		err = c.skipTrailer()
	}
	if errors.Is(err, errReadLimit) {
		r.Cut = true
		return false, nil
	}
	// With both kinds of framing it is unclear where the body ends (RFC 9112, section 6.3): the connection is not reused.
	both := r.Header.Has("Content-Length") && r.Header.Has("Transfer-Encoding")
	return !both && (chunked || length >= 0), err
}

// readSome reads src to its end, returns the first keep bytes and counts the rest. length is the announced number of
// bytes; below 0 src knows its end.
func readSome(src io.Reader, keep, length int64) (kept []byte, size int64, err error) {
	keep = max(keep, 0)
	if 0 <= length && length <= min(keep, firstBuffer) {
		kept = make([]byte, length)
		n, err := io.ReadFull(src, kept)
		return kept[:n], int64(n), midway(err)
	}
	kept, err = io.ReadAll(io.LimitReader(src, keep))
	size = int64(len(kept))
	if err != nil {
		return kept, size, err
	}
	n, err := io.Copy(io.Discard, src)
	size += n
	if err == nil && length > 0 && size < length {
		err = io.ErrUnexpectedEOF
	}
	return kept, size, err
}

// skipTrailer reads the lines behind the last chunk, up to the empty one.
func (c *conn) skipTrailer() error {
	for total := 0; total <= maxTrailer; {
		line, err := c.br.ReadSlice('\n')
		if err != nil {
			return midway(err)
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return nil
		}
		total += len(line)
	}
	return protocolError("the answer's trailer is too long")
}

// midway turns the end of the stream into io.ErrUnexpectedEOF.
func midway(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
