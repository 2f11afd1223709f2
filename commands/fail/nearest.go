package fail

import (
	"slices"
	"strings"
)

// Nearest returns the known names that differ from name in at most two characters, of a name of three in one, and those
// that begin with it, ignoring case.
func Nearest(name string, known []string) []string {
	var near []string
	most := 2
	if len(name) <= 3 {
		most = 1
	}
	for _, k := range known {
		a, b := strings.ToLower(name), strings.ToLower(k)
		if strings.HasPrefix(b, a) || distance([]rune(a), []rune(b)) <= most {
			near = append(near, k)
		}
	}
	return near
}

// distance returns the number of characters to insert, delete or replace that turns a into b (Levenshtein).
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			replaced := diagonal
			if x != y {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// DidYouMean returns the hint for an unknown name: the nearest names after prefix or, if there are none, the command
// that lists all.
func DidYouMean(prefix string, near []string, all string) string {
	if len(near) == 0 {
		return all
	}
	asked := slices.Clone(near)
	for i, n := range near {
		asked[i] = prefix + n
	}
	return "did you mean " + strings.Join(asked, " or ") + "?"
}

// PlainNumber takes Go's own words out of the complaint about a number.
func PlainNumber(err error) string {
	text, _, found := strings.Cut(err.Error(), ": strconv.")
	if found {
		text += ": not a whole number"
	}
	return text
}
