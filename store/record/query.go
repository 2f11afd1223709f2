package record

import "strings"

// Query returns the names and values of the query string of the request target, decoded, in their order. A name that
// occurs twice is there twice. It has at most a number of them, and more says how many follow. An escape that is not
// one stays as it is: %zz. Empty pairs, as between the two signs of a&&b, are left out.
func (r *Request) Query(most int) (all []Field, more int) {
	_, query, _ := strings.Cut(r.WireTarget(), "?")
	for pair := range strings.SplitSeq(query, "&") {
		switch {
		case pair == "":
		case len(all) == most:
			more++
		default:
			name, value, _ := strings.Cut(pair, "=")
			all = append(all, Field{unescaped(name), unescaped(value)})
		}
	}
	return all, more
}

// unescaped decodes a part of a query string: + is a blank, %41 a byte.
func unescaped(text string) string {
	if !strings.ContainsAny(text, "+%") {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			out = append(out, nibble(text[i+1])<<4|nibble(text[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func isHex(c byte) bool { return c-'0' < 10 || (c|0x20)-'a' < 6 }

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}
