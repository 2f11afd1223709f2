package explain

import (
	"bytes"
	"slices"
	"strings"
)

// finish completes a cause: the exact change of the JSON, the place of the difference, and the advice.
func (c *Cause) finish(q Question) {
	have, want := q.Message.Body, c.Proof.Message.Body
	if bytes.Equal(have, want) {
		c.Difference = differ(Message, []byte(q.Message.URL), []byte(c.Proof.Message.URL))
		return
	}
	c.Difference = differ(Body, have, want)
	likely := family(have)
	kinds := append([]Kind{c.Kind}, c.Also...)
	if i := slices.IndexFunc(kinds, isJSON); i >= 0 {
		named := c.nameJSON(have, want, likely)
		kinds = slices.Replace(kinds, i, i+1, named...)
		c.Kind, c.Also = kinds[0], kinds[1:]
	}
	c.Fix = fixes(c.Kind, newEvidence(&q, likely))
}

// isJSON reports whether a kind is about re-serialised JSON, which is named only after the match.
func isJSON(k Kind) bool { return k == Reserialised || k == KeyOrder || k == Numbers }

// aspect is one difference between two JSON texts with the same meaning.
type aspect struct {
	kind   Kind
	change string
	atEnds bool // before or behind the JSON
}

// nameJSON describes how the received JSON differs from the sender's, and returns the kinds: a single kind, or
// Reserialised with its parts. Text before and behind the JSON comes last and does not count as a second difference.
func (c *Cause) nameJSON(have, want []byte, likely *writerStyle) (kinds []Kind) {
	found := aspects(have, want)
	var changes []string
	ends := 0
	for _, a := range found {
		kinds, changes = append(kinds, a.kind), append(changes, a.change)
		if a.atEnds {
			ends++
		}
	}
	if len(found)-ends > 1 || len(found) == 0 {
		kinds = append([]Kind{Reserialised}, kinds...)
	}
	change := "the body is written in another way"
	if len(changes) > 0 {
		change = "the body " + strings.Join(changes, " and ")
	}
	words := "something parsed and re-serialised the JSON"
	switch {
	case len(found) > 0 && len(found) == ends:
		words = byEditor
	case len(found) > 0 && found[0].kind == LineEnds:
		words = byTextMode
	case likely != nil:
		words += ", as " + likely.name + " does"
	}
	c.Change, c.Words = joined(" and ", c.Change, change), joined("; ", c.Words, words)
	return kinds
}

// joined joins the non-empty texts.
func joined(with string, texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), with)
}

// aspects returns the differences of two JSON texts, the greatest first.
func aspects(have, want []byte) (all []aspect) {
	a, aOK := parseJSON(have)
	b, bOK := parseJSON(want)
	if !aOK || !bOK {
		return nil
	}
	if change := lineEnds(have, want); change != "" {
		return append(all, append([]aspect{{kind: LineEnds, change: change}}, atEnds(have, want)...)...)
	}
	if l := layoutOf(b); l != layoutOf(a) || l < 0 && !bytes.Equal(spaces(have), spaces(want)) {
		change := "has different white space between its tokens"
		if l >= 0 {
			change = "is " + layouts[l].name
		}
		all = append(all, aspect{kind: Reformatted, change: change})
	}
	if !slices.Equal(a.keys(nil), b.keys(nil)) {
		change := "has its keys in another order"
		if sorted := b.sortedCopy(); slices.Equal(b.keys(nil), sorted.keys(nil)) {
			change = "has its keys sorted"
		}
		all = append(all, aspect{kind: KeyOrder, change: change})
	}
	var d literals
	d.compare(a.sortedCopy(), b.sortedCopy())
	all = append(all, d.aspects()...)
	return append(all, atEnds(have, want)...)
}

// lineEnds says how the lines of two texts end where that is all that differs between their first and last characters;
// "" where it is not.
func lineEnds(have, want []byte) string {
	inner := func(b []byte) []byte { return bytes.TrimSuffix(bytes.TrimPrefix(b, utf8BOM), tail(b)) }
	have, want = inner(have), inner(want)
	unix := replaced("\r\n", "\n")
	switch {
	case bytes.Equal(have, want) || !bytes.Equal(unix(have), unix(want)):
		return ""
	case len(want) > len(have):
		return "has lines that end in CRLF"
	}
	return "has lines that end in LF"
}

