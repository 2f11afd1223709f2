package format

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

const maxHead = 1 << 20

// ReadHTTP reads HTTP requests as text: raw ones as on the wire, several one after the other, or an .http file.
func ReadHTTP(r io.Reader, o Options) iter.Seq2[Item, error] {
	return sequence(func(y *yielder) error {
		s := &stream{br: bufio.NewReaderSize(r, 64<<10), o: &o, line: 1}
		if begin, _ := s.br.Peek(3); string(begin) == "\ufeff" {
			_, _ = s.br.Discard(3)
		}
		if !s.isRaw() {
			return readHTTPFile(s.br, &o, y)
		}
		return s.read(y)
	})
}

// stream reads raw requests.
type stream struct {
	br   *bufio.Reader
	o    *Options
	line int
}

// newStream returns a stream of a text that is in memory.
func newStream(text []byte, o *Options) *stream {
	return &stream{br: bufio.NewReaderSize(bytes.NewReader(text), 64<<10), o: o, line: 1}
}

// isRaw reports whether a raw request begins here: a request line with a path and a version. An .http file has a URL
// there, or begins with ### or a comment.
func (s *stream) isRaw() bool {
	s.skipBlank()
	line := s.first()
	words := strings.Split(line, " ")
	return isRequestLine(line) && !record.IsAbsolute(words[1]) && !strings.Contains(words[1], "{{")
}

// first returns the line that comes next, as far as it is in the buffer. It waits for no more than it needs to know
// whether the line is one of a request.
func (s *stream) first() string {
	for {
		begin, err := s.br.Peek(max(1, s.br.Buffered()))
		line, _, ended := strings.Cut(string(begin), "\n")
		if ended || err != nil || len(begin) == s.br.Size() || !couldBeRequest(line) {
			return strings.TrimSuffix(line, "\r")
		}
		if _, err := s.br.Peek(len(begin) + 1); err != nil {
			return line
		}
	}
}

// couldBeRequest keeps a reader of a pipe from waiting for the rest of a line that is none of a request.
func couldBeRequest(line string) bool {
	method, _, _ := strings.Cut(line, " ")
	return record.CheckField(record.Field{Name: method}) == nil
}

func isRequestLine(line string) bool {
	words := strings.Split(line, " ")
	return len(words) == 3 && couldBeRequest(line) && words[1] != "" && strings.HasPrefix(words[2], "HTTP/")
}

// skipBlank skips empty lines.
func (s *stream) skipBlank() {
	for {
		c, err := s.br.Peek(1)
		switch {
		case err != nil || c[0] != '\n' && c[0] != '\r':
			return
		case c[0] == '\n':
			s.line++
		}
		_, _ = s.br.Discard(1)
	}
}

// read reads requests up to the end of the stream.
func (s *stream) read(y *yielder) error {
	for {
		s.skipBlank()
		if _, err := s.br.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		begin := s.line
		r, err := s.request()
		if err != nil {
			return err
		}
		if !y.item(Item{Exchange: received(r, s.o.Now), Line: begin, Lost: []Loss{{Time, "the time is not in the text"}}}) {
			return nil
		}
	}
}

func (s *stream) request() (record.Request, error) {
	head, err := record.ReadHead(s.br, min(maxHead, s.o.maxMessage()))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return record.Request{}, bad(s.line, "the text ends before the empty line after the headers")
	case err != nil:
		if _, ok := record.IsHeadError(err); ok {
			err = bad(s.line, "%s", err)
		}
		return record.Request{}, err
	}
	r, err := record.ReadRequest([]byte(head), "http")
	if wrong := new(record.TextError); errors.As(err, &wrong) && wrong.Part != record.InBody {
		return r, bad(s.line, "%s", err)
	}
	s.line += strings.Count(head, "\n")
	r.Body = nil
	length, chunked, err := r.BodyFraming()
	switch {
	case err != nil:
		return r, bad(s.line, "%s", err)
	case chunked:
		r.Body, r.Chunks, err = s.chunks()
		r.Trailer = trailers(r.Chunks)
	case r.Header.Has("Content-Length"):
		r.Body, err = s.exactly(length)
	case r.Method == http.MethodGet, r.Method == http.MethodHead, r.Method == http.MethodOptions: // they have no body
	case !isRequestLine(s.first()):
		r.Body, err = s.rest()
	}
	return r, err
}

// exactly reads a body of a length that is known.
func (s *stream) exactly(length int64) ([]byte, error) {
	if length > int64(s.o.maxMessage()) {
		return nil, bad(s.line, "the body is longer than %d bytes", s.o.maxMessage())
	}
	body, err := io.ReadAll(io.LimitReader(s.br, length))
	if err == nil && int64(len(body)) < length {
		err = bad(s.line, "Content-Length is %d, but the body has only %d bytes", length, len(body))
	}
	s.line += strings.Count(string(body), "\n")
	return body, err
}

// rest reads a body without a length, as a person writes it, up to the end of the text.
func (s *stream) rest() ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(s.br, int64(s.o.maxMessage())+1))
	if err == nil && len(body) > s.o.maxMessage() {
		err = bad(s.line, "the body is longer than %d bytes", s.o.maxMessage())
	}
	return body, err
}

// chunks reads a chunked body and its framing.
func (s *stream) chunks() (body []byte, framing string, err error) {
	var lines strings.Builder
	for {
		line, err := s.framingLine(&lines)
		if err != nil {
			return nil, "", err
		}
		digits := len(line) - len(strings.TrimLeft(line, "0123456789abcdefABCDEF"))
		n, err := strconv.ParseInt(line[:digits], 16, 63)
		if err != nil || digits > 8 {
			return nil, "", bad(s.line-1, "%q is not the length of a chunk", clip(line))
		}
		if n == 0 {
			break
		}
		if n+int64(len(body)) > int64(s.o.maxMessage()) {
			return nil, "", bad(s.line, "the body is longer than %d bytes", s.o.maxMessage())
		}
		chunk, err := s.exactly(n)
		if err != nil {
			return nil, "", err
		}
		body = append(body, chunk...)
		if line, err := s.framingLine(new(strings.Builder)); err != nil || line != "" {
			return nil, "", bad(s.line-1, "the chunk is longer than its length")
		}
	}
	for {
		line, err := s.framingLine(&lines)
		if err != nil || line == "" {
			return body, lines.String(), err
		}
	}
}

// framingLine reads a line of the framing, and appends it with CRLF.
func (s *stream) framingLine(all *strings.Builder) (string, error) {
	line, err := s.br.ReadSlice('\n')
	if err != nil || all.Len() > maxHead {
		return "", bad(s.line, "the chunked body is cut")
	}
	s.line++
	text := strings.TrimRight(string(line), "\r\n")
	all.WriteString(text + "\r\n")
	return text, nil
}

// trailers returns the fields after the last chunk.
func trailers(framing string) (h record.Header) {
	lines := strings.Split(framing, "\r\n")
	for i := len(lines) - 1; i > 0; i-- {
		if name, value, ok := strings.Cut(lines[i], ":"); ok {
			h = append(record.Header{{Name: name, Value: strings.Trim(value, " \t")}}, h...)
		} else if lines[i] != "" {
			return h
		}
	}
	return h
}
