package record

import (
	"bufio"
	"bytes"
	"strings"
)

// maxMethod is the longest accepted method. The longest registered one has 17 characters (IANA, HTTP Method Registry).
const maxMethod = 64

// ReadRequestHead is ReadHead for a request. A malformed request line is an error as soon as it shows, the same as
// ParseRequest's, without waiting for the rest of the head.
func ReadRequestHead(br *bufio.Reader, limit int) (string, error) {
	var s start
	return readHead(br, limit, s.read)
}

// start is the beginning of a request, up to the end of its first line.
type start struct{ begun []byte }

// read reads the received part of the line, and checks it.
func (s *start) read(br *bufio.Reader, end byte) (part []byte, err error) {
	if _, err = br.Peek(1); err != nil {
		return nil, err
	}
	there, _ := br.Peek(br.Buffered())
	if i := bytes.IndexByte(there, end); i >= 0 {
		there = there[:i+1]
	} else {
		err = bufio.ErrBufferFull
	}
	if wrong := s.check(there); wrong != nil {
		return nil, wrong
	}
	_, _ = br.Discard(len(there)) // in the buffer, valid until the next read
	return there, err
}

// check checks the line with the new bytes. In a target that goes on, one byte stands for all checked ones, so that a
// long target is read in one pass.
func (s *start) check(more []byte) error {
	s.begun = append(s.begun, more...)
	whole, err := checkStart(s.begun)
	if method := bytes.IndexByte(s.begun, ' '); !whole && method >= 0 && bytes.Count(s.begun, []byte(" ")) == 1 {
		s.begun = s.begun[:min(method+2, len(s.begun))]
	}
	return err
}

// checkStart checks the received beginning of a request. whole says that it has the entire request line.
func checkStart(begun []byte) (whole bool, err error) {
	line := string(begun)
	if line == "\r" {
		return false, nil
	}
	if after, skipped := strings.CutPrefix(line, "\r\n"); skipped { // the empty line that ReadHead skips
		line = after
	} else {
		line = strings.TrimPrefix(line, "\n")
	}
	line, _, whole = strings.Cut(line, "\n")
	trimmed, ended := strings.CutSuffix(line, "\r")
	switch {
	case whole && !ended:
		return true, badHead("request line does not end in CRLF")
	case whole:
		_, _, _, err = parseRequestLine(trimmed)
		return true, err
	}
	return false, checkBegun(line)
}

// checkBegun checks the beginning of a request line.
func checkBegun(line string) error {
	method, line, ok := strings.Cut(line, " ")
	if len(method) > maxMethod || method != "" && !isToken(method) || ok && method == "" {
		return badHead("malformed request line")
	}
	target, proto, ok := strings.Cut(line, " ")
	begins := func(whole string) bool { return strings.HasPrefix(whole, proto) }
	switch {
	case target != "" && !isTarget(target), ok && target == "":
		return badHead("malformed request line")
	case begins("HTTP/1.1\r"), begins("HTTP/1.0\r"):
		return nil
	}
	if strings.HasPrefix(proto, "HTTP/") {
		return badVersion()
	}
	return badHead("malformed request line")
}

// parseRequestLine parses a request line without its CRLF.
func parseRequestLine(line string) (method, target, proto string, err error) {
	method, line, ok1 := strings.Cut(line, " ")
	target, proto, ok2 := strings.Cut(line, " ")
	switch {
	case !ok1 || !ok2 || len(method) > maxMethod || !isToken(method) || !isTarget(target):
		return "", "", "", badHead("malformed request line")
	case proto == "HTTP/1.1" || proto == "HTTP/1.0":
		return method, target, proto, nil
	case strings.HasPrefix(proto, "HTTP/"):
		return "", "", "", badVersion()
	}
	return "", "", "", badHead("malformed request line")
}

func badVersion() error {
	return &HeadError{Status: 505, Text: "only HTTP/1.0 and HTTP/1.1 are supported"}
}
