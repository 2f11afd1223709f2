package engine

import (
	"cmp"
	"slices"
	"sort"
)

// Within cuts spans to one, joins what overlaps and sorts them; no spans mean all of it.
func Within(all Range, spans []Range) (out []Range) {
	if len(spans) == 0 {
		spans = []Range{all}
	}
	byStart := func(a, b Range) int { return cmp.Compare(a.From, b.From) }
	for _, r := range slices.SortedFunc(slices.Values(spans), byStart) {
		r.From, r.To = max(r.From, all.From), min(r.To, all.To)
		switch last := len(out) - 1; {
		case r.From > r.To:
		case last >= 0 && r.From <= out[last].To:
			out[last].To = max(out[last].To, r.To)
		default:
			out = append(out, r)
		}
	}
	return out
}

// Holds reports whether an id is in one of some spans, lowest first.
func Holds(spans []Range, id int64) bool {
	i := sort.Search(len(spans), func(i int) bool { return spans[i].To >= id })
	return i < len(spans) && spans[i].From <= id
}
