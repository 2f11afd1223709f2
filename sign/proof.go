package sign

import "strings"

// TimeSigned reports whether the timestamp is part of what is signed; true also where there is none. Where it is not,
// anybody can send an old message with a new time.
func (s Scheme) TimeSigned() bool {
	return s.Time.Unit == "" || s.JWT != nil || strings.Contains(s.Content, "{ts}") || s.Code == RFC9421 ||
		s.Code != "" && s.Auth != Token || s.Time.In != "" && s.Signs(s.Time.In)
}

// Separated reports whether each part of the signed content can be told from the next: between two that the sender
// fills freely stands some text. Where it does not, the end of one can pass for the beginning of the other under one
// signature.
func (s Scheme) Separated() bool {
	before := false
	for rest := s.Content; rest != ""; {
		var p Piece
		p, rest = nextPiece(rest)
		free := p.Named && isFree(p.Text)
		if before && free {
			return false
		}
		before = free
	}
	return true
}

// isFree reports whether a name in a template stands for text of any length that the sender chooses. The secret and
// params are the receiver's, a SHA-256 has 64 digits, a JSON string ends at its quote.
func isFree(name string) bool {
	switch name {
	case "secret", "lb", "rb", "body|sha256hex", "body|json":
		return false
	}
	return !strings.HasPrefix(name, "param.")
}

// Weaknesses are what the row itself admits of its proof, each one clause; none of most schemes.
func (s Scheme) Weaknesses() []string {
	var all []string
	if s.UnsignedTime {
		all = append(all, "the time is not signed: whoever has one webhook can send it again under another time")
	}
	if s.NoSeparator {
		all = append(all, "nothing separates the signed parts: the end of one can pass for the beginning of the next")
	}
	return all
}
