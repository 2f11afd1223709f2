package record

import "strings"

// maxMethod is how long a method may be. The longest registered one has 17 characters (IANA, HTTP Method Registry).
const maxMethod = 64

// CheckStart judges what has come of a request so far, from its first byte. whole says that the request line is there.
// An error is the one that ParseRequest will have, whatever is still to come: nobody need wait for the rest of the
// head.
func CheckStart(begun []byte) (whole bool, err error) {
	line := strings.TrimPrefix(strings.TrimPrefix(string(begun), "\r"), "\n") // the empty line that ReadHead skips
	line, _, whole = strings.Cut(line, "\n")
	trimmed, ended := strings.CutSuffix(line, "\r")
	switch {
	case whole && !ended:
		return true, badHead("request line does not end in CRLF")
	case whole:
		_, _, _, err = parseRequestLine(trimmed)
		return true, err
	}
	return false, checkBegun(trimmed)
}

// checkBegun judges the beginning of a request line.
func checkBegun(line string) error {
	method, line, ok := strings.Cut(line, " ")
	if len(method) > maxMethod || method != "" && !isToken(method) || ok && method == "" {
		return badHead("malformed request line")
	}
	target, proto, ok := strings.Cut(line, " ")
	switch {
	case target != "" && !isTarget(target), ok && target == "":
		return badHead("malformed request line")
	case proto == "HTTP/1.1"[:min(len(proto), 8)], proto == "HTTP/1.0"[:min(len(proto), 8)]:
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
