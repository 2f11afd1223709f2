package record

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// Whole describes a body whose end was not kept.
type Whole struct {
	Length int64    // bytes
	SHA256 [32]byte // of all of it
}

// Truncate leaves the exchange at most limit bytes of its request's body and marks it when there were more. The framing
// of chunks goes with the rest of the body.
func (x *Exchange) Truncate(limit int) {
	r := &x.Request
	if len(r.Body) <= limit {
		return
	}
	r.Whole = &Whole{Length: int64(len(r.Body)), SHA256: sha256.Sum256(r.Body)}
	r.Body, r.Chunks = bytes.Clone(r.Body[:limit]), ""
	x.Marks = append(slices.Clone(x.Marks), Mark{Kind: Truncated})
}
