package proof

import (
	"cmp"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
)

// Stricter reports whether a valid message of s proves more than a valid message of t. It compares, in this order:
// the time, the body, the sender and the address. Of equally strict schemes neither is stricter.
func Stricter(s, t sign.Scheme) bool { return strictness(&s) > strictness(&t) }

func strictness(s *sign.Scheme) (n int) {
	addressed := strings.Contains(s.Content, "{url}") || strings.Contains(s.Content, "{path}") || s.JWT != nil &&
		s.JWT.URL != ""
	for i, proves := range []bool{addressed, s.Auth != sign.Token, s.CoversBody(), s.Timed()} {
		if proves {
			n += 1 << i
		}
	}
	return n
}

// Strictest sorts the possible schemes of a message by how much they prove, most first, and keeps the order of
// equals. A scheme whose timestamp the message lacks ranks with those without a timestamp.
func Strictest(m sign.Message, schemes []sign.Scheme) {
	rank := make(map[string]int, len(schemes))
	for i := range schemes {
		n := strictness(&schemes[i])
		if schemes[i].Timed() && !schemes[i].ShowsTime(m) {
			n = -1
		}
		rank[schemes[i].Name] = n
	}
	slices.SortStableFunc(schemes, func(a, b sign.Scheme) int { return cmp.Compare(rank[b.Name], rank[a.Name]) })
}
