package senders

import (
	"cmp"
	"slices"
	"time"
)

// Grade is the quality of a sender in a word.
type Grade string

// The grades.
const (
	NotJudged Grade = "not judged" // no webhook needed a second attempt
	Good      Grade = "good"
	Flawed    Grade = "flawed" // one fault
	Poor      Grade = "poor"   // several faults
)

// Sender is the origin of the webhooks of one scheme to one path.
type Sender struct {
	Scheme, Path string
	Deliveries   []*Delivery // in the order of their first attempts
	Attempts     int
	Again        int // deliveries with several attempts
	Ends         map[End]int
	Spacing      Spacing // of most deliveries
	Jitter       Finding
	Conduct

	Grade  Grade
	Faults []string // a few words each
}

// Judge grades the senders of attempts, which may be in any order. now decides whether another attempt may still come.
func Judge(attempts []Attempt, now time.Time) []*Sender {
	type key struct{ scheme, path string }
	by := map[key][]Attempt{}
	for _, a := range attempts {
		k := key{a.Scheme, a.Path}
		by[k] = append(by[k], a)
	}
	var all []*Sender
	for k, own := range by {
		slices.SortFunc(own, func(a, b Attempt) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) })
		s := &Sender{Scheme: k.scheme, Path: k.path, Attempts: len(own), Deliveries: deliveries(own), Ends: map[End]int{}}
		s.evaluate(now)
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Sender) int {
		return cmp.Or(cmp.Compare(a.Scheme, b.Scheme), cmp.Compare(a.Path, b.Path))
	})
	return all
}

func (s *Sender) evaluate(now time.Time) {
	s.Conduct = newConduct()
	spacings := map[Spacing]int{}
	needed := 0
	for _, d := range s.Deliveries {
		d.evaluate(now)
		s.add(&d.Conduct)
		s.Ends[d.End]++
		spacings[d.Spacing]++
		if len(d.Attempts) > 1 {
			s.Again++
		}
		if first := &d.Attempts[0]; len(d.Attempts) > 1 || first.Status == 410 {
			needed++
		}
	}
	delete(spacings, NoSpacing)
	for kind, n := range spacings {
		if best := spacings[s.Spacing]; n > best || n == best && kind < s.Spacing {
			s.Spacing = kind
		}
	}
	s.Jitter = jitter(s.Deliveries)
	s.Faults = s.faults()
	switch {
	case len(s.Faults) > 1:
		s.Grade = Poor
	case len(s.Faults) == 1:
		s.Grade = Flawed
	case needed == 0:
		s.Grade = NotJudged
	default:
		s.Grade = Good
	}
}
