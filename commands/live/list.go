package live

import (
	"slices"
	"strings"
)

// mostRows is how many of the newest rows are kept to choose from.
const mostRows = 1000

// row is a webhook of the list.
type row struct {
	id       int64
	line     string // as it is shown: one line, escaped, without colour
	words    string // what the filter looks at, escaped
	verified bool   // its signature was found valid

	seq int // counts the rows, from 1: ids come in another order where one answer takes longer
}

// list holds the rows that keys choose from, the newest last. The chosen row is the newest until the user chooses
// another.
type list struct {
	rows   []row
	last   int    // the seq of the newest row
	until  int    // rows that came later are not in the list yet; 0: all are in it
	byHand int    // the seq of the row that was chosen; 0: the newest
	filter string // words that a row must have, in any case
}

func (l *list) add(r row) {
	l.last++
	r.seq = l.last
	if len(l.rows) >= mostRows {
		l.rows = slices.Delete(l.rows, 0, len(l.rows)-mostRows+1)
	}
	l.rows = append(l.rows, r)
}

// fresh returns how many rows came since the list stands still.
func (l *list) fresh() int {
	if l.until == 0 {
		return 0
	}
	return l.last - l.until
}

// still has the list stand still: what comes is left out of it.
func (l *list) still() { l.until = max(l.last, 1) }

// matching returns the rows of the list that the filter lets through.
func (l *list) matching() []row {
	rows := l.rows[:len(l.rows)-min(l.fresh(), len(l.rows))]
	words := strings.Fields(strings.ToLower(l.filter))
	if len(words) == 0 {
		return rows
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
		text := strings.ToLower(r.words)
		return slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	})
}

// chosen returns the index of the chosen row in some, or of the next newer row when it is not among them; -1 when some
// is empty.
func (l *list) chosen(some []row) int {
	if l.byHand == 0 {
		return len(some) - 1
	}
	at, _ := slices.BinarySearchFunc(some, l.byHand, func(r row, seq int) int { return r.seq - seq })
	return min(at, len(some)-1)
}

// move chooses the row that many rows below the chosen one. Below the last one are those that came since.
func (l *list) move(by int) {
	some := l.matching()
	if at := l.chosen(some); at+by >= len(some) && l.fresh() > 0 {
		l.still()
		some = l.matching()
	}
	if at := l.chosen(some); at >= 0 {
		l.byHand = some[min(max(at+by, 0), len(some)-1)].seq
	}
}

// around returns up to n rows around the one at an index, and the index of that one among them.
func around(some []row, at, n int) ([]row, int) {
	first := max(min(at-n/2, len(some)-n), 0)
	return some[first:min(first+n, len(some))], at - first
}
