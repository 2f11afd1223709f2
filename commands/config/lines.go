package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// keyLines is the line that each key of a TOML document first stands in. The decoder keeps only values, and a complaint
// about one is of no use without its place.
type keyLines map[string]int

// findKeys finds the keys of a document that is known to be good.
func findKeys(document []byte) keyLines {
	k := keyLines{}
	var p unstable.Parser
	p.Reset(document)
	var table []string
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = k.add(&p, nil, e.Key())
		case unstable.KeyValue:
			k.addPair(&p, table, e)
		default: // comments
		}
	}
	return k
}

func (k keyLines) addPair(p *unstable.Parser, table []string, pair *unstable.Node) {
	path := k.add(p, table, pair.Key())
	if pair.Value().Kind != unstable.InlineTable {
		return
	}
	for pairs := pair.Value().Children(); pairs.Next(); {
		k.addPair(p, path, pairs.Node())
	}
}

// add notes every part of a dotted key and returns the whole path.
func (k keyLines) add(p *unstable.Parser, table []string, key unstable.Iterator) []string {
	path := append([]string(nil), table...)
	for key.Next() {
		path = append(path, string(key.Node().Data))
		if at := joinKey(path); k[at] == 0 {
			k[at] = p.Shape(key.Node().Raw).Start.Line
		}
	}
	return path
}

// line is where a key stands; of one that is not there, the nearest table around it that is.
func (k keyLines) line(path ...string) int {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if line := k[joinKey(path)]; line > 0 {
			return line
		}
	}
	return 1
}

// joinKey joins by a character that no key holds: keys may hold dots.
func joinKey(path []string) string { return strings.Join(path, "\x00") }

// unknownKey returns the first key of a good document that is not known, and its line; line 0 where there is none.
// known has "table" and "table.key" in lower case, and "key.*" where anything may stand below a key: what is deeper is
// for the readers of the tables. As the decoder does, it takes keys in any case and leaves inline tables out of the
// name.
func unknownKey(document []byte, known map[string]bool) (name string, line int) {
	var p unstable.Parser
	p.Reset(document)
	var table []string
	var look func(within []string, value *unstable.Node)
	check := func(within []string, e *unstable.Node) (path []string) {
		start := len(within)
		path = slices.Clone(within)
		for keys := e.Key(); keys.Next(); {
			path = append(path, string(keys.Node().Data))
		}
		top := strings.ToLower(strings.Join(path[:min(2, len(path))], "."))
		if line == 0 && !known[top] && !known[strings.ToLower(path[0])+".*"] {
			first := e.Key()
			first.Next()
			name, line = strings.Join(slices.Concat(table, path[start:]), "."), p.Shape(first.Node().Raw).Start.Line
		}
		return path
	}
	look = func(within []string, value *unstable.Node) {
		for inner := value.Children(); inner.Next(); {
			if e := inner.Node(); e.Kind == unstable.KeyValue {
				look(check(within, e), e.Value())
			} else if value.Kind == unstable.Array {
				look(within, e)
			}
		}
	}
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = nil
			table = check(nil, e)
		case unstable.KeyValue:
			look(check(table, e), e.Value())
		default: // comments
		}
	}
	return name, line
}

// findTables finds the lines of the keys in each table of an array of tables. That of the table itself is under "".
func findTables(document []byte, name string) []keyLines {
	var found []keyLines
	var p unstable.Parser
	p.Reset(document)
	within := false
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.ArrayTable, unstable.Table:
			k := keyLines{}
			path := k.add(&p, nil, e.Key())
			if within = e.Kind == unstable.ArrayTable && len(path) == 1 && path[0] == name; within {
				found = append(found, keyLines{"": slices.Max(slices.Collect(maps.Values(k)))})
			}
		case unstable.KeyValue:
			if within {
				found[len(found)-1].addPair(&p, nil, e)
			}
		default: // comments
		}
	}
	return found
}
