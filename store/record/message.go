package record

import (
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
)

// Field is one header line: name and value as on the wire, without white space around the value.
type Field struct{ Name, Value string }

// Header holds the fields of a message in wire order, with their case and repetitions.
type Header []Field

// Get returns the value of the first field called name, ignoring case; "" when there is none.
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether there is a field called name, ignoring case.
func (h Header) Has(name string) bool {
	return slices.ContainsFunc(h, func(f Field) bool { return strings.EqualFold(f.Name, name) })
}

// Values returns the values of all fields called name, in order.
func (h Header) Values(name string) []string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// First returns the value of the first field called name, "" for none, and how many such fields there are.
func (h Header) First(name string) (value string, n int) {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			if n++; n == 1 {
				value = f.Value
			}
		}
	}
	return value, n
}

// Set returns a copy of the header with a single field of that name, at the place of the first one or at the end.
func (h Header) Set(name, value string) Header {
	out := make(Header, 0, len(h)+1)
	done := false
	for _, f := range h {
		if !strings.EqualFold(f.Name, name) {
			out = append(out, f)
		} else if !done {
			out, done = append(out, Field{name, value}), true
		}
	}
	if !done {
		out = append(out, Field{name, value})
	}
	return out
}

// SetInPlace is Set for a header whose memory belongs to its caller alone.
func (h Header) SetInPlace(f Field) Header {
	done := false
	kept := h[:0]
	for _, old := range h {
		switch {
		case !strings.EqualFold(old.Name, f.Name):
			kept = append(kept, old)
		case !done:
			kept, done = append(kept, f), true
		}
	}
	if !done {
		kept = append(kept, f)
	}
	return kept
}

// Without returns a copy of the header without the fields of the given names.
func (h Header) Without(names ...string) Header {
	return slices.DeleteFunc(slices.Clone(h), func(f Field) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, f.Name) })
	})
}

// EndToEnd returns a copy of h without the fields of a single connection (RFC 9110, section 7.6.1), for a message that
// is passed on.
func (h Header) EndToEnd() Header {
	if len(h) == 0 {
		return nil
	}
	named := members(h.Values("Connection"))
	out := make(Header, 0, len(h)+1) // and often a length
	for _, f := range h {
		if !isHopByHop(f.Name) && !slices.ContainsFunc(named, func(n string) bool { return strings.EqualFold(n, f.Name) }) {
			out = append(out, f)
		}
	}
	return out
}

// isHopByHop reports whether a field is always of a single connection. A name is ASCII: equal ones have one length.
func isHopByHop(name string) bool {
	is := func(other string) bool { return strings.EqualFold(name, other) }
	switch len(name) {
	case len("TE"):
		return is("TE")
	case len("Trailer"):
		return is("Trailer") || is("Upgrade")
	case len("Connection"):
		return is("Connection") || is("Keep-Alive")
	case len("Proxy-Connection"):
		return is("Proxy-Connection")
	case len("Transfer-Encoding"):
		return is("Transfer-Encoding")
	case len("Proxy-Authenticate"):
		return is("Proxy-Authenticate")
	case len("Proxy-Authorization"):
		return is("Proxy-Authorization")
	}
	return false
}

// HTTP returns the header as net/http's, which loses the case of names and the order of different names.
func (h Header) HTTP() http.Header {
	out := make(http.Header, len(h))
	values := make([]string, len(h)) // of all names but those that come twice
	for i, f := range h {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		if all, ok := out[name]; ok {
			out[name] = append(all, f.Value)
			continue
		}
		values[i] = f.Value
		out[name] = values[i : i+1 : i+1]
	}
	return out
}

// FromHTTP returns a net/http header as fields sorted by name, since net/http does not keep the order.
func FromHTTP(h http.Header) Header {
	var out Header
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			out = append(out, Field{name, value})
		}
	}
	return out
}

// Request is an HTTP request.
type Request struct {
	Method string
	// URL is absolute. Sent: as given, without user info. Received: the scheme, the Host field and Target, byte for
	// byte.
	URL    string
	Target string // the request target as on the wire ("/path?query"); "" means that of URL
	Proto  string // "HTTP/1.1"
	Header Header
	Body   []byte
	Whole  *Whole // set when Body is only the beginning of the received body
	// Head is the request line and the header fields exactly as on the wire, including the empty line; "" when barb did
	// not read or write the message itself. Clear it when changing a field above.
	Head    string
	Trailer Header // of a chunked body
	// Chunks is the framing of a chunked body exactly as on the wire: the line before each chunk and, after that of the
	// last one, the trailers and their empty line, each with its CRLF. Body goes between. "" when unknown.
	Chunks string
}

// Response is an HTTP response.
type Response struct {
	Status int // 100–599
	Reason string
	Proto  string
	Header Header
	Body   []byte // the kept part
	Size   int64  // bytes of body that were read, at least len(Body)
	Cut    bool   // the body was longer than the read or kept part
	Head   string // as Request.Head
}

// IsAsItsHead reports whether the head is the request's fields in the usual spacing, so that parsing the head would
// give the same fields. This is true for nearly every head, and much faster than parsing.
func (r *Request) IsAsItsHead() bool {
	rest, ok := strings.CutPrefix(r.Head, r.Method)
	for _, part := range [...]string{" ", r.Target, " ", r.Proto, "\r\n"} {
		if !ok {
			return false
		}
		rest, ok = strings.CutPrefix(rest, part)
	}
	hosts := 0
	for _, f := range r.Header {
		if len(f.Name) == len("Host") && strings.EqualFold(f.Name, "Host") {
			hosts++
		}
		if hasBlankEnd(f.Value) || CheckField(f) != nil {
			return false
		}
		for _, part := range [...]string{f.Name, ": ", f.Value, "\r\n"} {
			if !ok {
				return false
			}
			rest, ok = strings.CutPrefix(rest, part)
		}
	}
	return ok && rest == "\r\n" && hosts == 1 && r.Target != "" && strings.HasPrefix(r.Proto, "HTTP/1.")
}

// hasBlankEnd reports whether a field's value begins or ends with a blank or a tab, which a reader would cut off.
func hasBlankEnd(value string) bool {
	if value == "" {
		return false
	}
	first, last := value[0], value[len(value)-1]
	return first == ' ' || first == '\t' || last == ' ' || last == '\t'
}
