package commands

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
)

// Apps do not agree on which path a request target names: Express and Koa ignore the case, Fastify 4 ends the path at
// a semicolon, Hono collapses dot segments, Python's servers collapse slashes, and a proxy may decode once more. A
// route that checks signatures must cover a path in whatever way the app behind it reads it, so a target has several
// readings here. A genuine target has one. Forwarding goes by the target's own bytes, never by a reading.

const (
	maxReadings  = 32 // of a target, and dot segments in one of them; more are read as every path
	maxDecodings = 8  // that are looked at one by one, before all the others at once
)

// routePath is the path that a route is matched against: decoded until nothing changes, in one case, with a slash for
// each backslash, without parameters of its segments, dot segments, empty segments and a slash at its end.
func routePath(target string) string {
	path := pathOf(target)
	if isPlain(path) {
		return path
	}
	path = folded(slashed(decodeAll(path)))
	var last string
	walk(path, func(reading string) bool { last = reading; return true })
	return last
}

// readings are the paths that apps may find in a target, that of routePath first. They are nil when there are too many.
func readings(target string) []string {
	first := routePath(target)
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

// readAs takes the readings of a path whose escapes are decoded as far as they are to be. It returns false when they
// are too many.
func readAs(path string, take func(string) bool) bool {
	path = folded(slashed(path))
	whole := []string{path}
	if i := strings.IndexAny(path, ";?#\x00"); i >= 0 { // the end of a path, for some
		whole = append(whole, path[:i])
	}
	for _, path := range whole {
		if !walk(path, take) {
			return false
		}
		if rest, ok := strings.CutPrefix(path, "//"); ok { // an authority, to a parser of URL references
			_, rest, _ = strings.Cut(rest, "/")
			if !walk("/"+rest, take) {
				return false
			}
		}
	}
	return true
}

// walk goes along the segments of a path and visits each path that a dot segment leaves, since not every app follows
// dot segments, and the one at the end. It returns false when there are too many dot segments, or visit does.
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

// pathOf is the path in a target as it is forwarded.
func pathOf(target string) string {
	if strings.Contains(target, "://") && target[0] != '/' { // absolute form (RFC 9112, section 3.2.2)
		target = (&record.Request{URL: target}).WireTarget()
	}
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		target = target[:i]
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return target
}

// isPlain reports whether a path is its own only reading, as nearly all are.
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

func slashed(path string) string { return strings.ReplaceAll(path, `\`, "/") }

// decodeOnce decodes each escape once. What is no escape stays as it is.
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

// decodeAll decodes escapes until none is left: those, too, that decoding makes.
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

// escape is the byte of the escape that a text begins with.
func escape(text string) (byte, bool) {
	if len(text) < 3 || text[0] != '%' {
		return 0, false
	}
	high, ok1 := hexDigit(text[1])
	low, ok2 := hexDigit(text[2])
	return high<<4 | low, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// overlong is the ASCII character that two bytes stand for which RFC 3629 forbids (C0 or C1 and another) and old
// decoders take.
func overlong(text []byte) (byte, bool) {
	if len(text) < 2 || text[0]&^1 != 0xC0 || text[1]&0xC0 != 0x80 {
		return 0, false
	}
	return text[0]<<6 | text[1]&0x3F, true
}

// folded is a path in one case: characters that Unicode's simple case folding takes for the same are the same. Bytes
// that are no UTF-8 stay.
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
	if c < utf8.RuneSelf {
		return unicode.ToLower(c)
	}
	first := c
	for other := unicode.SimpleFold(c); other != c; other = unicode.SimpleFold(other) {
		first = min(first, other)
	}
	return unicode.ToLower(first)
}
