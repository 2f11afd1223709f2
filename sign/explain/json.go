package explain

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"strings"
)

// node is a JSON value with its literals as written: decoding numbers to floats or strings to text would compare our
// own serialisation.
type node struct {
	kind     byte   // { [ " 0 (number) or w (true, false, null)
	raw      []byte // the whole value
	key      []byte // key in its object, with quotes
	children []*node
}

// Limits on the JSON that is parsed.
const (
	maxDepth = 512
	maxNodes = 1 << 20
)

// parser reads JSON from the beginning of rest. It is as lenient as possible without guessing.
type parser struct {
	rest  []byte
	nodes int
}

// parseJSON reads a body that is one object or array, with white space and a byte order mark around it.
func parseJSON(body []byte) (*node, bool) {
	p := parser{rest: bytes.TrimPrefix(body, utf8BOM)}
	root, ok := p.value(0)
	if !ok || p.peek() != 0 || len(p.rest) > 0 || root.kind != '{' && root.kind != '[' {
		return nil, false
	}
	return root, true
}

// peek skips white space and returns the byte there, 0 at the end.
func (p *parser) peek() byte {
	p.rest = bytes.TrimLeft(p.rest, " \t\r\n")
	if len(p.rest) == 0 {
		return 0
	}
	return p.rest[0]
}

func (p *parser) take(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *parser) value(depth int) (*node, bool) {
	c := p.peek()
	before := p.rest
	n := &node{}
	if p.nodes++; p.nodes > maxNodes || depth > maxDepth {
		return nil, false
	}
	ok := false
	switch {
	case c == '{' || c == '[':
		n.kind = c
		ok = p.container(n, depth)
	case c == '"':
		n.kind, ok = '"', p.text() != nil
	case c == '-' || '0' <= c && c <= '9':
		n.kind, ok = '0', true
		p.rest = p.rest[wordEnd(p.rest):]
	case 'a' <= c && c <= 'z':
		n.kind = 'w'
		word := p.rest[:wordEnd(p.rest)]
		p.rest = p.rest[len(word):]
		ok = string(word) == "true" || string(word) == "false" || string(word) == "null"
	}
	n.raw = before[:len(before)-len(p.rest)]
	return n, ok
}

// wordEnd returns the length of a number or literal.
func wordEnd(b []byte) int {
	if i := bytes.IndexAny(b, "{}[],:\" \t\r\n"); i >= 0 {
		return i
	}
	return len(b)
}

// text reads a string and returns it with its quotes; nil when it does not end.
func (p *parser) text() []byte {
	end := stringEnd(p.rest)
	if end < 0 {
		return nil
	}
	text := p.rest[:end]
	p.rest = p.rest[end:]
	return text
}

// stringEnd returns the length of the string at the beginning of b, quotes included; -1 when it does not end.
func stringEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func (p *parser) container(n *node, depth int) bool {
	closing := n.kind + 2
	p.rest = p.rest[1:]
	if p.take(closing) {
		return true
	}
	for {
		var key []byte
		if n.kind == '{' {
			if p.peek() != '"' {
				return false
			}
			if key = p.text(); key == nil || !p.take(':') {
				return false
			}
		}
		child, ok := p.value(depth + 1)
		if !ok {
			return false
		}
		child.key = key
		n.children = append(n.children, child)
		if p.take(closing) {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

// at returns the value at a path of keys joined by dots.
func (n *node) at(path string) (*node, bool) {
	for part := range strings.SplitSeq(path, ".") {
		i := slices.IndexFunc(n.children, func(c *node) bool { return string(c.key) == `"`+part+`"` })
		if i < 0 {
			return nil, false
		}
		n = n.children[i]
	}
	return n, true
}

// sortedCopy returns the value with the keys of all objects in byte order.
func (n *node) sortedCopy() *node {
	return n.sortedBy(func(a, b *node) int { return bytes.Compare(sortKey(a.key), sortKey(b.key)) })
}

// integersFirst returns the value in the order of a JavaScript object: keys that are array indexes first, by number.
func (n *node) integersFirst() *node {
	return n.sortedBy(func(a, b *node) int { return cmp.Compare(indexOf(a.key), indexOf(b.key)) })
}

func (n *node) sortedBy(compare func(a, b *node) int) *node {
	to := *n
	to.children = make([]*node, len(n.children))
	for i, c := range n.children {
		to.children[i] = c.sortedBy(compare)
	}
	if n.kind == '{' {
		slices.SortStableFunc(to.children, compare)
	}
	return &to
}

func sortKey(key []byte) []byte {
	if bytes.IndexByte(key, '\\') < 0 {
		return key[1 : len(key)-1]
	}
	text, _ := decodeString(key[1 : len(key)-1])
	return text
}

// indexOf returns the number of a key that is an array index, else a number above all of them.
func indexOf(key []byte) int64 {
	digits := key[1 : len(key)-1]
	const none = 1 << 32
	if len(digits) == 0 || len(digits) > 10 || digits[0] == '0' && len(digits) > 1 {
		return none
	}
	var index int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return none
		}
		index = 10*index + int64(c-'0')
	}
	return min(index, none)
}

// openAtEnd returns the brackets that a truncated JSON text leaves open, outermost first, and whether it ends inside a
// string. ok is false if the text is complete, does not begin like JSON, or nests too deeply.
func openAtEnd(b []byte) (open []byte, inString, ok bool) {
	start := bytes.TrimLeft(b, " \t\r\n")
	if len(start) == 0 || start[0] != '{' && start[0] != '[' {
		return nil, false, false
	}
	for i := 0; i < len(start); i++ {
		switch c := start[i]; c {
		case '"':
			end := stringEnd(start[i:])
			if end < 0 {
				return open, true, true
			}
			i += end - 1
		case '{', '[':
			if open = append(open, c); len(open) > maxDepth {
				return nil, false, false
			}
		case '}', ']':
			if len(open) == 0 || open[len(open)-1] != c-2 {
				return nil, false, false
			}
			open = open[:len(open)-1]
		}
	}
	return open, false, len(open) > 0
}

// permutations yields the orders of a few things except the present one. The slice is reused.
func permutations[T any](things []T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		isFirst := true
		permute(slices.Clone(things), 0, func(o []T) bool {
			if isFirst {
				isFirst = false
				return true
			}
			return yield(o)
		})
	}
}

func permute[T any](order []T, from int, yield func([]T) bool) bool {
	if from >= len(order)-1 {
		return yield(order)
	}
	for i := from; i < len(order); i++ {
		order[from], order[i] = order[i], order[from]
		goOn := permute(order, from+1, yield)
		order[from], order[i] = order[i], order[from]
		if !goOn {
			return false
		}
	}
	return true
}
