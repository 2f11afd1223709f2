package column

import (
	"encoding/binary"
	"math"
)

// Of COPY in binary format: "File Formats" in the documentation of PostgreSQL's COPY. A row is the number of its
// columns, and for each its length, -1 for NULL, and its value.
const (
	copyBegins = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" // no flags, no more of a header
	copyEnds   = "\xff\xff"
	null       = math.MaxUint32
)

// copyPart is how much of the rows a message has at least, in bytes, unless it is the last: the server keeps one whole.
const copyPart = 32 << 10

// AppendCopy appends the rows as messages CopyData of the protocol, in the binary format of COPY. It passes what it has
// to sent after each message but the last, and goes on with what that returns.
func (r *Rows) AppendCopy(to []byte, sent func([]byte) []byte) []byte {
	r.fill()
	to, part := beginPart(to)
	to = append(to, copyBegins...)
	for i := range r.n {
		to = binary.BigEndian.AppendUint16(to, uint16(len(r.columns))) //nolint:gosec // some fifty
		for c := range r.columns {
			to = r.columns[c].appendValue(to, i)
		}
		if len(to)-part >= copyPart {
			endPart(to, part)
			to, part = beginPart(sent(to))
		}
	}
	to = append(to, copyEnds...)
	endPart(to, part)
	return to
}

// beginPart begins a message. part is the place of its length.
func beginPart(to []byte) (_ []byte, part int) {
	part = len(to) + 1
	return append(to, 'd', 0, 0, 0, 0), part
}

func endPart(to []byte, part int) {
	binary.BigEndian.PutUint32(to[part:], uint32(len(to)-part)) //nolint:gosec // a body is far smaller
}

// appendValue appends the value of a column in a row.
func (c *column) appendValue(to []byte, i int) []byte {
	switch {
	case c.kind == number && c.numbers[i].Valid:
		to = binary.BigEndian.AppendUint32(to, 8)
		return binary.BigEndian.AppendUint64(to, uint64(c.numbers[i].Int64)) //nolint:gosec // all 64 bits
	case c.kind == text && c.texts[i].Valid:
		to = binary.BigEndian.AppendUint32(to, uint32(len(c.texts[i].String))) //nolint:gosec // it is in memory
		return append(to, c.texts[i].String...)
	case c.kind == blob && c.blobs[i] != nil:
		to = binary.BigEndian.AppendUint32(to, uint32(len(c.blobs[i]))) //nolint:gosec // it is in memory
		return append(to, c.blobs[i]...)
	case c.kind == yes && c.bools[i].Valid && c.bools[i].Bool:
		return append(binary.BigEndian.AppendUint32(to, 1), 1)
	case c.kind == yes && c.bools[i].Valid:
		return append(binary.BigEndian.AppendUint32(to, 1), 0)
	}
	return binary.BigEndian.AppendUint32(to, null)
}
