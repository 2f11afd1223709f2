package explain

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
)

// maxFields is how many fields of a form are read.
const maxFields = 10_000

// field is a decoded field of a form.
type field struct{ name, value string }

// formStyle is how a language writes forms: the unescaped characters besides letters and digits, the blank, and whether
// hex digits are lower case.
type formStyle struct {
	name  string
	safe  string
	blank string
	lower bool
}

var formStyles = [...]formStyle{
	{"browsers and URLSearchParams", "*-._", "+", false},
	{"Python, PHP's urlencode and Go", "-_.~", "+", false},
	{"PHP's urlencode", "-_.", "+", false},
	{"PHP's RFC 3986 form and Ruby", "-_.~", "%20", false},
	{"JavaScript's encodeURIComponent", "-_.!~*'()", "%20", false},
	{"qs", "-._~", "%20", false},
	{"Java", "*-_.", "+", false},
	{".NET", "-_.!*()", "+", true},
	{".NET's HttpUtility", "-_.!*()", "+", false},
	{"an encoder that keeps delimiters", "-_.~!*'()@:/,;$[]", "+", false},
	{"an encoder that keeps delimiters", "-_.~!*'()@:/,;$[]", "%20", false},
}

// respellings change one thing in the spelling of a form and keep the rest.
var respellings = [...]struct {
	change string
	make   func([]byte) []byte
}{
	{"spaces in the form are +, not %20", replaced("%20", "+")},
	{"spaces in the form are %20, not +", replaced("+", "%20")},
	{"the hex digits of the form are upper case", func(b []byte) []byte { return hexDigits(b, bytes.ToUpper) }},
	{"the hex digits of the form are lower case", func(b []byte) []byte { return hexDigits(b, bytes.ToLower) }},
}

func respelled(have []byte, yield func(edit) bool) {
	if fields, fromJSON := fieldsOf(have); len(fields) == 0 || fromJSON {
		return
	}
	for _, r := range respellings {
		if !yield(edit{kind: FormRewritten, change: r.change, words: "something parsed the form and encoded it again",
			body: r.make(have)}) {
			return
		}
	}
}

func hexDigits(b []byte, to func([]byte) []byte) []byte {
	b = bytes.Clone(b)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], to(b[i+1:i+3]))
			i += 2
		}
	}
	return b
}

// forms returns the possible spellings of a form by its sender, and the form from which JSON was made.
func forms(have []byte, yield func(edit) bool) {
	fields, fromJSON := fieldsOf(have)
	if len(fields) == 0 {
		return
	}
	e := edit{kind: FormRewritten, words: "something parsed the form and encoded it again"}
	if fromJSON {
		e = edit{kind: FormToJSON, words: "something parsed the form and passed it on as JSON"}
	}
	sorted := slices.Clone(fields)
	slices.SortStableFunc(sorted, func(a, b field) int { return strings.Compare(a.name, b.name) })
	for i, list := range [][]field{fields, sorted} {
		for j := range formStyles {
			e.change = "the form is encoded by " + formStyles[j].name
			if i == 1 {
				e.change += ", with its fields sorted"
			}
			if e.body = formStyles[j].write(list); bytes.Equal(e.body, have) {
				continue
			}
			if !yield(e) {
				return
			}
		}
	}
	if !fromJSON && len(fields) <= 5 {
		permuteForm(have, yield)
	}
}

// permuteForm yields the fields in every other order, each spelled as before.
func permuteForm(have []byte, yield func(edit) bool) {
	pairs := bytes.Split(have, []byte{'&'})
	for order := range permutations(pairs) {
		e := edit{kind: FormRewritten, change: "the fields of the form are in another order",
			words: "something parsed the form and encoded it again", body: bytes.Join(order, []byte{'&'})}
		if !yield(e) {
			return
		}
	}
}

// fieldsOf reads a form, or the flat JSON object that a parser made of one.
func fieldsOf(have []byte) (fields []field, fromJSON bool) {
	if root, ok := parseJSON(have); ok {
		return root.flat(), true
	}
	if !bytes.ContainsRune(have, '=') || bytes.ContainsAny(have, "\r\n{}<>\"") {
		return nil, false
	}
	for pair := range bytes.SplitSeq(have, []byte{'&'}) {
		name, value, _ := strings.Cut(string(pair), "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil || len(fields) == maxFields {
			return nil, false
		}
		fields = append(fields, field{name, value})
	}
	return fields, false
}

// flat returns the fields of an object whose values are texts and lists of texts; nil for any other JSON.
func (n *node) flat() (fields []field) {
	if n.kind != '{' {
		return nil
	}
	for _, member := range n.children {
		name, _ := decodeString(member.key[1 : len(member.key)-1])
		values := []*node{member}
		if member.kind == '[' {
			values = member.children
		}
		for _, v := range values {
			if v.kind != '"' || len(fields) == maxFields {
				return nil
			}
			text, _ := decodeString(v.raw[1 : len(v.raw)-1])
			fields = append(fields, field{string(name), string(text)})
		}
	}
	return fields
}

func (s *formStyle) write(fields []field) []byte {
	var to []byte
	for i, f := range fields {
		if i > 0 {
			to = append(to, '&')
		}
		to = append(s.encode(to, f.name), '=')
		to = s.encode(to, f.value)
	}
	return to
}

func (s *formStyle) encode(to []byte, text string) []byte {
	digits := "0123456789ABCDEF"
	if s.lower {
		digits = "0123456789abcdef"
	}
	for i := range len(text) {
		c := text[i]
		switch {
		case c == ' ':
			to = append(to, s.blank...)
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', strings.IndexByte(s.safe, c) >= 0:
			to = append(to, c)
		default:
			to = append(to, '%', digits[c>>4], digits[c&15])
		}
	}
	return to
}
