package live

import (
	"slices"

	"github.com/barbhq/barb/commands/query"
)

// mostRows is how many of the newest rows are kept to choose from.
const mostRows = 1000

// row is a webhook of the list.
type row struct {
	id       int64
	line     string // as it is shown: one line, escaped, without colour
	words    string // what the words of a filter look at, escaped
	verified bool   // its signature was found valid
	pinned   bool   // here, by a key
	selected bool   // the history said that the filter in force selects it

	seq int // counts the rows, from 1: ids come in another order where one answer takes longer
}

// list holds the rows that keys choose from, the newest last. The chosen row is the newest until the user chooses
// another.
type list struct {
	rows    []row
	last    int          // the seq of the newest row
	until   int          // rows that came later are not in the list yet; 0: all are in it
	byHand  int          // the seq of the row that was chosen; 0: the newest
	filter  *filter      // in force; nil: every row
	preview *query.Query // its words decide instead while a filter is typed; nil: none is
}

func (l *list) add(r row) {
	l.last++
	r.seq = l.last
	if len(l.rows) >= mostRows {
		l.rows = slices.Delete(l.rows, 0, len(l.rows)-mostRows+1)
	}
	l.rows = append(l.rows, r)
}

// pin notes that a row was pinned, or that it is not any more.
func (l *list) pin(seq int) {
	for i := range l.rows {
		if r := &l.rows[i]; r.seq == seq {
			r.pinned = !r.pinned
		}
	}
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
	if l.filter == nil && l.preview == nil {
		return rows
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !l.passes(&r) })
}

// passes reports whether the filter selects a row. A row that was not looked up in the history yet does not pass.
func (l *list) passes(r *row) bool {
	switch {
	case l.preview != nil:
		return l.preview.Has(r.words)
	case l.filter == nil:
		return true
	}
	return l.filter.Has(r.words) && (r.selected || !l.filter.Selects())
}

// news returns how many of the rows that came since the list stands still the filter lets through.
func (l *list) news() (n int) {
	for i := len(l.rows) - min(l.fresh(), len(l.rows)); i < len(l.rows); i++ {
		if l.passes(&l.rows[i]) {
			n++
		}
	}
	return n
}

// unjudged returns the rows that are still to be looked up in the history for the filter in force.
func (l *list) unjudged() []row {
	if l.filter == nil || !l.filter.Selects() {
		return nil
	}
	at, _ := slices.BinarySearchFunc(l.rows, l.filter.judged+1, func(r row, seq int) int { return r.seq - seq })
	return slices.Clone(l.rows[at:])
}

// judge notes which of some rows the filter in force selects. They come before all that are not judged.
func (l *list) judge(some []row, found query.Found) {
	if len(some) > 0 {
		l.filter.judged = some[len(some)-1].seq
	}
	l.filter.failed += found.Failed
	asked := map[int64]bool{}
	for _, r := range some {
		asked[r.id] = true
	}
	for i := range l.rows {
		if r := &l.rows[i]; asked[r.id] {
			r.selected = found.IDs[r.id]
		}
	}
}

// ids returns the ids of rows.
func ids(rows []row) []int64 {
	all := make([]int64, len(rows))
	for i, r := range rows {
		all[i] = r.id
	}
	return all
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
		if at >= 0 { // the row that is shown as chosen, also where the filter hides the chosen one
			l.byHand = some[at].seq
		}
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
