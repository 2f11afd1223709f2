package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// HeadError is the error for a message head that is not HTTP, is ambiguous, or is too large.
type HeadError struct {
	Status int // the server's response: 400, 414, 431, 501, 505
	Text   string
}

// Error returns what is wrong with the head.
func (e *HeadError) Error() string { return e.Text }

func badHead(format string, args ...any) error {
	return &HeadError{Status: 400, Text: fmt.Sprintf(format, args...)}
}

// ReadHead reads a message head including its empty line, at most limit bytes. It skips one empty line before the head
// (RFC 9112, section 2.2). At the end of the stream the error is io.EOF before the first byte, io.ErrUnexpectedEOF in
// the middle of a head. A head over the limit is a *HeadError of status 431, or 414 when its first line alone is too
// long.
func ReadHead(br *bufio.Reader, limit int) (string, error) {
	return readHead(br, limit, (*bufio.Reader).ReadSlice)
}

// readHead is ReadHead with a function for the first line, which reads up to and including a delimiter, or returns what
// it has with bufio.ErrBufferFull.
func readHead(br *bufio.Reader, limit int, first func(br *bufio.Reader, end byte) ([]byte, error)) (string, error) {
	buf := make([]byte, 0, 1024)
	lines, lineStart, skipped := 0, 0, false
	for {
		read := (*bufio.Reader).ReadSlice
		if lines == 0 {
			read = first
		}
		part, err := read(br, '\n')
		if len(buf)+len(part) > limit {
			if lines == 0 {
				return "", &HeadError{Status: 414, Text: fmt.Sprintf("request line is longer than %d bytes", limit)}
			}
			return "", &HeadError{Status: 431, Text: fmt.Sprintf("headers are longer than %d bytes", limit)}
		}
		buf = append(buf, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(buf) > 0:
			return "", io.ErrUnexpectedEOF
		case err != nil:
			return "", err
		}
		line := buf[lineStart:]
		if len(line) <= 2 && len(bytes.TrimRight(line, "\r\n")) == 0 {
			if lines > 0 {
				return string(buf), nil
			}
			if skipped {
				return "", badHead("request begins with empty lines")
			}
			buf, skipped = buf[:0], true
			continue
		}
		lines++
		lineStart = len(buf)
	}
}

// ParseRequest parses a request head as strictly as RFC 9112 asks of a server: every line ends in CRLF, without folded
// lines, spaces before colons, or control characters. It sets Method, Target, Proto, Header, Head and URL, which
// consists of scheme, the Host field and the target. HTTP/1.1 requires exactly one Host.
func ParseRequest(head, scheme string) (Request, error) {
	line, rest, ok := strings.Cut(head, "\r\n")
	if !ok {
		return Request{}, badHead("request line does not end in CRLF")
	}
	method, target, proto, err := parseRequestLine(line)
	if err != nil {
		return Request{}, err
	}
	header, err := parseFields(rest)
	if err != nil {
		return Request{}, err
	}
	host, hosts := header.First("Host")
	if hosts > 1 || hosts == 0 && proto == "HTTP/1.1" {
		return Request{}, badHead("%d Host fields", hosts)
	}
	r := Request{Method: method, Target: target, Proto: proto, Header: header, Head: head}
	r.URL = scheme + "://" + host + target
	if target[0] != '/' && strings.Contains(target, "://") { // absolute form, as for a proxy
		r.URL = target
	}
	return r, nil
}

// parseFields parses the lines of a request after the first one up to the empty line. Names and values share the head's
// memory.
func parseFields(lines string) (Header, error) {
	header := make(Header, 0, strings.Count(lines, "\n"))
	for {
		line, rest, ok := strings.Cut(lines, "\n")
		if !ok {
			return nil, badHead("headers are incomplete")
		}
		lines = rest
		trimmed := strings.TrimSuffix(line, "\r")
		if len(trimmed) == len(line) {
			return nil, badHead("header line does not end in CRLF")
		}
		if trimmed == "" {
			return header, nil
		}
		name, value, ok := strings.Cut(trimmed, ":")
		value = strings.Trim(value, " \t")
		switch {
		case trimmed[0] == ' ' || trimmed[0] == '\t':
			return nil, badHead("folded header line")
		case !ok || !isToken(name):
			return nil, badHead("malformed header line")
		case hasControl(value):
			return nil, badHead("control character in header %s", name)
		}
		header = append(header, Field{name, value})
	}
}

// BodyFraming returns the length of a received request's body in bytes, or that it is chunked. It refuses framing that
// two readers could understand differently (RFC 9112, section 6.3): both at once, two lengths, a malformed length.
func (r *Request) BodyFraming() (length int64, chunked bool, err error) {
	firstLength, lengths := r.Header.First("Content-Length")
	coding, codings := r.Header.First("Transfer-Encoding")
	switch {
	case lengths > 0 && codings > 0:
		return 0, false, badHead("both Content-Length and Transfer-Encoding")
	case codings > 0 && r.Proto == "HTTP/1.0":
		return 0, false, badHead("Transfer-Encoding in HTTP/1.0")
	case codings == 1 && strings.EqualFold(coding, "chunked"):
		return 0, true, nil
	case codings > 0:
		return 0, false, &HeadError{Status: 501, Text: "only the transfer coding chunked is supported"}
	case lengths > 1:
		return 0, false, badHead("%d Content-Length fields", lengths)
	case lengths == 0:
		return 0, false, nil
	}
	length, err = ParseLength(firstLength)
	return length, false, err
}

