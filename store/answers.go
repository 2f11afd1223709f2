package store

import (
	"database/sql/driver"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
)

// An answer whose head came before, but for its date, and whose body is short is a few columns of its exchange: a name,
// the date and the body. Any other has a row in the table of responses.
const (
	longestNamed     = 1 << 10 // bytes of such a head
	longestNamedBody = 64      // bytes
	firstSeen        = 16      // heads of which the writer remembers that they came once
)

// told is what the head of an answer says, and the head without its date.
type told struct {
	record.Response
	rest string
	date driver.Value // nil: nothing was cut out
}

func toldBy(head string) *told {
	t := &told{Response: record.ResponseOf(head)}
	rest, at, ok := record.CutDate(head)
	if t.rest = rest; ok {
		t.date = at
	}
	return t
}

// canBeNamed reports whether the head and the body are all that there is to keep, and short enough.
func (a *answer) canBeNamed() bool {
	return a.head != "" && a.fields == nil && a.proto == nil && a.reason == nil && len(a.rest) <= longestNamed &&
		len(a.body) <= longestNamedBody
}

// appendNamed appends the columns of an answer that needs no row of its own, and notes in it that it needs none.
func (n *names) appendNamed(row []driver.Value, a *answer) []driver.Value {
	if a == nil || !a.canBeNamed() || !n.cameBefore(a.rest) {
		if a != nil {
			a.named = false
		}
		return append(row, nil, nil, nil)
	}
	a.named = true
	return append(row, n.id(nameAnswer, a.rest), a.date, bytesOf(a.body))
}

// cameBefore reports whether a head is a name already, or came before to this writer. Servers that put a new id into
// each head would fill the table of names.
func (n *names) cameBefore(head string) bool {
	if _, ok := n.known[word{nameAnswer, head}]; ok || n.seen[head] {
		return true
	}
	if n.seen == nil || len(n.seen) >= firstSeen {
		n.seen = make(map[string]bool, firstSeen)
	}
	n.seen[head] = true
	return false
}

// readNamed reads the columns of appendNamed into the answer; of an answer with a row of its own it reads nothing.
func readNamed(c *sqlite.Row, r *record.Response, name *nameReader) (found bool) {
	head, hasDate := name.of(c.Number()), (*c)[0] != nil
	date, body := c.Number(), c.Bytes()
	if r == nil || head == "" {
		return false
	}
	if hasDate {
		head = record.PutDate(head, date)
	}
	said := record.ResponseOf(head)
	r.Head, r.Header, r.Proto, r.Reason, r.Body = head, said.Header, said.Proto, said.Reason, body
	return true
}
