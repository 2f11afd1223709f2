package record

import (
	"slices"
	"strings"
)

// MatchEndpoint reports whether a pattern selects the endpoint host[:port] of an exchange: the URL's of a sent one, the
// Host of a received one. A pattern is a host, a host with a port, a port (":3000") or a URL; * stands for any part.
// Without a port it selects any, and localhost is 127.0.0.1 and [::1] too.
func MatchEndpoint(pattern, endpoint string) bool {
	return slices.ContainsFunc(EndpointGlobs(pattern), func(glob string) bool { return MatchGlob(glob, endpoint) })
}

// EndpointGlobs returns the globs for an endpoint that a pattern means; see MatchEndpoint.
func EndpointGlobs(pattern string) (globs []string) {
	if strings.Contains(pattern, "://") {
		_, pattern = SplitURL(pattern)
	}
	if strings.HasPrefix(pattern, ":") && strings.Count(pattern, ":") == 1 {
		return []string{"*" + pattern}
	}
	host, port := pattern, ""
	switch i := strings.LastIndexByte(pattern, ':'); {
	case i >= 0 && strings.Count(pattern, ":") > 1 && !strings.Contains(pattern, "["):
		host = "[" + pattern + "]"
	case i > strings.LastIndexByte(pattern, ']'):
		host, port = pattern[:i], pattern[i:]
	}
	hosts := []string{host}
	if host == "localhost" {
		hosts = append(hosts, "127.0.0.1", "[::1]")
	}
	for _, h := range hosts {
		globs = append(globs, h+port)
		if port == "" {
			globs = append(globs, h+":*")
		}
	}
	return globs
}

// MatchGlob reports whether a text matches a glob in which * stands for any part.
func MatchGlob(glob, text string) bool {
	first, rest, many := strings.Cut(glob, "*")
	if !many || !strings.HasPrefix(text, first) {
		return glob == text
	}
	text = text[len(first):]
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, last)
}
