package record

import (
	"bufio"
	"bytes"
	"strings"
)

// maxMethod is how long a method may be. The longest registered one has 17 characters (IANA, HTTP Method Registry).
const maxMethod = 64

// ReadRequestHead is ReadHead for a request. A request line that is wrong is an error as soon as that can be seen, the
// one that ParseRequest would have: whatever else comes, or does not come, changes nothing.
func ReadRequestHead(br *bufio.Reader, limit int) (string, error) {
	var s start
	return readHead(br, limit, s.read)
}

// start is the beginning of a request, up to the end of its first line.
type start struct{ begun []byte }

// read reads the line as far as it has come, and checks it.
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
	if wrong := s.judge(there); wrong != nil {
		return nil, wrong
	}
	_, _ = br.Discard(len(there)) // it is in the buffer, and stays good until the next read
	return there, err
}

// judge judges the line with what came of it now. Of a target that goes on, a byte stands for those that were judged,
// so that a long one is read in one pass.
func (s *start) judge(more []byte) error {
	s.begun = append(s.begun, more...)
	whole, err := checkStart(s.begun)
	if method := bytes.IndexByte(s.begun, ' '); !whole && method >= 0 && bytes.Count(s.begun, []byte(" ")) == 1 {
		s.begun = s.begun[:min(method+2, len(s.begun))]
	}
	return err
}

// checkStart judges what has come of a request so far, from its first byte. whole says that the request line is there.
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

// checkBegun judges the beginning of a request line.
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

// parseRequestLine takes a request line apart, without its CRLF.
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
	return &HeadError{Status: 505, Text: "only HTTP/1.0 and HTTP/1.1 are spoken here"}
}
