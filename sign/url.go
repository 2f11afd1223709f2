package sign

import "strings"

// splitURL cuts a URL around its query without touching a byte: what is signed is the text, and parsing it and putting
// it together again would change escapes.
func splitURL(u string) (before, query, fragment string) {
	u, fragment, found := strings.Cut(u, "#")
	if found {
		fragment = "#" + fragment
	}
	before, query, _ = strings.Cut(u, "?")
	return before, query, fragment
}

// queryValue returns the value of a query parameter as it is written, and how often it is there.
func queryValue(u, name string) (value string, n int) {
	_, query, _ := splitURL(u)
	for pair := range strings.SplitSeq(query, "&") {
		if k, v, _ := strings.Cut(pair, "="); k == name {
			value, n = v, n+1
		}
	}
	return value, n
}

// urlPath is what follows the authority of an absolute URL up to its query, byte for byte; "/" when there is nothing.
func urlPath(u string) string {
	_, rest, ok := strings.Cut(u, "://")
	if !ok {
		rest = u
	}
	rest = rest[:endOf(rest, "?#")]
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return rest[slash:]
	}
	return "/"
}

// endOf is the index of the first of any of chars in s, or its length.
func endOf(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}
