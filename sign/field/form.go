package field

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// Pair is one decoded name and value of a form.
type Pair struct{ Name, Value string }

// Parse decodes a form strictly and keeps its order. It skips empty pairs.
func Parse(form []byte) (pairs []Pair, ok bool) {
	for pair := range bytes.SplitSeq(form, []byte("&")) {
		if len(pair) == 0 {
			continue
		}
		name, value, _ := strings.Cut(string(pair), "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil {
			return nil, false
		}
		pairs = append(pairs, Pair{name, value})
	}
	return pairs, true
}

// Form returns the decoded value of a form field or query parameter, and how often the field occurs. It counts
// every spelling that some parser accepts for the name, because an application may read that one. A field that
// occurs only in another spelling counts as two.
func Form(form, name string) (value string, n int) {
	want, exact := canonical(name), false
	for pair := range strings.SplitSeq(form, "&") {
		pair, hidden, _ := strings.Cut(pair, ";") // some parsers accept ; for & (HTML 4.01 section B.2.2)
		for other := range strings.SplitSeq(hidden, ";") {
			if k, _, _ := strings.Cut(other, "="); hidden != "" && canonical(unescape(k)) == want {
				n++
			}
		}
		k, v, _ := strings.Cut(pair, "=")
		if k = unescape(k); canonical(k) != want {
			continue
		}
		if n++; k == name && !exact {
			value, exact = unescape(v), true
		}
		if hidden != "" {
			n++ // parsers disagree whether the value ends at the ;
		}
	}
	if n > 0 && !exact {
		n++
	}
	return value, n
}

// unescape decodes like browsers and most servers: an invalid escape stays unchanged (WHATWG URL, percent-decoding).
func unescape(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			out = append(out, ' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b, _ := hex.DecodeString(s[i+1 : i+3])
			out = append(out, b[0])
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return string(out)
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// canonical returns one spelling for all spellings of a field's name that frameworks treat as equal: any case
// (ASP.NET), surrounding blanks, a NUL at the end, list elements such as "name[]" or "name[0]" (PHP, Rails, qs),
// and dots, blanks and brackets for underscores (PHP).
func canonical(name string) string {
	name, _, _ = strings.Cut(name, "\x00")
	name = strings.ToLower(strings.TrimFunc(name, func(r rune) bool { return r <= ' ' }))
	if before, index, ok := strings.Cut(name, "["); ok && before != "" && strings.Trim(index, "0123456789[]") == "" {
		name = before
	}
	if !strings.ContainsAny(name, ". []") { // nearly always, and a Replacer takes longer to make than the rest
		return name
	}
	return strings.NewReplacer(".", "_", " ", "_", "[", "_", "]", "").Replace(name)
}

// SetForm replaces the fields of a name by one, or appends it. Every other byte stays.
func SetForm(form, name, value string) string {
	set := url.QueryEscape(name) + "=" + url.QueryEscape(value)
	var pairs []string
	done := false
	for pair := range strings.SplitSeq(form, "&") {
		k, _, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(k)
		switch {
		case pair == "":
			continue
		case err != nil || key != name:
			pairs = append(pairs, pair)
		case !done:
			pairs, done = append(pairs, set), true
		}
	}
	if !done {
		pairs = append(pairs, set)
	}
	return strings.Join(pairs, "&")
}

// Sorted appends a form's names and values without separators, sorted by name, then value. With unique a repeated value
// counts once. ok is false for a malformed form, and for an unescaped ";": some parsers read it as data, others as "&".
func Sorted(dst, form []byte, unique bool) (out []byte, ok bool) {
	pairs, ok := Parse(form)
	if !ok || bytes.IndexByte(form, ';') >= 0 {
		return dst, false
	}
	slices.SortFunc(pairs, Compare)
	if unique {
		pairs = slices.Compact(pairs)
	}
	for _, p := range pairs {
		dst = append(append(dst, p.Name...), p.Value...)
	}
	return dst, true
}

// Compare orders pairs by name, then by value.
func Compare(a, b Pair) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
}
