package sign

import (
	"bytes"
	"strings"
)

// Ambiguous says why a valid message may be another scheme's, with the same signed bytes cut into fields and body
// elsewhere; "" when it cannot be. A captured Stripe webhook, cut behind its timestamp, passes as Mailgun's, which does
// not sign the rest of the body.
func (s Scheme) Ambiguous(m Message) string {
	if s.JWT != nil || s.Code != "" || s.unwrap(&m) != nil {
		return ""
	}
	r, err := s.read(&m)
	if err != nil {
		return ""
	}
	v, _, err := s.signedValues(&m, &r)
	if err != nil {
		return ""
	}
	var before, p Piece
	for rest := s.Content; rest != ""; before = p {
		p, rest = nextPiece(rest)
		if !p.Named {
			continue
		}
		if kind, field, _ := strings.Cut(p.Text, "."); kind == "json" || kind == "header" || kind == "item" {
			if value, err := v.append(nil, p.Text, nil); err != nil || !isPlainField(value, before) {
				place := Place(kind + ":" + field).String()
				if kind == "item" {
					place = field + "= of the signature"
				}
				return place + " holds what may be the beginning of its body"
			}
		}
		if !isDelimitedBody(m.Body, before, p) {
			return "nothing separates the timestamp from the body, which is neither JSON nor XML"
		}
	}
	return ""
}

// isPlainField reports whether a field cannot contain a JSON, XML or form body. Behind a timestamp, it must also
// begin with a letter or digit, because other schemes write punctuation between timestamp and body.
func isPlainField(value []byte, before Piece) bool {
	if before.Named && before.Text == "ts" && len(value) > 0 && !isAlphanumeric(value[0]) {
		return false
	}
	return !bytes.ContainsAny(value, `{}[]<>"&%=`) || IsPadded(string(value))
}

// isDelimitedBody reports whether a body that touches the timestamp has a bracket or quote at that end.
func isDelimitedBody(body []byte, before, p Piece) bool {
	body = bytes.TrimSpace(body)
	is := func(p Piece, name string) bool { return p.Named && p.Text == name }
	switch {
	case len(body) == 0:
		return true
	case is(before, "ts") && is(p, "body"):
		return strings.IndexByte(`{["<`, body[0]) >= 0
	case is(before, "body") && is(p, "ts"):
		return strings.IndexByte(`}]">`, body[len(body)-1]) >= 0
	}
	return true
}
