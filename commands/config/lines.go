package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// keyLines is the line that each key of a TOML document first stands in. The decoder keeps only values, and a complaint
// about one is of no use without its place.
type keyLines map[string]int

// entry is the head of a table or a key with a value.
type entry struct {
	table   []string // the table it stands in; nil for a head
	path    []string // its whole key
	from    int      // where its own part of path begins, behind the tables and inline tables around it
	line    int
	head    unstable.Kind // Table or ArrayTable for the head of one
	inArray bool          // in an inline table that an array holds
}

// entries are those of a document, in their order.
type entries []entry

// entriesOf returns the entries of a document that is known to be good.
func entriesOf(document []byte) (all entries) {
	var p unstable.Parser
	p.Reset(document)
	var table []string
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			head := entryOf(&p, entry{head: e.Kind}, e)
			all, table = append(all, head), head.path
		case unstable.KeyValue:
			all.addPairs(&p, entry{table: table, path: table}, e)
		default: // comments
		}
	}
	return all
}

// addPairs adds a key with a value that stands in around, and those in its value.
func (all *entries) addPairs(p *unstable.Parser, around entry, n *unstable.Node) {
	if n.Kind == unstable.KeyValue {
		around = entryOf(p, around, n)
		*all = append(*all, around)
		n = n.Value()
	}
	around.inArray = around.inArray || n.Kind == unstable.Array
	for inner := n.Children(); inner.Next(); {
		all.addPairs(p, around, inner.Node())
	}
}

// entryOf returns the entry of a key that stands in around.
func entryOf(p *unstable.Parser, around entry, n *unstable.Node) entry {
	around.from, around.line = len(around.path), 0
	around.path = slices.Clone(around.path)
	for key := n.Key(); key.Next(); {
		around.path = append(around.path, string(key.Node().Data))
		around.line = cmp.Or(around.line, p.Shape(key.Node().Raw).Start.Line)
	}
	return around
}

// add notes every part of a dotted key.
func (k keyLines) add(path []string, from, line int) {
	for i := from; i < len(path); i++ {
		if at := joinKey(path[:i+1]); k[at] == 0 {
			k[at] = line
		}
	}
}

// keys returns where the keys stand.
func (all entries) keys() keyLines {
	k := keyLines{}
	for _, e := range all {
		if !e.inArray {
			k.add(e.path, e.from, e.line)
		}
	}
	return k
}

// tables returns where the keys of each table of an array of tables stand. The line of the table itself is under "".
func (all entries) tables(name string) (found []keyLines) {
	within := false
	for _, e := range all {
		switch {
		case e.head != 0:
			if within = e.head == unstable.ArrayTable && len(e.path) == 1 && e.path[0] == name; within {
				found = append(found, keyLines{"": e.line})
			}
		case within && !e.inArray:
			found[len(found)-1].add(e.path[len(e.table):], e.from-len(e.table), e.line)
		}
	}
	return found
}

// unknown returns the first key that is not known, and its line; line 0 where there is none. known has
// "table" and "table.key" in lower case, and "key.*" for a key with any keys below it. Deeper keys are checked by the
// readers of the tables. Like the decoder, unknown takes keys in any case and leaves inline tables out of the name.
func (all entries) unknown(known map[string]bool) (name string, line int) {
	for _, e := range all {
		top := strings.ToLower(strings.Join(e.path[:min(2, len(e.path))], "."))
		if !known[top] && !known[strings.ToLower(e.path[0])+".*"] {
			return strings.Join(append(slices.Clone(e.table), e.path[e.from:]...), "."), e.line
		}
	}
	return "", 0
}

// tableLines returns where the keys of each of n tables [[name]] stand. An inline table has the line of its array.
func (c *File) tableLines(name string, n int) []keyLines {
	found := c.entries.tables(name)
	for len(found) < n {
		found = append(found, keyLines{"": c.lines.line(name)})
	}
	return found
}

// line returns the line of a key, or of the nearest table around it where the key is missing.
func (k keyLines) line(path ...string) int {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if line := k[joinKey(path)]; line > 0 {
			return line
		}
	}
	return cmp.Or(k[""], 1)
}

// inOrder returns the keys of the table at a path in the order of their lines.
func (k keyLines) inOrder(table map[string]any, path ...string) []string {
	return slices.SortedFunc(maps.Keys(table), func(a, b string) int {
		return cmp.Or(cmp.Compare(k.line(append(path, a)...), k.line(append(path, b)...)), cmp.Compare(a, b))
	})
}

// joinKey joins by a character that no key holds: keys may hold dots.
func joinKey(path []string) string { return strings.Join(path, "\x00") }
