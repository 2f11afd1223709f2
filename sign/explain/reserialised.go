package explain

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
)

// usual is how many layouts, from the first on, are combined with all other changes.
const usual = 8

// reserialised makes the bodies with re-serialised JSON: every layout, escaping and key order, with and without a line
// break at the end, those of the most usual senders first.
func reserialised(have []byte, yield func(edit) bool) {
	root, ok := parseJSON(have)
	if !ok {
		return
	}
	styles := distinctStyles(root)
	for _, tree := range orders(root) {
		if !spellings(tree, layouts[:usual], styles, yield) {
			return
		}
	}
	if spellings(root, layouts[usual:], styles[:1], yield) {
		escapesOnly(have, styles[1:], yield)
	}
}

// orders returns the value as it is and with the key orders of libraries, as far as they differ.
func orders(root *node) []*node {
	all := []*node{root}
	keys := root.keys(nil)
	for _, tree := range []*node{root.sortedCopy(), root.integersFirst()} {
		if !slices.Equal(tree.keys(nil), keys) {
			all = append(all, tree)
		}
	}
	return all
}

// distinctStyles returns the escape styles that differ for the strings of this text; most texts need no escapes.
func distinctStyles(root *node) (styles []*stringStyle) {
	seen := map[uint64]bool{}
	seed := maphash.MakeSeed()
	w := writer{layout: &layouts[0]}
	for i := range stringStyles {
		w.out, w.strings = w.out[:0], &stringStyles[i]
		w.value(root, 0)
		if sum := maphash.Bytes(seed, w.out); !seen[sum] {
			seen[sum] = true
			styles = append(styles, w.strings)
		}
	}
	return styles
}

// spellings writes each body into the same buffer: a body is valid until the next one is yielded.
func spellings(root *node, all []layout, styles []*stringStyle, yield func(edit) bool) bool {
	var w writer
	for _, w.strings = range styles {
		for i := range all {
			w.layout, w.out = &all[i], w.out[:0]
			w.value(root, 0)
			if !yield(edit{kind: Reserialised, body: w.out}) {
				return false
			}
			w.out = append(w.out, cmp.Or(all[i].events, "\n")...)
			if !yield(edit{kind: Reserialised, body: w.out}) {
				return false
			}
		}
	}
	return true
}

// escapesOnly changes the escapes of strings and keeps all white space.
func escapesOnly(have []byte, styles []*stringStyle, yield func(edit) bool) {
	for _, style := range styles {
		w := writer{strings: style}
		scanLiterals(have, func(raw, _ []byte) {
			if raw[0] == '"' {
				w.text(raw)
				return
			}
			w.out = append(w.out, raw...)
		})
		if !yield(edit{kind: Reserialised, body: w.out}) {
			return
		}
	}
}

// scanLiterals passes a JSON text to each in pieces: strings, numbers and the text between, with the last key before.
func scanLiterals(b []byte, each func(raw, key []byte)) {
	var key []byte
	for len(b) > 0 {
		var end int
		switch c := b[0]; {
		case c == '"':
			if end = stringEnd(b); end < 0 {
				return // not JSON
			}
			if bytes.HasPrefix(bytes.TrimLeft(b[end:], " \t\r\n"), []byte{':'}) {
				key = b[:end]
			}
		case c == '-' || '0' <= c && c <= '9':
			end = wordEnd(b)
		default:
			if end = bytes.IndexAny(b, "\"-0123456789"); end < 0 {
				end = len(b)
			}
		}
		each(b[:end], key)
		b = b[end:]
	}
}

// maxPermuted is up to how many keys of one object all orders are tried: 720.
const maxPermuted = 6

// reordered makes the bodies with another key order in one object.
func reordered(have []byte, yield func(edit) bool) {
	root, ok := parseJSON(have)
	if !ok {
		return
	}
	l := &layouts[max(layoutOf(root), 0)]
	tail := have[len(bytes.TrimRight(have, " \t\r\n")):]
	root.objects(func(object *node) bool {
		return object.permuted(func() bool {
			return yield(edit{kind: KeyOrder, body: append(root.render(l, &keepStrings), tail...)})
		})
	})
}

// objects visits the objects in a value, outermost first, as long as visit returns true.
func (n *node) objects(visit func(*node) bool) bool {
	if n.kind == '{' && len(n.children) > 1 && len(n.children) <= maxPermuted && !visit(n) {
		return false
	}
	for _, c := range n.children {
		if len(c.children) > 0 && !c.objects(visit) {
			return false
		}
	}
	return true
}

// permuted puts the members of an object into each order in turn, and restores them.
func (n *node) permuted(each func() bool) bool {
	was := n.children
	defer func() { n.children = was }()
	for n.children = range permutations(was) {
		if !each() {
			return false
		}
	}
	return true
}
