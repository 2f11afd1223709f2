// Package ahead knows how answers are kept that were recorded before they went out. The table answered has a row for
// each run of exchanges: their ids follow each other and their answers have the same head.
package ahead

import (
	"cmp"
	"slices"
	"time"
)

// Ended is the value of the column ended of an exchange that was recorded with its answer.
const Ended = 2

// The columns that tell of the answer to an exchange e, NULL where none went out or the exchange was recorded without.
const (
	At   = "CASE e.ended WHEN 2 THEN (SELECT iif(w.first <= e.id, w.at, NULL) " + nearest + ") END"
	Head = "CASE e.ended WHEN 2 THEN (SELECT w.head " + nearest + ") END"
)

// nearest is the only run that may have e.
const nearest = "FROM answered w WHERE w.id >= e.id ORDER BY w.id LIMIT 1"

// WasAnswered is the condition that an exchange e which has a status was answered with it.
const WasAnswered = "(e.ended <> 2 OR " + At + " IS NOT NULL)"

// Insert keeps a run; its arguments are those of Row.
const Insert = "INSERT OR REPLACE INTO answered (id, first, at, head) VALUES (?, ?, ?, ?)"

// Clear removes the runs that another one covers; its arguments are those of Covered. A group that failed may be in the
// history all the same. The group that repeats it may have longer runs, and nearest would find those of the first.
const Clear = "DELETE FROM answered WHERE id >= ? AND id < ?"

// Answer went out to the exchange ID at a time in nanoseconds since 1970.
type Answer struct {
	ID, At int64
	Head   string
}

// Run is the answers to the exchanges from First to Last. At is when the last of them went out.
type Run struct {
	First, Last, At int64
	Head            string
}

// longest is the time between the first and the last answer of a run at most. A run has the time of its last answer, so
// an answer reads as at most so much later than it was. A commit that has to wait collects answers of seconds.
const longest = 10 * time.Millisecond

// Runs sorts answers and returns the runs that they make. Each answer is in exactly one of them.
func Runs(answers []Answer) (runs []Run) {
	slices.SortFunc(answers, func(a, b Answer) int { return cmp.Compare(a.ID, b.ID) })
	var began int64 // when the first answer of the last run went out
	for _, a := range answers {
		if last := len(runs) - 1; last >= 0 && runs[last].Last+1 == a.ID && runs[last].Head == a.Head {
			from, to := min(began, a.At), max(runs[last].At, a.At)
			if to-from <= int64(longest) {
				began, runs[last].Last, runs[last].At = from, a.ID, to
				continue
			}
		}
		began = a.At
		runs = append(runs, Run{First: a.ID, Last: a.ID, At: a.At, Head: a.Head})
	}
	return runs
}

// Row returns the run as a row of answered.
func (r *Run) Row() []any { return []any{r.Last, r.First, r.At, []byte(r.Head)} }

// Covered returns the ids, the second excluded, that other runs must not end with.
func (r *Run) Covered() []any { return []any{r.First, r.Last} }
