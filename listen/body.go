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

// firstBuffer is the most that is allocated because of an announced length; the bytes that come decide about the rest.
const firstBuffer = 64 << 10

// maxExtensions is how many bytes of chunk extensions are skipped in one body.
const maxExtensions = 16 << 10

// maxFraming is how many bytes of a body's framing are kept. A body with more, smaller chunks than anyone sends is
// taken without them.
const maxFraming = 64 << 10

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
	c.paceBody()
	if !chunked {
		body, err := appendBody(nil, c.br, length, length)
		if err == nil {
			r.Body = body
		}
		return midway(err)
	}
	var lines framing
	body, err := readChunks(c.br, c.run.MaxBody, &lines)
	if err != nil {
		return err
	}
	r.Body = body
	trailers, err := c.readTrailers(r)
	r.Chunks = lines.with(trailers)
	return err
}

// paceBody sets the pace for the body that is read next.
func (c *conn) paceBody() {
	idle := c.run.BodyIdle
	c.pace = pace{end: time.Now().Add(idle), idle: idle, paid: true, kept: true, slack: idle / 8}
}

// appendBody appends n bytes of src to body. However many are announced, it allocates at most twice the bytes that
// came, and doubles in steps that end at most bytes. The error is io.EOF when src ends before that.
func appendBody(body []byte, src io.Reader, n, most int64) ([]byte, error) {
	end := int64(len(body)) + n
	if body == nil {
		first := n
		for first > firstBuffer {
			first = (first + 1) / 2
		}
		body = make([]byte, 0, first)
	}
	for int64(len(body)) < end {
		if len(body) == cap(body) {
			grown := make([]byte, len(body), min(most, int64(max(2*len(body), bufferSize))))
			copy(grown, body)
			body = grown
		}
		room := min(end, int64(cap(body)))
		m, err := src.Read(body[len(body):room])
		body = body[:len(body)+m]
		if err != nil && int64(len(body)) < end {
			return body, err
		}
	}
	return body, nil
}

// midway turns the end of the stream into io.ErrUnexpectedEOF.
func midway(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readChunks reads the chunks of a body, the empty last one included (RFC 9112, section 7.1). It accepts only the forms
// that every parser reads alike. The lines before the chunks are added to lines.
func readChunks(br *bufio.Reader, limit int64, lines *framing) ([]byte, error) {
	var body pile
	extensions := 0
	for {
		line, err := readLine(br)
		if err != nil {
			return nil, err
		}
		lines.add(line)
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
			return body.all(), nil
		case n > uint64(limit-body.size):
			return nil, tooLarge(limit)
		}
		if err = body.add(br, int64(n)); err != nil {
			return nil, midway(err)
		}
		if line, err = readLine(br); err != nil {
			return nil, err
		} else if len(line) > 0 {
			return nil, badChunk()
		}
	}
}

// full is the size in bytes from which a piece of a pile is not extended.
const full = 512 << 10

// pile is a body of unknown length, in pieces: one slice would be copied again and again, and an endless body would
// take several times its limit in memory.
type pile struct {
	done  [][]byte
	piece []byte
	size  int64
}

// add reads n bytes more. A piece has room for the next ones too: many small chunks would copy it each time. The error
// is io.EOF when src ends before that.
func (p *pile) add(src io.Reader, n int64) error {
	before := len(p.piece)
	piece, err := appendBody(p.piece, src, n, max(int64(before)+n, full))
	p.piece, p.size = piece, p.size+int64(len(piece)-before)
	if len(p.piece) >= full {
		p.done, p.piece = append(p.done, p.piece), make([]byte, 0, full)
	}
	return err
}

// rest reads src to its end, and fails when there are more than limit bytes.
func (p *pile) rest(src io.Reader, limit int64) error {
	for p.size <= limit {
		switch err := p.add(src, min(firstBuffer, limit+1-p.size)); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
	return tooLarge(limit)
}

func (p *pile) all() []byte {
	if len(p.done) == 0 {
		return p.piece
	}
	return slices.Concat(append(p.done, p.piece)...)
}

// framing collects the framing of a chunked body, or nothing once that is too much.
type framing struct {
	text []byte
	over bool
}

func (f *framing) add(line []byte) {
	if f.over = f.over || len(f.text)+len(line) > maxFraming; f.over {
		f.text = nil
		return
	}
	f.text = append(append(f.text, line...), "\r\n"...)
}

// with returns the framing with the trailers after it, "" when it was too much.
func (f *framing) with(trailers string) string {
	if f.over {
		return ""
	}
	return string(f.text) + trailers
}

// readLine reads a line of the chunked coding without its CRLF. The line is good until the next read.
func readLine(br *bufio.Reader) ([]byte, error) {
	line, err := br.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, badChunk()
	case err != nil:
		return nil, midway(err)
	case !bytes.HasSuffix(line, []byte("\r\n")):
		return nil, badChunk()
	}
	return line[:len(line)-2], nil
}

// badExtension reports whether the text behind a chunk's size is neither empty nor an extension.
func badExtension(e []byte) bool {
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	start := bytes.TrimLeft(e, " \t")
	return len(e) > 0 && (len(start) == 0 || start[0] != ';' || bytes.ContainsFunc(e, control))
}

// readTrailers reads the lines behind the last chunk: usually only the empty one.
func (c *conn) readTrailers(r *record.Request) (text string, err error) {
	first, err := c.br.Peek(2)
	switch {
	case err != nil:
		return "", midway(err)
	case string(first) == "\r\n":
		_, err = c.br.Discard(2)
		return "\r\n", err
	case first[0] == '\n': // ReadHead would skip it as the empty line before a head
		return "", badChunk()
	}
	if text, err = record.ReadHead(c.br, c.run.MaxHead); err != nil {
		return "", err
	}
	// Trailers follow the rules of a head, so they are parsed as the fields of one.
	parsed, err := record.ParseRequest("POST / HTTP/1.0\r\n"+text, "http")
	r.Trailer = parsed.Header
	return text, err
}

func badChunk() error { return &record.HeadError{Status: 400, Text: "malformed chunk"} }
