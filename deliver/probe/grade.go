package probe

import "slices"

// Grades are all grades, from the worst to the best.
var Grades = []string{"F", "C", "B", "A", "A*"}

// Counts are how many checks had which outcome.
type Counts struct {
	Pass    int `json:"pass"`
	Fail    int `json:"fail"`
	Warn    int `json:"warn"`
	Skip    int `json:"skip"`
	Unknown int `json:"unknown"`
}

// Count counts outcomes.
func Count(results []Result) (c Counts) {
	for _, r := range results {
		switch r.Outcome {
		case Pass:
			c.Pass++
		case Fail:
			c.Fail++
		case Warn:
			c.Warn++
		case Skip:
			c.Skip++
		case Unknown:
			c.Unknown++
		}
	}
	return c
}

// Grade returns F after a failed critical check, C after a major one, B after a minor one, else A; A* when the effects
// of duplicates were observed, too. A check without a decision counts as a smaller fault than the one it looks for:
// nothing was seen, but nothing was shown either.
func Grade(results []Result) string {
	grade := len(Grades) - 2
	passed := 0
	for _, r := range results {
		grade = min(grade, limit(&r))
		if r.observed && r.Outcome == Pass && slices.Contains([]string{"F1", "F2", "F4"}, r.ID) {
			passed++
		}
	}
	if grade == len(Grades)-2 && passed == 3 {
		grade++
	}
	return Grades[grade]
}

// limit is the best grade, as an index of Grades, that a result allows.
func limit(r *Result) int {
	best := map[Severity]int{Critical: 0, Major: 1, Minor: 2, Info: 3}
	switch {
	case r.Outcome == Fail:
		return best[r.Severity]
	case r.Outcome == Unknown && r.Severity != Info:
		return min(best[r.Severity]+1, 2)
	}
	return len(Grades) - 1
}

// AtLeast reports whether a grade is no worse than another.
func AtLeast(grade, least string) bool {
	return slices.Index(Grades, grade) >= slices.Index(Grades, least)
}
