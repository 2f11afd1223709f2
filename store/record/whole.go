package record

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// Whole describes the original body when only its beginning was stored.
type Whole struct {
	Length int64    // in bytes
	SHA256 [32]byte // of the whole body
}

// Truncate shortens the request's body to at most limit bytes, and marks the exchange if it was longer. It also drops
// the framing of chunks.
func (x *Exchange) Truncate(limit int) {
	r := &x.Request
	if len(r.Body) <= limit {
		return
	}
	r.Whole = &Whole{Length: int64(len(r.Body)), SHA256: sha256.Sum256(r.Body)}
	r.Body, r.Chunks = bytes.Clone(r.Body[:limit]), ""
	x.Marks = append(slices.Clone(x.Marks), Mark{Kind: Truncated})
}
