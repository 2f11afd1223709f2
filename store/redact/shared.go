package redact

import (
	"cmp"
	"slices"

	"github.com/barbhq/barb/store/record"
)

// Shared returns the exchange for a file that may leave the machine: without credentials, cookies and tokens, also
// where a signature was checked, and with masks where they were. without names what is masked for this alone: what the
// history itself has masked is not among it.
func (r *Redactor) Shared(x *record.Exchange) (shared *record.Exchange, without []string) {
	shared = r.Keep(x, true)
	if shared == x {
		return x, nil
	}
	for _, m := range shared.Masks {
		if m.Piece != Placeholder && !slices.Contains(without, m.Name) {
			without = append(without, m.Name)
		}
	}
	shared.Masks = together(x.Masks, shared.Masks)
	return shared, without
}

// together returns the masks of a text that was masked twice, those of a part one after the other.
func together(first, second []record.Mask) (all []record.Mask) {
	var parts []string
	for _, m := range slices.Concat(first, second) {
		if !slices.Contains(parts, m.Part) {
			parts = append(parts, m.Part)
		}
	}
	for _, part := range parts {
		of := func(masks []record.Mask) (of []record.Mask) {
			for _, m := range masks {
				if m.Part == part {
					of = append(of, m)
				}
			}
			return of
		}
		all = append(all, inOnePart(of(first), of(second))...)
	}
	return all
}

// inOnePart is together for one part. A place that was masked both times keeps its first mask, which may say which
// secret was there. What the second time masked together with other text has the second mask.
func inOnePart(first, second []record.Mask) []record.Mask {
	all := slices.Clone(second)
	for _, m := range first {
		moved := m.At // in the text that was masked twice
		isCovered := false
		for i, s := range second {
			from := moved // s begins here in what is its text up to m
			if s.At > from {
				break
			}
			if from < s.At+s.Size && s.Size > 0 {
				isCovered = true
				if from == s.At && s.Size == m.Shown {
					m.At = s.At
					all[i] = m
				}
				break
			}
			moved += s.Shown - s.Size
		}
		if !isCovered {
			m.At = moved
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b record.Mask) int { return cmp.Compare(a.At, b.At) })
	return all
}
