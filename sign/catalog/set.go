package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
)

// Set is the catalogue with a user's own schemes before it. The zero value, and nil, are the catalogue alone.
type Set struct {
	Own []sign.Scheme // valid, with names that are not in the catalogue
}

// own returns the user's schemes.
func (s *Set) own() []sign.Scheme {
	if s == nil {
		return nil
	}
	return s.Own
}

// Lookup returns a copy of the user's scheme with that name, or of the catalogue's with that name or alias.
func (s *Set) Lookup(name string) (sign.Scheme, bool) {
	own := s.own()
	if i := slices.IndexFunc(own, func(o sign.Scheme) bool { return o.Name == name }); i >= 0 {
		return own[i].Clone(), true
	}
	return Lookup(name)
}

// Name returns the name of the scheme with a name or alias in any case. It returns an unknown name unchanged.
func (s *Set) Name(name string) string {
	if scheme, ok := s.Lookup(strings.ToLower(name)); ok {
		return scheme.Name
	}
	return name
}

// All returns copies of the user's schemes, then of the catalogue's.
func (s *Set) All() []sign.Scheme {
	own := s.own()
	all := make([]sign.Scheme, 0, len(own)+len(rows))
	for i := range own {
		all = append(all, own[i].Clone())
	}
	return append(all, All()...)
}

// commonTypes are the fields of a JSON body in which most providers write the event type.
var commonTypes = []sign.Place{"json:type", "json:event", "json:event_type", "json:eventType", "json:event.type"}

// Event returns the event type of a message whose scheme is not known, as sign.Scheme.Event does: from where a scheme
// of the user has it, else from a header in which a provider writes it, else from a field in which most of them do.
func (s *Set) Event(m sign.Message) string {
	for _, schemes := range [][]sign.Scheme{s.own(), rows[:]} {
		for i := range schemes {
			place := schemes[i].EventIn
			if place == "" || &schemes[0] == &rows[0] && !strings.HasPrefix(string(place), "header:") {
				continue
			}
			if event := (sign.Scheme{EventIn: place}).Event(m); event != "" {
				return event
			}
		}
	}
	for _, place := range commonTypes {
		if event := (sign.Scheme{EventIn: place}).Event(m); event != "" {
			return event
		}
	}
	return ""
}

// Detect returns the schemes that a message may be signed with: the best fit first, the user's before others with
// an equal fit, none when nothing fits. See sign.Scheme.Fits.
func (s *Set) Detect(m sign.Message) []sign.Scheme {
	type fit struct {
		scheme *sign.Scheme
		score  int
	}
	var fits []fit
	for _, schemes := range [][]sign.Scheme{s.own(), rows[:]} {
		for i := range schemes {
			if score := schemes[i].Fits(&m); score > 0 {
				fits = append(fits, fit{&schemes[i], score})
			}
		}
	}
	slices.SortStableFunc(fits, func(a, b fit) int { return cmp.Compare(b.score, a.score) })
	found := make([]sign.Scheme, len(fits))
	for i, f := range fits {
		found[i] = f.scheme.Clone()
	}
	return found
}
