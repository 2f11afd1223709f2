package jq

import (
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// isPath reports whether a query is .a.b, .["a"] or .a[0].
func isPath(q *gojq.Query) bool {
	t := q.Term
	return t != nil && len(q.FuncDefs) == 0 && (t.Type == gojq.TermTypeIndex || t.Type == gojq.TermTypeIdentity) &&
		len(namesOf(t)) > 0
}

// namesOf returns the parts of a path: names, and [0] or [] for a place in a list. It returns none for another term.
func namesOf(t *gojq.Term) (names []string) {
	if t.Type == gojq.TermTypeIndex {
		names = append(names, indexName(t.Index))
	}
	for _, s := range t.SuffixList {
		switch {
		case s.Index != nil:
			names = append(names, indexName(s.Index))
		case s.Iter:
			names = append(names, "[]")
		case s.Optional:
		default:
			return nil
		}
	}
	return names
}

// indexName returns the name of a part of a path.
func indexName(i *gojq.Index) string {
	constant := func(s *gojq.String) bool { return s != nil && s.Queries == nil }
	switch {
	case i.Name != "":
		return i.Name
	case constant(i.Str):
		return i.Str.Str
	case i.Start != nil && !i.IsSlice && i.Start.Term != nil && constant(i.Start.Term.Str):
		return i.Start.Term.Str.Str
	}
	return (&gojq.Term{Type: gojq.TermTypeIdentity, SuffixList: []*gojq.Suffix{{Index: i}}}).String()[1:]
}

// nameOf returns what an explanation calls a query: the last name of a path, otherwise the query itself. A path into
// an answer is whole, because webhook and answer have the same names.
func nameOf(q *gojq.Query) string {
	if !isPath(q) {
		return excerpt(q.String())
	}
	names := namesOf(q.Term)
	from := len(names) - 1
	for from > 0 && (strings.HasPrefix(names[from], "[") || names[0] == nameAnswer ||
		names[0] == nameRecord) {
		from--
	}
	var b strings.Builder
	for i, name := range names[from:] {
		if i > 0 && !strings.HasPrefix(name, "[") {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return excerpt(b.String())
}

// isPlain reports whether a text reads well without quotes, and nobody takes it for another value.
func isPlain(s string) bool {
	isLetter := func(c byte) bool { return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && (i == 0 || !strings.ContainsRune("0123456789.:/@+-", rune(c))) {
			return false
		}
	}
	return s != "" && s != "true" && s != "false" && s != "null"
}

// show writes a value into a sentence: JSON, without the quotes of a text that needs none.
func show(v any) string {
	if s, ok := v.(string); ok && len(s) <= shown && isPlain(s) {
		return s
	}
	data, err := gojq.Marshal(v)
	if err != nil {
		return strconv.Quote(err.Error())
	}
	text := []rune(string(data))
	if len(text) > shown {
		return string(text[:shown]) + "…"
	}
	return string(text)
}
