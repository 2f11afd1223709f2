// Package field finds a named field of a request in every spelling that some parser takes for it. It decodes no more
// than it must and changes no other byte.
package field

import (
	"net/http"
	"slices"
	"strings"
)

// Header returns the first value of a header and how many there are. It looks at every key and not only at the
// canonical one: a map that was not filled by net/http may hold two spellings of a name, and the second must not hide
// behind the first.
//
// A name with underscores for hyphens counts beside the name itself, since CGI and what follows it (WSGI, Rack, PHP)
// hand both to the application as one.
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

// isRespelled reports whether a header is another but for underscores.
func isRespelled(key, name string) bool {
	return strings.IndexByte(key, '_') >= 0 && !strings.EqualFold(key, name) &&
		strings.EqualFold(strings.ReplaceAll(key, "_", "-"), strings.ReplaceAll(name, "_", "-"))
}

// Joined returns the values of every line of a header, as if they had come in one, with a separator between them.
func Joined(h http.Header, name, separator string) string {
	var values []string
	for key, all := range h {
		if strings.EqualFold(key, name) {
			values = append(values, all...)
		}
	}
	return strings.Join(values, separator)
}

// Combined returns every value of a header, joined as RFC 9421 section 2.1 does; ok is false when there is none, or the
// name is there with underscores. Names that differ in case are one; of a map that was not filled by net/http their
// order is not known, so it is that of the alphabet.
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
