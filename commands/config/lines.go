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
