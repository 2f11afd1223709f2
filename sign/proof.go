package sign

import "strings"

// TimeSigned reports whether the timestamp is signed, true for a scheme without one. An attacker can send an old
// message with a new time where the timestamp is not signed.
func (s Scheme) TimeSigned() bool {
	return s.Time.Unit == "" || s.JWT != nil || strings.Contains(s.Content, "{ts}") || s.Code == RFC9421 ||
		s.Code != "" && s.Auth != Token || s.Time.In != "" && s.Signs(s.Time.In)
}

// Separated reports whether fixed text stands between any two signed parts that the sender fills freely. Without
// it, the end of one part can pass for the beginning of the next under the same signature.
func (s Scheme) Separated() bool {
	before := false
	for p := range Pieces(s.Content) {
		free := p.Named && isFree(p.Text)
		if before && free {
			return false
		}
		before = free
	}
	return true
}

// isFree reports whether a name in a template stands for text of any length that the sender chooses. The receiver
// chooses the secret and the params, a SHA-256 has 64 digits, and a JSON string ends at its quote.
func isFree(name string) bool {
	switch name {
	case "secret", "lb", "rb", "body|sha256hex", "body|json":
		return false
	}
	return !strings.HasPrefix(name, "param.")
}

// Weaknesses returns the known weaknesses of the scheme's row, one clause each; most schemes have none.
func (s Scheme) Weaknesses() []string {
	var all []string
	if s.UnsignedTime {
		all = append(all, "the time is not signed: anyone with one webhook can send it again with another time")
	}
	if s.NoSeparator {
		all = append(all, "nothing separates the signed parts, so that the end of one can be moved to the beginning "+
			"of the next")
	}
	return all
}
