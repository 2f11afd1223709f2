package record

import (
	"strconv"
	"strings"
)

// AppendBody appends the body with the framing of its head. A chunked body gets its original chunks, as far as Chunks
// holds them and they fit the body; otherwise a single chunk followed by Trailer.
func (r *Request) AppendBody(dst []byte) []byte {
	if _, chunked, err := r.BodyFraming(); err != nil || !chunked {
		return append(dst, r.Body...)
	}
	if out, ok := r.appendChunks(dst); ok {
		return out
	}
	if len(r.Body) > 0 {
		dst = append(strconv.AppendInt(dst, int64(len(r.Body)), 16), "\r\n"...)
		dst = append(append(dst, r.Body...), "\r\n"...)
	}
	return appendFields(append(dst, "0\r\n"...), r.Trailer)
}

// appendChunks inserts the body between the lines of Chunks.
func (r *Request) appendChunks(dst []byte) (out []byte, ok bool) {
	lines, body := r.Chunks, r.Body
	for {
		line, rest, ok := strings.Cut(lines, "\r\n")
		digits := len(line) - len(strings.TrimLeft(line, "0123456789abcdefABCDEF"))
		n, err := strconv.ParseUint(line[:digits], 16, 63)
		if !ok || err != nil || n > uint64(len(body)) {
			return nil, false
		}
		dst = append(append(dst, line...), "\r\n"...)
		if lines = rest; n == 0 {
			return append(dst, lines...), len(body) == 0 && strings.HasSuffix(lines, "\r\n")
		}
		dst = append(append(dst, body[:n]...), "\r\n"...)
		body = body[n:]
	}
}

// Origin returns the scheme and authority of a URL, "http://host:port". A malformed path is accepted, because a sender
// may have asked for one.
func Origin(url string) string {
	i := strings.Index(url, "://")
	if i < 0 {
		return url
	}
	end := strings.IndexAny(url[i+3:], "/?#")
	if end < 0 {
		return url
	}
	return url[:i+3+end]
}
