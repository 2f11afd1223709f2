package sign

import "strings"

// Timed reports whether the signature covers the time it was made at, so that a captured message does not stay good for
// ever. A time that stands in a header and is not signed is not counted.
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

// Outlasts reports whether a message of the scheme is accepted at any age, although its time is signed: where nothing
// else ends its life, a captured one stays good for ever.
func (s Scheme) Outlasts() bool {
	return s.Timed() && s.Tolerance.Past == NoLimit && (s.JWT == nil || !s.JWT.Expires)
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
