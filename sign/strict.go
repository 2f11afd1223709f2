package sign

import "strings"

// Timed reports whether the signature covers the time of signing, so that a captured message expires. An unsigned
// time in a header does not count.
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

// timeInContent reports whether the timestamp is a signed part of the body or the URL.
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

// Outlasts reports whether the scheme accepts messages of any age although their time is signed, so that a captured
// message may stay valid for ever.
func (s Scheme) Outlasts() bool {
	return s.Timed() && s.Tolerance.Past == NoLimit && (s.JWT == nil || !s.JWT.Expires)
}

// ShowsTime reports whether a message carries the timestamp of a scheme that signs one.
func (s Scheme) ShowsTime(m Message) bool {
	switch {
	case !s.Timed():
		return false
	case s.Time.In != "":
		if s.unwrap(&m) != nil {
			return true // a sender can make an ambiguous form show any timestamp
		}
		_, n := s.Time.In.Read(&m)
		return n > 0
	case s.Time.Key != "":
		var r reading
		value, _ := s.readCarrier(&m, 0)
		_ = s.readValue(value, &r)
		return r.stamped
	}
	return true // in the token or in the signature's parameters
}
