package explain

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// windows1252 holds the characters of the bytes 0x80 to 0x9f in Windows-1252; 0 for undefined ones. Source: the
// WHATWG's index, https://encoding.spec.whatwg.org/index-windows-1252.txt.
const windows1252 = "\u20ac\x00\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x00\u017d\x00" +
	"\x00\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x00\u017e\u0178"

// toLatin1 encodes every character as one byte; nil when one is above 0xff.
func toLatin1(b []byte) []byte { return toBytes(b, nil) }

func toWindows1252(b []byte) []byte { return toBytes(b, []rune(windows1252)) }

// toBytes encodes the characters in high as the bytes from 0x80 on, and all others as in Latin-1. ASCII stays the same
// in both, so that it gives nil.
func toBytes(b []byte, high []rune) []byte {
	if !utf8.Valid(b) || utf8.RuneCount(b) == len(b) {
		return nil
	}
	to := make([]byte, 0, len(b))
	for _, r := range string(b) {
		i := slices.Index(high, r)
		switch {
		case i >= 0 && r != 0:
			to = append(to, byte(0x80+i))
		case r <= 0xff:
			to = append(to, byte(r))
		default:
			return nil
		}
	}
	return to
}

// fromWindows1252 decodes bytes that are not UTF-8; printable characters are the same in Latin-1.
func fromWindows1252(b []byte) []byte {
	if utf8.Valid(b) {
		return nil
	}
	high := []rune(windows1252)
	to := make([]byte, 0, len(b)+len(b)/4)
	for _, c := range b {
		r := rune(c)
		if c >= 0x80 && c <= 0x9f && high[c-0x80] != 0 {
			r = high[c-0x80]
		}
		to = utf8.AppendRune(to, r)
	}
	return to
}

func toUTF16(mark string, order binary.AppendByteOrder) func([]byte) []byte {
	return func(b []byte) []byte {
		if !utf8.Valid(b) {
			return nil
		}
		to := []byte(mark)
		for _, unit := range utf16.Encode([]rune(string(b))) {
			to = order.AppendUint16(to, unit)
		}
		return to
	}
}

// fromUTF16 decodes UTF-16 by its byte order mark, or without one by the position of the zero bytes of ASCII.
func fromUTF16(b []byte) []byte {
	if len(b) < 2 || len(b)%2 != 0 {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case b[0] == 0xff && b[1] == 0xfe:
		b = b[2:]
	case b[0] == 0xfe && b[1] == 0xff:
		b, order = b[2:], binary.BigEndian
	case b[0] == 0:
		order = binary.BigEndian
	case b[1] != 0:
		return nil
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}
