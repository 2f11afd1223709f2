// Package field finds a named field of a request in every spelling that some parser accepts. It decodes no more
// than necessary and changes no other byte.
package field

import (
	"net/http"
	"slices"
	"strings"
)

// Header returns the first value of a header and how many values there are. It compares every key, not only the
// canonical one: a map that was not filled by net/http may hold two spellings of a name, and the second must be
// counted.
//
// A name with underscores for hyphens counts as well, because CGI and its successors (WSGI, Rack, PHP) pass both to
// the application as one.
func Header(h http.Header, name string) (value string, n int) {
	others := 0
	for key, all := range h {
		switch {
		case len(key) != len(name) || len(all) == 0:
		case strings.EqualFold(key, name):
			value, n = all[0], n+len(all)
		case isRespelled(key, name):
			others += len(all)
		}
	}
	if n == 0 {
		return "", 0
	}
	return strings.Trim(value, " \t"), n + others
}

// isRespelled reports whether two header names differ only in underscores.
func isRespelled(key, name string) bool {
	return strings.IndexByte(key, '_') >= 0 && !strings.EqualFold(key, name) &&
		strings.EqualFold(strings.ReplaceAll(key, "_", "-"), strings.ReplaceAll(name, "_", "-"))
}

// Joined returns the values of every line of a header, joined by a separator.
func Joined(h http.Header, name, separator string) string {
	var values []string
	for key, all := range h {
		if strings.EqualFold(key, name) {
			values = append(values, all...)
		}
	}
	return strings.Join(values, separator)
}

// Combined returns every value of a header, joined as in RFC 9421 section 2.1; ok is false when there is none, or
// the name also occurs with underscores. Names that differ in case are one header. A map that was not filled by
// net/http does not show their order, so they are sorted.
func Combined(h http.Header, name string) (value string, ok bool) {
	var keys []string
	for key, values := range h {
		if len(values) > 0 && isRespelled(key, name) {
			return "", false
		}
		if strings.EqualFold(key, name) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var all []string
	for _, key := range keys {
		for _, v := range h[key] {
			all = append(all, strings.Trim(v, " \t"))
		}
	}
	return strings.Join(all, ", "), len(all) > 0
}
