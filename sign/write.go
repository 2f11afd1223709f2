package sign

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// write puts signatures and timestamp into the value of one header.
func (s *Scheme) write(sigs [][]byte, time string) string {
	value := make([]byte, 0, 128)
	if s.Format == "" {
		value = s.appendSignature(append(value, s.Prefix...), sigs[0])
	} else {
		value = s.appendFormat(value, s.Format, sigs[0], time)
	}
	for _, sig := range sigs[1:] {
		value = s.appendFormat(value, s.More, sig, time)
	}
	return string(value)
}

func (s *Scheme) appendFormat(dst []byte, format string, sig []byte, time string) []byte {
	for format != "" {
		var p piece
		p, format = nextPiece(format)
		switch {
		case p.named && p.text == "sig":
			dst = s.appendSignature(dst, sig)
		case p.named && p.text == "ts":
			dst = append(dst, time...)
		default:
			dst = append(dst, p.text...)
		}
	}
	return dst
}

func (s *Scheme) appendSignature(dst, sig []byte) []byte {
	switch s.Enc {
	case Hex:
		return hex.AppendEncode(dst, sig)
	case Base64:
		return base64.StdEncoding.AppendEncode(dst, sig)
	case Base64URL:
		return base64.RawURLEncoding.AppendEncode(dst, sig)
	default: // Plain
		return append(dst, sig...)
	}
}

// checkValue refuses what would break out of a header: control characters, and white space at the ends, which no
// receiver would see.
func checkValue(reason Reason, what, value string) error {
	if strings.Trim(value, " \t") != value {
		return refuse(reason, what+" begins or ends with white space")
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return refuse(reason, what+" holds a control character")
		}
	}
	return nil
}
