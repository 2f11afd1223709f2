package record

import (
	"slices"
	"strings"
)

// asHTTP1 converts a request head to HTTP/1.1. Tools print HTTP/2 and HTTP/3 requests with that version in the request
// line, or with pseudo-header fields (RFC 9113, section 8.3.1). Any other head is returned unchanged.
func asHTTP1(head string) string {
	lines := strings.SplitAfter(head, "\n")
	pseudo := map[string]string{}
	rest := lines[:0:0]
	for _, line := range lines {
		name, value, ok := strings.Cut(strings.TrimPrefix(line, ":"), ":")
		if strings.HasPrefix(line, ":") && ok {
			pseudo[strings.ToLower(name)] = strings.TrimSpace(value)
			continue
		}
		rest = append(rest, line)
	}
	end := "\r\n"
	if !strings.Contains(head, "\r\n") {
		end = "\n"
	}
	if pseudo["method"] != "" && pseudo["path"] != "" {
		rest = append([]string{pseudo["method"] + " " + pseudo["path"] + " HTTP/1.1" + end}, rest...)
	} else if line, version, ok := cutVersion(rest[0]); ok && strings.Trim(version, "23.0") == "" {
		rest[0] = line + " HTTP/1.1" + end
	}
	if pseudo["authority"] != "" && !hasHost(rest) {
		rest = append(rest[:1:1], append([]string{"Host: " + pseudo["authority"] + end}, rest[1:]...)...)
	}
	return strings.Join(rest, "")
}

// cutVersion splits a request line at its HTTP version.
func cutVersion(line string) (before, version string, ok bool) {
	line = strings.TrimRight(line, "\r\n")
	i := strings.LastIndex(line, " HTTP/")
	if i < 0 {
		return line, "", false
	}
	return line[:i], line[i+len(" HTTP/"):], true
}

func hasHost(lines []string) bool {
	return slices.ContainsFunc(lines, func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		return strings.EqualFold(name, "Host")
	})
}
