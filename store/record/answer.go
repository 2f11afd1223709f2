package record

import (
	"strconv"
	"strings"
)

// ParseResponse takes a response head apart, as leniently as RFC 9112 asks of a client and curl is: lines may end in a
// bare LF (section 2.2), a blank before a colon is left out (5.1), a folded line becomes one value with a space in it
// (5.2). Fields whose names are no tokens are passed over, and control characters in values become spaces: Head keeps
// them all. A status is from 100 to 999. Refused are what is not HTTP, a line without a colon, and NUL.
func ParseResponse(head string) (*Response, error) {
	line, rest, _ := strings.Cut(head, "\n")
	line = strings.TrimSuffix(line, "\r")
	proto, line, ok := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(line, " ")
	status, err := strconv.Atoi(code)
	if !ok || !strings.HasPrefix(proto, "HTTP/1.") || len(code) != 3 || err != nil || status < 100 {
		return nil, badHead("answer is not HTTP/1: %q", cut(head, 40))
	}
	header, err := parseAnswerFields(rest)
	if err != nil {
		return nil, err
	}
	return &Response{Status: status, Reason: reason, Proto: proto, Header: header, Head: head}, nil
}

// parseAnswerFields reads the lines after the first one up to the empty line. Names and values share the head's memory,
// but for what is not as it should be.
func parseAnswerFields(lines string) (Header, error) {
	header := make(Header, 0, strings.Count(lines, "\n"))
	for first := true; ; first = false {
		line, rest, ok := strings.Cut(lines, "\n")
		if !ok {
			return nil, badHead("head has no end")
		}
		line, lines = strings.TrimSuffix(line, "\r"), rest
		if line == "" {
			return header, nil
		}
		if isFolded(lines) {
			line, lines = unfold(line, lines)
		}
		if first && isFolded(line) {
			continue // it continues the status line, and is to be ignored (RFC 9112, section 2.2)
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.IndexByte(line, 0) >= 0 {
			return nil, badHead("malformed header line")
		}
		if name = strings.TrimRight(name, " \t"); !isToken(name) {
			continue
		}
		if value = strings.Trim(value, " \t"); strings.ContainsFunc(value, isControl) {
			value = strings.Trim(strings.Map(spaceForControl, value), " \t")
		}
		header = append(header, Field{name, value})
	}
}

// isFolded reports whether a line continues the one before.
func isFolded(line string) bool { return line != "" && (line[0] == ' ' || line[0] == '\t') }

// unfold puts a line and those that continue it together, with a space between them, and returns the lines that are
// left.
func unfold(line, lines string) (whole, left string) {
	out := []byte(strings.TrimRight(line, " \t"))
	for isFolded(lines) {
		more, rest, ok := strings.Cut(lines, "\n")
		if !ok {
			break
		}
		out = append(append(out, ' '), strings.Trim(more, " \t\r")...)
		lines = rest
	}
	return string(out), lines
}

func spaceForControl(r rune) rune {
	if isControl(r) {
		return ' '
	}
	return r
}