// atEnds returns the differences before and behind the JSON.
func atEnds(have, want []byte) (all []aspect) {
	switch a, b := len(tail(have)), len(tail(want)); {
	case a > b:
		all = append(all, aspect{NewlineAdded, "has no line break at its end", true})
	case a < b:
		all = append(all, aspect{NewlineRemoved, "has a line break at its end", true})
	}
	switch a, b := bytes.HasPrefix(have, utf8BOM), bytes.HasPrefix(want, utf8BOM); {
	case a && !b:
		all = append(all, aspect{BOMAdded, "has no byte order mark", true})
	case b && !a:
		all = append(all, aspect{BOMRemoved, "begins with a byte order mark", true})
	}
	return all
}

func tail(b []byte) []byte { return b[len(bytes.TrimRight(b, " \t\r\n")):] }

// spaces returns the white space between the tokens of a text.
func spaces(b []byte) []byte {
	var to []byte
	scanLiterals(b[:len(b)-len(tail(b))], func(raw, _ []byte) {
		if raw[0] != '"' {
			to = append(to, raw...)
		}
	})
	return bytes.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n{}[]:,", r) {
			return r
		}
		return -1
	}, to)
}

// keys appends the decoded keys of all objects in order.
func (n *node) keys(to []string) []string {
	if n.key != nil {
		to = append(to, string(sortKey(n.key)))
	}
	for _, c := range n.children {
		to = c.keys(to)
	}
	return to
}

// literals holds the differences between the literals of two texts, the first of each kind.
type literals struct {
	strings [3]*pair // unicode, slash, others
	number  *pair
}

type pair struct{ have, want []byte }

// compare compares two texts whose keys have the same order.
func (l *literals) compare(a, b *node) {
	if a.key != nil && b.key != nil {
		l.text(a.key, b.key)
	}
	switch {
	case len(a.children) > 0 && len(a.children) == len(b.children):
		for i := range a.children {
			l.compare(a.children[i], b.children[i])
		}
	case bytes.Equal(a.raw, b.raw) || len(a.children) > 0 || a.kind == '{' || a.kind == '[':
	case a.kind == '"' && b.kind == '"':
		l.text(a.raw, b.raw)
	case l.number == nil:
		l.number = &pair{a.raw, b.raw}
	}
}

// text classifies the difference of two literals of one string.
func (l *literals) text(have, want []byte) {
	if bytes.Equal(have, want) {
		return
	}
	i := 2
	at := commonPrefix(have, want)
	rest := [2][]byte{have[max(at-1, 0):], want[max(at-1, 0):]}
	switch {
	case bytes.HasPrefix(have[at:], []byte(`\/`)) && want[at] == '/', bytes.HasPrefix(want[at:], []byte(`\/`)) &&
		have[at] == '/':
		i = 1
	case at < len(have) && have[at] >= 0x80, at < len(want) && want[at] >= 0x80:
		i = 0
	case bytes.EqualFold(rest[0], rest[1]): // hex digits in upper case
		i = 0
	}
	if l.strings[i] == nil {
		l.strings[i] = &pair{have[at:], want[at:]}
	}
}

func (l *literals) aspects() (all []aspect) {
	if p := l.strings[0]; p != nil {
		change := "has non-ASCII characters unescaped, not as \\u escapes"
		if p.want[0] < 0x80 {
			change = "has non-ASCII characters as \\u escapes"
		}
		if p.want[0] < 0x80 && p.have[0] < 0x80 {
			change = "has its \\u escapes in the other case"
		}
		all = append(all, aspect{kind: UnicodeEscapes, change: change})
	}
	if p := l.strings[1]; p != nil {
		change := `has / as it is, not as \/`
		if p.want[0] == '\\' {
			change = `has / written as \/`
		}
		all = append(all, aspect{kind: SlashEscapes, change: change})
	}
	if p := l.strings[2]; p != nil {
		all = append(all, aspect{kind: OtherEscapes, change: "has " + Show(p.want[:min(len(p.want), 6)]) + " where " +
			Show(p.have[:min(len(p.have), 6)]) + " stands"})
	}
	if p := l.number; p != nil {
		all = append(all, aspect{kind: Numbers, change: "has the number " + Show(short(p.want)) + " instead of " +
			Show(short(p.have))})
	}
	return all
}

func short(b []byte) []byte { return b[:min(len(b), 40)] }
