package record

import (
	"slices"
	"strings"
)

// Mask is a piece of an exchange that the history does not store. A placeholder replaces it.
type Mask struct {
	// Part is the text that contained the piece: "url", "target", "head", "chunks", "body", "field 3", "trailer 0", and
	// in the response "answer head", "answer body", "answer field 2".
	Part  string `json:"p"`
	At    int    `json:"a,omitempty"` // start of the placeholder in the stored text
	Shown int    `json:"w,omitempty"` // bytes of the placeholder; 0 where the previous one also stands for this piece
	Size  int    `json:"z"`           // bytes of the piece

	// description for people: "header Authorization", "query access_token", "body /customer/email"
	Name string `json:"n"`
	// Secret is the reference of the masked secret ("env:TOKEN"), "" for a piece that is no known secret. Proof tells
	// it from another secret under the same reference, Spelling is how the piece spells it, and Skip how many of its
	// first bytes the previous mask covers.
	Secret   string `json:"s,omitempty"`
	Proof    string `json:"h,omitempty"`
	Spelling string `json:"f,omitempty"`
	Skip     int    `json:"k,omitempty"`

	// Piece is the masked text. The history stores it only as long as an entry of the queue needs it.
	Piece string `json:"-"`
}

// Masked returns the distinct names of the masked pieces in the order of the message; none for an exact exchange.
func (x *Exchange) Masked() (names []string) {
	for _, m := range x.Masks {
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}

// BodySize returns the size of the request's original body in bytes, before masking.
func (x *Exchange) BodySize() int {
	size := len(x.Request.Body)
	for _, m := range x.Masks {
		if m.Part == "body" {
			size += m.Size - m.Shown
		}
	}
	return size
}

// IsLoose reports whether only its bytes can put the piece back. Of an answer nothing is.
func (m Mask) IsLoose() bool {
	return m.Secret == "" && m.Proof == "" && m.Piece != "" && !strings.HasPrefix(m.Part, "answer ")
}
