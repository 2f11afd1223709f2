package sign

import (
	"cmp"
	"slices"
	"strings"
)

// Timed reports whether the signature covers the time it was made at, so that a captured message does not stay good for ever.
// A time that stands in a header and is not signed is not counted.
func (s Scheme) Timed() bool {
	switch {
	case s.Auth == Token:
		return false
	case s.JWT != nil:
		return s.JWT.Expires || s.Time.Unit != ""
	case s.Time.Unit == "":
		return false
	}
	return s.Code != "" || strings.Contains(s.Content, "{ts}") || s.timeInContent()
}

// timeInContent reports whether the timestamp is part of the body or the URL, and signed as such.
func (s *Scheme) timeInContent() bool {
	switch s.Time.In.kind() {
	case "json":
		return strings.Contains(s.Content, "{body")
	case "form":
		return strings.Contains(s.Content, "{body") || strings.Contains(s.Content, "{form|")
	case "query":
		return strings.Contains(s.Content, "{url}")
	}
	return false
}

// Outlasts reports whether a message of the scheme is accepted at any age, although its time is signed: where nothing else
// ends its life, a captured one stays good for ever.
func (s Scheme) Outlasts() bool {
	return s.Timed() && s.Tolerance.Past == NoLimit && (s.JWT == nil || !s.JWT.Expires)
}

// Stricter reports whether a valid message of s proves more than one of t: first that it is fresh, then what its body says,
// then who sent it, then the address it was sent to. Equally strict schemes are stricter than neither.
func (s Scheme) Stricter(t Scheme) bool { return s.strictness() > t.strictness() }

func (s *Scheme) strictness() (n int) {
	addressed := strings.Contains(s.Content, "{url}") || strings.Contains(s.Content, "{path}") || s.JWT != nil && s.JWT.URL != ""
	for i, proves := range []bool{addressed, s.Auth != Token, s.CoversBody(), s.Timed()} {
		if proves {
			n += 1 << i
		}
	}
	return n
}

// ShowsTime reports whether a message carries the scheme's timestamp, so that only its absence, and not the want of a
// signature, keeps the scheme from reading it.
func (s Scheme) ShowsTime(m Message) bool {
	switch {
	case !s.Timed():
		return false
	case s.Time.In != "":
		if s.unwrap(&m) != nil {
			return true // a form that may be read in several ways shows whatever a sender wants
		}
		_, n := s.Time.In.Read(&m)
		return n > 0
	case s.Time.Key != "":
		var r reading
		value, _ := s.readCarrier(&m, 0)
		_ = s.readValue(value, &r)
		return r.stamped
	}
	return true // in the token, or in the parameters of the signature
}

// Strictest sorts the schemes that a message may be of: those that prove most come first, and of equal ones the order stays.
// A scheme whose timestamp the message lacks comes with those that have none.
func Strictest(m Message, schemes []Scheme) {
	rank := make(map[string]int, len(schemes))
	for i := range schemes {
		n := schemes[i].strictness()
		if schemes[i].Timed() && !schemes[i].ShowsTime(m) {
			n = -1
		}
		rank[schemes[i].Name] = n
	}
	slices.SortStableFunc(schemes, func(a, b Scheme) int { return cmp.Compare(rank[b.Name], rank[a.Name]) })
}
