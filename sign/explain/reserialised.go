package explain

import (
	"bytes"
	"iter"
)

// usual is how many layouts, beginning with the first, are crossed with everything else.
const usual = 7

// rewritten makes the JSON texts that the sender may have written: every layout, escaping and order of keys, with the line
// breaks that may stand behind. The first are the most usual senders.
func rewritten(t trial) variants {
	return bodies(t, func(have []byte) iter.Seq[edit] {
		return func(yield func(edit) bool) {
			root, ok := parseJSON(have)
			if !ok {
				return
			}
			for _, o := range []order{asIs, byKey, indexesFirst} {
				for _, tail := range []string{"", "\n"} {
					if !spellings(root, o, tail, yield) {
						return
					}
				}
			}
			for i := range layouts[usual:] {
				if !yield(edit{kind: Reserialised, body: root.render(&layouts[usual+i], &keepStrings, asIs, nil)}) {
					return
				}
			}
			escapesOnly(have, yield)
		}
	})
}

func spellings(root *node, o order, tail string, yield func(edit) bool) bool {
	for j := range stringStyles {
		for i := range layouts[:usual] {
			body := append(root.render(&layouts[i], &stringStyles[j], o, nil), tail...)
			if !yield(edit{kind: Reserialised, body: body}) {
				return false
			}
		}
	}
	return true
}

// escapesOnly changes how strings are escaped and leaves the white space alone, however odd it is.
func escapesOnly(have []byte, yield func(edit) bool) {
	for j := range stringStyles[1:] {
		w := writer{strings: &stringStyles[1+j]}
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

// scanLiterals hands over a JSON text piece by piece: strings, numbers and what stands between, with the last key before.
func scanLiterals(b []byte, each func(raw, key []byte)) {
	var key []byte
	for len(b) > 0 {
		end := 1
		switch c := b[0]; {
		case c == '"':
			if end = stringEnd(b); end < 0 {
				return // it is no JSON
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

// reordered makes the texts in which the keys of one object stand in another order.
func reordered(t trial) variants {
	return bodies(t, func(have []byte) iter.Seq[edit] {
		return func(yield func(edit) bool) {
			root, ok := parseJSON(have)
			if !ok {
				return
			}
			l := &layouts[max(layoutOf(root), 0)]
			tail := have[len(bytes.TrimRight(have, " \t\r\n")):]
			root.objects(func(object *node) bool {
				return object.permuted(func() bool {
					return yield(edit{kind: KeyOrder, body: append(root.render(l, &keepStrings, asIs, nil), tail...)})
				})
			})
		}
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

// permuted puts the members of an object into each order in turn, and back.
func (n *node) permuted(each func() bool) bool {
	was := n.children
	defer func() { n.children = was }()
	for o := range permutations(len(was)) {
		n.children = make([]*node, len(was))
		for i, from := range o {
			n.children[i] = was[from]
		}
		if !each() {
			return false
		}
	}
	return true
}
