package compare

import (
	"slices"
	"strconv"
	"strings"
)

// pair is a place in each of two lists.
type pair struct{ a, b int }

// most is how large a table of the longest common subsequence may be. Longer lists are compared place by place between
// their common beginning and end.
const most = 1 << 20

// matching returns which elements of two lists belong together: a longest common subsequence, in order.
func matching(n, m int, same func(i, j int) bool) (found []pair) {
	i := 0
	for i < n && i < m && same(i, i) {
		found, i = append(found, pair{i, i}), i+1
	}
	end := 0
	for end < n-i && end < m-i && same(n-1-end, m-1-end) {
		end++
	}
	found = append(found, between(i, n-end, m-end, same)...)
	for k := end; k > 0; k-- {
		found = append(found, pair{n - k, m - k})
	}
	return found
}

// between is matching for the parts from a place on that begin and end differently.
func between(from, n, m int, same func(i, j int) bool) (found []pair) {
	rows, columns := n-from, m-from
	if rows <= 0 || columns <= 0 {
		return nil
	}
	if rows > most/columns {
		for i := from; i < min(n, m); i++ {
			if same(i, i) {
				found = append(found, pair{i, i})
			}
		}
		return found
	}
	width := columns + 1
	length := make([]int32, (rows+1)*width) // of the longest common subsequence of what follows
	for i := rows - 1; i >= 0; i-- {
		for j := columns - 1; j >= 0; j-- {
			if same(from+i, from+j) {
				length[i*width+j] = length[(i+1)*width+j+1] + 1
			} else {
				length[i*width+j] = max(length[(i+1)*width+j], length[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < rows && j < columns; {
		switch {
		case same(from+i, from+j) && length[i*width+j] == length[(i+1)*width+j+1]+1:
			found = append(found, pair{from + i, from + j})
			i, j = i+1, j+1
		case length[(i+1)*width+j] >= length[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return found
}

// lines compares two texts by line. Lines that stand between equal ones are one difference.
func lines(a, b string) (all []Difference) {
	old, now := strings.Split(a, "\n"), strings.Split(b, "\n")
	matches := matching(len(old), len(now), func(i, j int) bool { return old[i] == now[j] })
	i, j := 0, 0
	for _, m := range append(matches, pair{len(old), len(now)}) {
		at := i // of a line that only b has, its place in b
		if i == m.a {
			at = j
		}
		if i < m.a || j < m.b {
			all = append(all, Difference{Part: Body, Name: "line " + strconv.Itoa(at+1),
				Old: joined(old[i:m.a]), New: joined(now[j:m.b])})
		}
		i, j = m.a+1, m.b+1
	}
	return slices.Clip(all)
}

func joined(lines []string) *string {
	if len(lines) == 0 {
		return nil
	}
	return new(strings.Join(lines, "\n"))
}
