package route

import (
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Apps do not agree on which path a request target names: Express and Koa ignore the case, Fastify 4 ends the path at a
// semicolon, Hono collapses dot segments, Python's servers collapse slashes, and a proxy may decode once more. A route
// that checks signatures must cover a path in every way that the app behind it may read it, so a target has several
// readings here. A genuine target has one. Forwarding uses the bytes of the target itself, never a reading.

const (
	maxReadings  = 32 // of a target, and dot segments in one of them; a target with more is taken for every path
	maxDecodings = 8  // whose results are readings each; the last reading is decoded until nothing changes
)

// Path returns the path of a request target that routes are matched against: decoded until nothing changes, in lower
// case, with a slash for each backslash, without parameters of segments, dot segments, empty segments and a slash at
// its end.
func Path(target string) string {
	path := pathOf(target)
	if isPlain(path) {
		return path
	}
	var last string
	walk(folded(decodeAll(path)), func(reading string) bool { last = reading; return true })
	return last
}

// readings returns the paths that apps may find in a target, the one of Path first, or nil where there are too many.
func readings(target string) []string {
	first := Path(target)
	found := []string{first}
	path := pathOf(target)
	if isPlain(path) {
		return found
	}
	take := func(reading string) bool {
		if !slices.Contains(found, reading) {
			found = append(found, reading)
		}
		return len(found) <= maxReadings
	}
	for range maxDecodings {
		if !readAs(path, take) {
			return nil
		}
		next := decodeOnce(path)
		if next == path {
			return found
		}
		path = next
	}
	if !readAs(decodeAll(path), take) {
		return nil
	}
	return found
}

// readAs calls take with each reading of a path whose escapes are decoded already, and reports whether take wants more.
func readAs(path string, take func(string) bool) bool {
	path = folded(path)
	whole := []string{path}
	if i := strings.IndexAny(path, ";?#\x00"); i >= 0 { // some apps end the path here
		whole = append(whole, path[:i])
	}
	for _, path := range whole {
		if !walk(path, take) {
			return false
		}
		if rest, ok := strings.CutPrefix(path, "//"); ok { // some apps read an authority here
			_, rest, _ = strings.Cut(rest, "/")
			if !walk("/"+rest, take) {
				return false
			}
		}
	}
	return true
}

// walk calls visit with the path before each "..", since some apps do not follow dot segments, and with the whole path.
// It returns false where visit does, or where there are too many dot segments.
func walk(path string, visit func(string) bool) bool {
	var kept []string
	left := 0
	for segment := range strings.SplitSeq(path, "/") {
		segment, _, _ = strings.Cut(segment, ";")
		switch segment {
		case "", ".":
		case "..":
			if left++; left > maxReadings {
				return false
			}
			if len(kept) == 0 {
				continue
			}
			if !visit("/" + strings.Join(kept, "/")) {
				return false
			}
			kept = kept[:len(kept)-1]
		default:
			kept = append(kept, segment)
		}
	}
	return visit("/" + strings.Join(kept, "/"))
}

// pathOf returns the path of a request target as it is written there.
func pathOf(target string) string {
	if strings.Contains(target, "://") && target[0] != '/' { // absolute form (RFC 9112, section 3.2.2)
		target = afterAuthority(target)
	}
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		target = target[:i]
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return target
}

// afterAuthority returns the path and query of a target in absolute form.
func afterAuthority(target string) string {
	_, rest, _ := strings.Cut(target, "://")
	rest, _, _ = strings.Cut(rest, "#")
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		return rest[i:]
	}
	return ""
}

// isPlain reports whether a path has no reading but itself, as nearly all have.
func isPlain(path string) bool {
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '~':
		case c == '/' && (i+1 == len(path) && i > 0 || i+1 < len(path) && path[i+1] == '/'):
			return false
		case c == '.' && path[i-1] == '/': // the first byte is a slash
			return false
		case c == '/', c == '.':
		default:
			return false
		}
	}
	return true
}

// decodeOnce decodes each escape once and leaves all else as it is.
func decodeOnce(path string) string {
	var out []byte
	for len(path) > 0 {
		if c, ok := escape(path); ok {
			out, path = append(out, c), path[3:]
		} else {
			out, path = append(out, path[0]), path[1:]
		}
		if c, ok := overlong(out[max(len(out)-2, 0):]); ok {
			out = append(out[:len(out)-2], c)
		}
	}
	return string(out)
}

// decodeAll decodes escapes until none is left, also the escapes that decoding makes.
func decodeAll(path string) string {
	var out []byte
	for i := range len(path) {
		out = append(out, path[i])
		for {
			n := len(out)
			if c, ok := escape(string(out[max(n-3, 0):])); ok {
				out = append(out[:n-3], c)
			} else if c, ok := overlong(out[max(n-2, 0):]); ok {
				out = append(out[:n-2], c)
			} else {
				break
			}
		}
	}
	return string(out)
}

// escape returns the byte of the escape that a text begins with, if it begins with one.
func escape(text string) (byte, bool) {
	if len(text) < 3 || text[0] != '%' {
		return 0, false
	}
	var c [1]byte
	_, err := hex.Decode(c[:], []byte(text[1:3]))
	return c[0], err == nil
}

// overlong returns the ASCII character of a two-byte encoding that RFC 3629 forbids (C0 or C1 and another byte) and
// that old decoders accept.
func overlong(text []byte) (byte, bool) {
	if len(text) < 2 || text[0]&^1 != 0xC0 || text[1]&0xC0 != 0x80 {
		return 0, false
	}
	return text[0]<<6 | text[1]&0x3F, true
}

// folded returns a path in one case, with a slash for each backslash: characters that are equal under Unicode's simple
// case folding become the same. Bytes that are not UTF-8 stay.
func folded(path string) string {
	var out strings.Builder
	for len(path) > 0 {
		c, size := utf8.DecodeRuneInString(path)
		if c == utf8.RuneError && size == 1 {
			out.WriteByte(path[0])
		} else {
			out.WriteRune(foldedRune(c))
		}
		path = path[size:]
	}
	return out.String()
}

func foldedRune(c rune) rune {
	switch {
	case c == '\\':
		return '/'
	case c < utf8.RuneSelf:
		return unicode.ToLower(c)
	}
	first := c
	for other := unicode.SimpleFold(c); other != c; other = unicode.SimpleFold(other) {
		first = min(first, other)
	}
	return unicode.ToLower(first)
}
