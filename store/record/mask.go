package record

import "slices"

// Mask is a piece of an exchange that the history does not keep. A placeholder stands where it was.
type Mask struct {
	// Part is the text of the exchange that the piece was cut from: "url", "target", "head", "chunks", "body", "field 3",
	// "trailer 0", and of the answer "answer head", "answer body", "answer field 2".
	Part  string `json:"p"`
	At    int    `json:"a,omitempty"` // where the placeholder begins in the text as it is kept
	Shown int    `json:"w,omitempty"` // bytes of the placeholder; 0 where the one before it stands for this piece too
	Size  int    `json:"z"`           // bytes of the piece

	// what the piece was, for people: "header Authorization", "query access_token", "body /customer/email"
	Name string `json:"n"`
	// Secret is the reference of the secret that the piece is ("env:TOKEN"), "" where it is none that barb was given.
	// Proof tells that secret from another under the same reference, Spelling is how the piece writes it, and Skip how
	// many bytes of that were cut away by the mask before.
	Secret   string `json:"s,omitempty"`
	Proof    string `json:"h,omitempty"`
	Spelling string `json:"f,omitempty"`
	Skip     int    `json:"k,omitempty"`

	// Piece is what was cut out. The history has it only as long as an entry of the queue needs it.
	Piece string `json:"-"`
}

// Masked are the names of what the history keeps no bytes of, each once, in the order of the message; none where an
// exchange is kept exactly.
func (x *Exchange) Masked() (names []string) {
	for _, m := range x.Masks {
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}

// BodySize is how many bytes of body the request had, whatever is masked of it.
func (x *Exchange) BodySize() int {
	size := len(x.Request.Body)
	for _, m := range x.Masks {
		if m.Part == "body" {
			size += m.Size - m.Shown
		}
	}
	return size
}
