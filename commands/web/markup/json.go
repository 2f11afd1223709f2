package markup

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/ui"
)

const (
	// deepest is the deepest level that can be folded. What is deeper is one line.
	deepest = 40
	// mostNodes bounds the elements that one body becomes.
	mostNodes = 20_000
	// openNodes is up to how many members an object or array is open at first.
	openNodes = 200
	// firstLines are more lines than a screen shows. What is behind them, or folded, is between two Later.
	firstLines = 150
	// pieceLines and longPiece bound what is between two Later: the page puts it in without a pause that is felt.
	pieceLines = 150
	longPiece  = 4 << 10 // bytes of JSON
)

// Later stands before and behind markup that may come after the rest of the page. Nothing else has it: in text it
// becomes a mark.
const Later = "\x00"

// jsonTree writes JSON with each object and array in a details element. Punctuation is plain text: an element for
// each comma would be a third of all elements of a large body. It takes numbers, strings and names as they
// came, repeated names too. It reports whether the text is JSON, or the beginning of JSON if it is not whole.
func jsonTree(w *writer, text []byte, whole bool) bool {
	if !ui.LooksJSON(text, whole) {
		return false
	}
	t := tree{w: w, text: text}
	t.value(0, "")
	if t.at < len(text) {
		w.html(`<div class=over>`)
		w.lines(strings.TrimSpace(string(text[t.at:])))
		w.html(`</div>`)
	}
	return true
}

// tree reads JSON that was found valid, as far as it goes, and writes it.
type tree struct {
	w      *writer
	text   []byte
	at     int
	nodes  int
	live   int  // lines that are seen at once
	folded int  // how many folded ones the value is in
	late   bool // the value is between two Later
	since  int  // nodes before that piece
}

func (t *tree) blank() {
	for t.at < len(t.text) && strings.IndexByte(" \t\r\n", t.text[t.at]) >= 0 {
		t.at++
	}
}

// next is the next byte that is not blank; 0 at the end.
func (t *tree) next() byte {
	if t.blank(); t.at < len(t.text) {
		return t.text[t.at]
	}
	return 0
}

// value writes a value; key is its name as it came, with quotes, "" in an array. It returns false where the rest is
// left as it is.
func (t *tree) value(depth int, key string) bool {
	if t.nodes++; t.nodes > mostNodes {
		return false
	}
	c := t.next()
	if c != '{' && c != '[' {
		t.w.html(`<div>`)
		t.key(key)
		t.scalar()
		t.comma()
		t.w.html(`</div>`)
		return true
	}
	end := t.end()
	inner := t.text[t.at+1 : max(end-1, t.at+1)]
	if depth >= deepest || len(bytes.TrimSpace(inner)) == 0 {
		t.w.html(`<div>`)
		t.key(key)
		t.w.text(string(t.text[t.at:end]))
		t.at = end
		t.comma()
		t.w.html(`</div>`)
		return true
	}
	return t.branch(depth, key, c)
}

// branch writes an object or an array that has members.
func (t *tree) branch(depth int, key string, c byte) bool {
	_, members := extent(t.text[t.at:])
	t.at++
	if members > openNodes {
		t.w.html(`<details><summary data-n="`)
		t.folded++
		defer func() { t.folded-- }()
	} else {
		t.w.html(`<details open><summary data-n="`)
	}
	unit := ` items">`
	if c == '{' {
		unit = ` keys">`
	}
	t.w.html(strconv.Itoa(members) + unit)
	t.key(key)
	t.w.html(string(c) + `</summary><div class=in>`)
	ok, mine := true, false
	for ok && t.next() != 0 && t.text[t.at] != '}' && t.text[t.at] != ']' {
		name := ""
		if c == '{' {
			name = t.quoted()
			if t.next() == ':' {
				t.at++
			}
		}
		mine = t.piece(mine)
		ok = t.value(depth+1, name)
	}
	if mine {
		t.between(false)
	}
	t.w.html(`</div>`)
	if c = t.next(); ok && c != 0 {
		t.at++
		t.w.html(string(c))
		t.comma()
	}
	t.w.html(`</details>`)
	return ok
}

// piece reports whether the next member of a branch comes later. It begins a piece for the member, or goes on with the
// piece that began in this branch (mine). A long member gets no piece: its own members have pieces.
func (t *tree) piece(mine bool) bool {
	if t.late && !mine {
		return false // all of the branch comes later
	}
	c := t.next()
	long := (c == '{' || c == '[') && t.end()-t.at > longPiece
	if mine && (long || t.nodes-t.since >= pieceLines) {
		t.between(false)
	}
	if t.folded == 0 && t.live < firstLines {
		t.live++
		return false
	}
	if !t.late && !long {
		t.between(true)
	}
	return t.late
}

// between begins a piece that comes later, or ends it.
func (t *tree) between(late bool) {
	t.w.html(Later)
	t.late, t.since = late, t.nodes
}

func (t *tree) key(key string) {
	if key != "" {
		t.w.html(`<span class=k>`)
		t.w.text(key)
		t.w.html(`</span>: `)
	}
}

func (t *tree) comma() {
	if t.next() == ',' {
		t.at++
		t.w.html(`,`)
	}
}

// quoted reads a string with its quotes.
func (t *tree) quoted() string {
	t.blank()
	start := t.at
	for t.at++; t.at < len(t.text); t.at++ {
		switch t.text[t.at] {
		case '\\':
			t.at++
		case '"':
			t.at++
			return string(t.text[start:t.at])
		}
	}
	t.at = len(t.text)
	return string(t.text[start:])
}

func (t *tree) scalar() {
	class, start := `<span class=l>`, t.at
	switch c := t.next(); {
	case c == '"':
		t.w.html(`<span class=s>`)
		t.w.text(t.quoted())
		t.w.html(`</span>`)
		return
	case c == '-' || c >= '0' && c <= '9':
		class = `<span class=d>`
	}
	for t.at < len(t.text) && strings.IndexByte(" \t\r\n,]}", t.text[t.at]) < 0 {
		t.at++
	}
	t.w.html(class)
	t.w.text(string(bytes.TrimSpace(t.text[start:t.at])))
	t.w.html(`</span>`)
}

// end returns where the object or array that begins here ends, or the end of the text.
func (t *tree) end() int {
	length, _ := extent(t.text[t.at:])
	return t.at + length
}

// extent returns how many bytes the object or array at the beginning of text takes, and how many members it has, as far
// as it is there. An empty one counts as one member.
func extent(text []byte) (length, members int) {
	depth, quoted := 0, false
	members = 1
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1, members
			}
		case c == ',' && depth == 1:
			members++
		}
	}
	return len(text), members
}
