package record

import (
	"slices"
	"strconv"
	"strings"
)

// ParseResponse parses a response head as leniently as RFC 9112 asks of a client, and as curl does. Lines may end in a
// bare LF (section 2.2), a blank before a colon is dropped (5.1), and a folded line becomes one value with a space
// (5.2). The version may be in lower case, followed by several blanks or tabs; for HTTP/2, which was not really spoken,
// Proto is HTTP/1.1. Fields whose names are no tokens are skipped, and control characters in values become spaces; Head
// keeps both. A status is from 100 to 999. The error is for a head that is not HTTP, a line without a colon, or NUL.
func ParseResponse(head string) (*Response, error) {
	line, rest, _ := strings.Cut(head, "\n")
	proto, line := cutBlank(strings.TrimSuffix(line, "\r"))
	code, reason := cutBlank(strings.TrimLeft(line, " \t"))
	status, err := strconv.Atoi(code)
	switch proto = strings.ToUpper(proto); {
	case proto == "HTTP/2", proto == "HTTP/2.0":
		proto = "HTTP/1.1"
	case !strings.HasPrefix(proto, "HTTP/1."):
		err = strconv.ErrSyntax
	}
	if len(code) != 3 || err != nil || status < 100 {
		return nil, badHead("answer is not HTTP/1: %q", cut(head, 40))
	}
	header, err := parseAnswerFields(rest)
	if err != nil {
		return nil, err
	}
	return &Response{Status: status, Reason: reason, Proto: proto, Header: header, Head: head}, nil
}

// cutBlank cuts s at its first blank or tab.
func cutBlank(s string) (before, after string) {
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// BodyFraming returns the length in bytes of a response's body to method (RFC 9112, section 6.3), -1 when its end is
// marked by the last chunk or by the end of the connection. Empty members of a list are ignored (RFC 9110, section
// 5.6.1), and so is RFC 2616's coding identity. Other codings than a single chunked are an error, because a later
// reader of the body could not know them; so are differing or malformed lengths.
func (r *Response) BodyFraming(method string) (length int64, chunked bool, err error) {
	if method == "HEAD" || r.Status == 204 || r.Status == 304 {
		return 0, false, nil
	}
	codings := members(r.Header.Values("Transfer-Encoding"))
	codings = slices.DeleteFunc(codings, func(coding string) bool { return strings.EqualFold(coding, "identity") })
	switch {
	case len(codings) == 1 && strings.EqualFold(codings[0], "chunked"):
		return -1, true, nil
	case len(codings) > 0:
		return 0, false, badHead("the answer has an unsupported transfer coding: %q",
			cut(strings.Join(codings, ", "), 40))
	case !r.Header.Has("Content-Length"):
		return -1, false, nil
	}
	length = -1
	for _, text := range members(r.Header.Values("Content-Length")) {
		n, err := ParseLength(text)
		if err != nil {
			return 0, false, err
		}
		if length >= 0 && n != length {
			return 0, false, badHead("the answer has conflicting Content-Length values")
		}
		length = n
	}
	if length < 0 {
		return 0, false, badHead("malformed Content-Length")
	}
	return length, false, nil
}

// members returns the non-empty members of a list field over all its lines.
func members(values []string) (all []string) {
	for _, value := range values {
		for member := range strings.SplitSeq(value, ",") {
			if member = strings.Trim(member, " \t"); member != "" {
				all = append(all, member)
			}
		}
	}
	return all
}

// parseAnswerFields parses the lines after the first one up to the empty line. Valid names and values share the head's
// memory.
func parseAnswerFields(lines string) (Header, error) {
	header := make(Header, 0, strings.Count(lines, "\n"))
	for first := true; ; first = false {
		line, rest, ok := strings.Cut(lines, "\n")
		if !ok {
			return nil, badHead("headers are incomplete")
		}
		line, lines = strings.TrimSuffix(line, "\r"), rest
		if line == "" {
			return header, nil
		}
		if isFolded(lines) {
			line, lines = unfold(line, lines)
		}
		if first && isFolded(line) {
			continue // continues the status line, to be ignored (RFC 9112, section 2.2)
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.IndexByte(line, 0) >= 0 {
			return nil, badHead("malformed header line")
		}
		if name = strings.TrimRight(name, " \t"); !isToken(name) {
			continue
		}
		if value = strings.Trim(value, " \t"); hasControl(value) {
			value = strings.Trim(strings.Map(spaceForControl, value), " \t")
		}
		header = append(header, Field{name, value})
	}
}

// isFolded reports whether a line continues the previous one.
func isFolded(line string) bool { return line != "" && (line[0] == ' ' || line[0] == '\t') }

// unfold joins a line and its continuation lines with spaces, and returns the remaining lines.
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