// ParseLength parses a Content-Length of 1 to 18 digits.
func ParseLength(s string) (int64, error) {
	if s == "" || len(s) > 18 || strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, badHead("malformed Content-Length")
	}
	return strconv.ParseInt(s, 10, 64)
}

// AppendHead appends the request's head as sent on the wire: Head if it is known, else the request line and the fields
// in order.
func (r *Request) AppendHead(dst []byte) []byte {
	if r.Head != "" {
		return append(dst, r.Head...)
	}
	proto := r.Proto
	if !strings.HasPrefix(proto, "HTTP/1.") {
		proto = "HTTP/1.1"
	}
	return appendFields(appendTexts(dst, r.Method, " ", r.WireTarget(), " ", proto, "\r\n"), r.Header)
}

// MakeHead returns what AppendHead appends, in memory of just its size.
func (r *Request) MakeHead() string {
	target, proto := r.WireTarget(), r.Proto
	if !strings.HasPrefix(proto, "HTTP/1.") {
		proto = "HTTP/1.1"
	}
	size := len(r.Method) + len(target) + len(proto) + len("  \r\n\r\n")
	for _, f := range r.Header {
		size += len(f.Name) + len(f.Value) + len(": \r\n")
	}
	var head strings.Builder
	head.Grow(size)
	for _, text := range [...]string{r.Method, " ", target, " ", proto, "\r\n"} {
		head.WriteString(text)
	}
	for _, f := range r.Header {
		for _, text := range [...]string{f.Name, ": ", f.Value, "\r\n"} {
			head.WriteString(text)
		}
	}
	head.WriteString("\r\n")
	return head.String()
}

// AppendHead appends the response's head as sent on the wire: Head if it is known, else one made of the fields.
func (r *Response) AppendHead(dst []byte) []byte {
	if r.Head != "" {
		return append(dst, r.Head...)
	}
	dst = strconv.AppendInt(append(dst, "HTTP/1.1 "...), int64(r.Status), 10)
	return appendFields(appendTexts(dst, " ", r.Reason, "\r\n"), r.Header)
}

func appendFields(dst []byte, header Header) []byte {
	for _, f := range header {
		dst = appendTexts(dst, f.Name, ": ", f.Value, "\r\n")
	}
	return append(dst, "\r\n"...)
}

func appendTexts(dst []byte, texts ...string) []byte {
	for _, text := range texts {
		dst = append(dst, text...)
	}
	return dst
}

// WireTarget returns Target, or the path and query of URL as typed, "/" when there is none. A fragment is dropped, as
// it is never sent.
func (r *Request) WireTarget() string {
	if r.Target != "" {
		return r.Target
	}
	_, rest, ok := strings.Cut(r.URL, "://")
	if !ok {
		rest = r.URL
	}
	rest, _, _ = strings.Cut(rest, "#")
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		return "/"
	case rest[i] == '?':
		return "/" + rest[i:]
	}
	return rest[i:]
}

// IsAbsolute reports whether a request target is in absolute form, as for a proxy: http://host/path (RFC 9112, section
// 3.2.2).
func IsAbsolute(target string) bool {
	scheme, _, ok := strings.Cut(target, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// OriginForm returns the path and query of a request target as written, also of a target in absolute form.
func OriginForm(target string) string {
	if !IsAbsolute(target) {
		return target
	}
	return (&Request{URL: target}).WireTarget()
}

// CheckField returns an error for a header field that must not be written: its name is not a token, or its value has
// control characters. Otherwise a line break in a value could become a header of its own.
func CheckField(f Field) error {
	switch {
	case !isToken(f.Name):
		return fmt.Errorf("header name %q is not a token", f.Name)
	case hasControl(f.Value):
		return fmt.Errorf("header %s has a control character in its value", f.Name)
	}
	return nil
}

// IsHeadError reports whether err is a *HeadError, and returns the status of the server's response.
func IsHeadError(err error) (status int, ok bool) {
	if e, ok := errors.AsType[*HeadError](err); ok {
		return e.Status, true
	}
	return 0, false
}

// isControl reports whether a field value must not contain r: CR, LF, NUL and the other controls except tab.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// hasControl reports whether a field value has a byte that isControl refuses. Bytes beyond ASCII are none.
func hasControl(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// The characters of a token (RFC 9110, section 5.6.2), a bit each: those below 64 and those from 64.
const (
	tokenLow  uint64 = 0x03ff6cfa00000000 // !#$%&'*+-. and digits
	tokenHigh uint64 = 0x57ffffffc7fffffe // ^_`|~ and letters
)

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c < 64 && tokenLow>>c&1 == 0 || c >= 64 && (c >= 128 || tokenHigh>>(c-64)&1 == 0) {
			return false
		}
	}
	return s != ""
}

// isTarget accepts any visible byte and any byte beyond ASCII, since real senders send them.
func isTarget(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return s != ""
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
