// Package padding detects content that was lengthened behind its own hash.
package padding

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"hash"
)

// Hash is a hash that detects content with the hash's own padding in it. The MD5, SHA-1 or SHA-2 of a text is the
// state from which a longer text is hashed, so an attacker who knows the digest of secret and content can compute the
// digest of secret, content, padding and any further text without the secret. An honest sender never writes such
// padding: the byte 0x80, zeros, then the length in bits of everything before it, the
// secret included, up to the end of a block (RFC 1321 section 3.1, FIPS 180-4 section 5.1).
type Hash struct {
	hash.Hash
	length  func(tail []byte) uint64 // reads the length at the end of a padding
	counter int                      // size of that length in bytes
	tail    []byte                   // the last bytes, up to the size of the longest padding
	total   uint64
	shown   bool
}

// New returns a Hash of MD5, SHA-1 or SHA-2.
func New(h crypto.Hash) *Hash {
	p := &Hash{Hash: h.New(), counter: 8, length: binary.BigEndian.Uint64}
	switch h {
	case crypto.MD5:
		p.length = binary.LittleEndian.Uint64
	case crypto.SHA384, crypto.SHA512:
		p.counter = 16 // 128 bits; the first 64 are always zero
		p.length = func(tail []byte) uint64 { return binary.BigEndian.Uint64(tail[8:]) }
	}
	return p
}

// Write hashes b and examines the end of each block that it fills.
func (p *Hash) Write(b []byte) (int, error) {
	n, size := len(b), p.BlockSize()
	_, _ = p.Hash.Write(b)
	for len(b) > 0 {
		step := min(len(b), size-int(p.total%uint64(size))) //nolint:gosec // below a block
		p.tail = append(p.tail, b[:step]...)
		if extra := len(p.tail) - (size + p.counter + 1); extra > 0 {
			p.tail = p.tail[:copy(p.tail, p.tail[extra:])]
		}
		p.total += uint64(step) //nolint:gosec // not negative
		p.shown = p.shown || p.total%uint64(size) == 0 && p.endsInPadding()
		b = b[step:]
	}
	return n, nil
}

// Shown reports whether what was written contains the padding of the hash at the end of a block.
func (p *Hash) Shown() bool { return p.shown }

func (p *Hash) endsInPadding() bool {
	end := len(p.tail) - p.counter
	if end < 1 {
		return false
	}
	bits := p.length(p.tail[end:])
	before := p.total - bits/8 // size of the padding in bytes if bits is the length of the text before it
	if bits%8 != 0 || bits/8 >= p.total || before > uint64(len(p.tail)) || before < uint64(p.counter)+1 {
		return false
	}
	fill := p.tail[len(p.tail)-int(before) : end] //nolint:gosec // no longer than the tail
	return fill[0] == 0x80 && len(bytes.Trim(fill[1:], "\x00")) == 0
}
