package markup

import (
	"fmt"
	"strconv"
)

const (
	perRow = 16
	// mostRows bounds the rows of a difference on each of its two sides.
	mostRows = 64
	// mostAligned is how long the texts between the first and the last difference may be, in bytes, so that bytes that
	// were put in or left out are found. Of longer ones, each byte is compared with that of the same distance.
	mostAligned = 2 << 10
)

// Bytes writes two texts in hex, in rows of sixteen bytes, and marks the bytes that only one of them has. Rows without
// such a byte are left out, and rows beyond mostRows are counted.
func Bytes(old, now []byte) HTML {
	gone, come := differing(old, now)
	var w writer
	w.side(old, gone, '-', "del")
	w.side(now, come, '+', "ins")
	return w.done()
}

// side writes the rows of one text that have marked bytes.
func (w *writer) side(data []byte, marked []bool, sign byte, element string) {
	rows, last, left := 0, -1, 0
	for at := 0; at < len(data); at += perRow {
		end := min(at+perRow, len(data))
		if !anyOf(marked[at:end]) {
			continue
		}
		if rows == mostRows {
			left++
			continue
		}
		if at != last+perRow && rows > 0 {
			w.html("<i class=e>…</i>\n")
		}
		rows, last = rows+1, at
		w.html(string(sign) + fmt.Sprintf(" <b>%06x</b>  ", at))
		w.row(data[at:end], marked[at:end], element)
	}
	if left > 0 {
		w.html("<i class=e>" + strconv.Itoa(left) + " more rows differ</i>\n")
	}
}

// row writes bytes in hex and as text, with the marked ones in elements.
func (w *writer) row(data []byte, marked []bool, element string) {
	open := func(is bool) {
		if is {
			w.html("<" + element + ">")
		}
	}
	shut := func(is bool) {
		if is {
			w.html("</" + element + ">")
		}
	}
	for i := range perRow {
		if i >= len(data) {
			w.html("   ")
			continue
		}
		open(marked[i])
		w.html(fmt.Sprintf("%02x", data[i]))
		shut(marked[i])
		w.html(" ")
	}
	w.html(" |")
	for i, c := range data {
		if c < ' ' || c > '~' {
			c = '.'
		}
		open(marked[i])
		w.text(string(rune(c)))
		shut(marked[i])
	}
	w.html("|\n")
}

// hexAt writes rows of bytes with one of them marked, or the end. Their offsets begin with from.
func (w *writer) hexAt(data []byte, at, from int) {
	marked := make([]bool, len(data))
	if at < len(data) {
		marked[at] = true
	}
	for i := 0; i < len(data); i += perRow {
		end := min(i+perRow, len(data))
		w.html(fmt.Sprintf("<b>%06x</b>  ", from+i))
		w.row(data[i:end], marked[i:end], "mark")
	}
	if at == len(data) {
		w.html(`<mark><i class=e>end</i></mark>`)
	}
}

func anyOf(all []bool) bool {
	for _, is := range all {
		if is {
			return true
		}
	}
	return false
}

// differing marks the bytes of each text that the other does not have in their order.
func differing(old, now []byte) (gone, come []bool) {
	gone, come = make([]bool, len(old)), make([]bool, len(now))
	head := 0
	for head < min(len(old), len(now)) && old[head] == now[head] {
		head++
	}
	tail := 0
	for tail < min(len(old), len(now))-head && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	a, b := old[head:len(old)-tail], now[head:len(now)-tail]
	switch {
	case len(a) != len(b) && len(a) <= mostAligned && len(b) <= mostAligned:
		align(a, b, gone[head:], come[head:])
	default:
		for i := range max(len(a), len(b)) {
			isSame := i < len(a) && i < len(b) && a[i] == b[i]
			if i < len(a) {
				gone[head+i] = !isSame
			}
			if i < len(b) {
				come[head+i] = !isSame
			}
		}
	}
	return gone, come
}

// align marks what is not part of the longest common subsequence of two short texts.
func align(a, b []byte, gone, come []bool) {
	width := len(b) + 1
	longest := make([]uint16, (len(a)+1)*width) // of the ends of both texts; mostAligned fits
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && longest[(i+1)*width+j] >= longest[i*width+j+1]:
			gone[i] = true
			i++
		default:
			come[j] = true
			j++
		}
	}
}
