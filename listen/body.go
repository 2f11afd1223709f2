package listen

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/barbhq/barb/store/record"
)

// firstBuffer is the most that is allocated for a body on the word of a stranger; what comes decides about the rest.
const firstBuffer = 64 << 10

// maxExtensions is how many bytes of chunk extensions are read over in one body.
const maxExtensions = 16 << 10

// readBody reads the body and, of a chunked one, the trailers.
func (c *conn) readBody(r *record.Request, length int64, chunked bool) error {
	if length == 0 && !chunked {
		return nil
	}
	if expectsContinue(r) {
		if err := c.write([]byte("HTTP/1.1 100 Continue\r\n\r\n"), nil); err != nil {
			return err
		}
	}
	idle := c.run.BodyIdle
	c.setPace(pace{end: time.Now().Add(idle), idle: idle, paid: true, slack: idle / 8})
	var err error
	if !chunked {
		r.Body, err = appendBody(nil, c.br, length)
		return err
	}
	if r.Body, err = readChunks(c.br, c.run.MaxBody); err != nil {
		return err
	}
	r.Trailer, err = c.readTrailer()
	return err
}

// appendBody appends n bytes of br to body, which grows with what comes.
func appendBody(body []byte, br *bufio.Reader, n int64) ([]byte, error) {
	end := int64(len(body)) + n
	if body == nil {
		body = make([]byte, 0, min(n, firstBuffer))
	}
	for {
		left := end - int64(len(body))
		if left == 0 {
			return body, nil
		}
		if len(body) == cap(body) {
			body = slices.Grow(body, int(min(left, max(int64(len(body)), bufferSize))))
		}
		room := min(left, int64(cap(body)-len(body)))
		m, err := br.Read(body[len(body) : len(body)+int(room)])
		body = body[:len(body)+m]
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
}

// readChunks reads the chunks of a body up to and with the last one, which is empty (RFC 9112, section 7.1). It takes no
// form but the one that everybody reads alike.
func readChunks(br *bufio.Reader, limit int64) ([]byte, error) {
	var body []byte
	extensions := 0
	for {
		line, err := readLine(br)
		if err != nil {
			return nil, err
		}
		digits := len(line) - len(bytes.TrimLeft(line, "0123456789abcdefABCDEF"))
		size, extension := line[:digits], line[digits:]
		if extensions += len(extension); badExtension(extension) || extensions > maxExtensions {
			return nil, badChunk()
		}
		n, err := strconv.ParseUint(string(size), 16, 64)
		switch {
		case err != nil || digits > 16:
			return nil, badChunk()
		case n == 0:
			return body, nil
		case n > uint64(limit-int64(len(body))):
			return nil, tooLarge(limit)
		}
		if body, err = appendBody(body, br, int64(n)); err != nil {
			return nil, err
		}
		if line, err = readLine(br); err != nil {
			return nil, err
		} else if len(line) > 0 {
			return nil, badChunk()
		}
	}
}

// readLine reads a line of the chunked coding without its CRLF. The line is good until the next read.
func readLine(br *bufio.Reader) ([]byte, error) {
	line, err := br.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, badChunk()
	case err != nil:
		return nil, err
	case !bytes.HasSuffix(line, []byte("\r\n")):
		return nil, badChunk()
	}
	return line[:len(line)-2], nil
}

// badExtension reports whether what follows a chunk's size is anything but nothing or an extension.
func badExtension(e []byte) bool {
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	start := bytes.TrimLeft(e, " \t")
	return len(e) > 0 && (len(start) == 0 || start[0] != ';' || bytes.ContainsFunc(e, control))
}

// readTrailer reads what follows the last chunk: usually nothing.
func (c *conn) readTrailer() (record.Header, error) {
	first, err := c.br.Peek(2)
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	case string(first) == "\r\n":
		_, err = c.br.Discard(2)
		return nil, err
	case first[0] == '\n': // ReadHead would skip it as the empty line before a head
		return nil, badChunk()
	}
	fields, err := record.ReadHead(c.br, c.run.MaxHead)
	if err != nil {
		return nil, err
	}
	// Trailers are held to the rules of a head, so they are parsed as the fields of one.
	r, err := record.ParseRequest("POST / HTTP/1.0\r\n"+fields, "http")
	return r.Header, err
}

func badChunk() error { return &record.HeadError{Status: 400, Text: "malformed chunk"} }
