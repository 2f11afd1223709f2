package field

import "strings"

// SplitURL splits a URL at its query without changing a byte: signatures cover the text, and parsing and rebuilding
// a URL changes escapes.
func SplitURL(u string) (before, query, fragment string) {
	u, fragment, found := strings.Cut(u, "#")
	if found {
		fragment = "#" + fragment
	}
	before, query, _ = strings.Cut(u, "?")
	return before, query, fragment
}

// Query returns the value of a query parameter as written, and how often it occurs.
func Query(u, name string) (value string, n int) {
	_, query, _ := SplitURL(u)
	for pair := range strings.SplitSeq(query, "&") {
		if k, v, _ := strings.Cut(pair, "="); k == name {
			value, n = v, n+1
		}
	}
	return value, n
}

// Path returns the text between an absolute URL's authority and its query, byte for byte; "/" when it is empty.
func Path(u string) string {
	_, rest, ok := strings.Cut(u, "://")
	if !ok {
		rest = u
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return rest[slash:]
	}
	return "/"
}
