package redact

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// Missing is a piece of an exchange that cannot be restored.
type Missing struct {
	Mask record.Mask
	Why  string // "secret env:TOKEN is not given", for people
}

// Restore returns the exchange with the masked pieces of its request restored to the byte: secrets that the Redactor
// has, and pieces whose bytes are in their mask's Piece. Other pieces are returned as missing and stay masked. x is not
// changed. The response stays masked, because it is not sent again.
func (r *Redactor) Restore(x *record.Exchange) (restored *record.Exchange, missing []Missing) {
	if len(x.Masks) == 0 {
		return x, nil
	}
	restored = copyOf(x)
	restored.Masks = nil
	for masks := x.Masks; len(masks) > 0; {
		part, n := masks[0].Part, 1
		for n < len(masks) && masks[n].Part == part {
			n++
		}
		of := masks[:n]
		masks = masks[n:]
		if strings.HasPrefix(part, answerName) {
			continue
		}
		there := edit(restored, part, func(text string) string {
			text, left, gone := r.restoreText(text, of)
			restored.Masks, missing = append(restored.Masks, left...), append(missing, gone...)
			return text
		})
		if !there {
			missing = append(missing, Missing{of[0], "the history does not say where it was"})
		}
	}
	return restored, missing
}

// restoreText restores the pieces of one text. It returns the other masks with their new positions.
func (r *Redactor) restoreText(text string, masks []record.Mask) (out string, left []record.Mask, missing []Missing) {
	var b strings.Builder
	end := 0
	for _, m := range masks {
		if m.At < end || m.Shown < 0 || m.At+m.Shown > len(text) {
			return text, masks, []Missing{{m, "the history does not say where it was"}}
		}
		placeholder := text[m.At : m.At+m.Shown]
		b.WriteString(text[end:m.At])
		end = m.At + m.Shown
		piece, why := r.pieceOf(m)
		if why != "" {
			missing = append(missing, Missing{m, why})
			piece, m.At = placeholder, b.Len()
			left = append(left, m)
		}
		b.WriteString(piece)
	}
	b.WriteString(text[end:])
	return b.String(), left, missing
}

// pieceOf returns the original text of a mask, or why it is unknown.
func (r *Redactor) pieceOf(m record.Mask) (piece, why string) {
	switch {
	case m.Piece != "" && len(m.Piece) == m.Size:
		return m.Piece, ""
	case m.Secret == "" && m.Proof == "":
		return "", m.Name + " is not in the history"
	}
	why = "secret " + m.Secret + " is not given"
	for _, k := range r.likeliestFirst(m.Secret) {
		if !k.proves(m.Proof) {
			if k.ref == m.Secret {
				why = "secret " + m.Secret + " is not the one it came with"
			}
			continue
		}
		piece, err := write(k.key, m.Spelling)
		if err != nil || m.Skip < 0 || m.Skip > len(piece) || len(piece)-m.Skip != m.Size {
			return "", "secret " + m.Secret + ": " + errSpelling.Error()
		}
		return piece[m.Skip:], ""
	}
	return "", why
}

// likeliestFirst returns the secrets, those with the reference ref first: checking a secret's proof is slow.
func (r *Redactor) likeliestFirst(ref string) []*known {
	sorted := slices.Clone(r.known())
	slices.SortStableFunc(sorted, func(a, b *known) int { return a.unlikely(ref) - b.unlikely(ref) })
	return sorted
}
