// Package proof judges how much a valid message proves. A matching signature may be weaker than another signature
// of the same message, or may have been made for another message.
package proof

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/sign"
)

// MovedFrom returns the first of the timed schemes that may have signed the content that s, a scheme without
// timestamp, signs of m. Such a message may be a captured one: an attacker puts its MAC into the header of s and
// its signed content, timestamp included, into the body, where no check of the age applies. ok is false when no
// scheme matches, and always when s is timed. m must have passed s.Verify.
func MovedFrom(s sign.Scheme, m sign.Message, now time.Time, schemes []sign.Scheme) (from sign.Scheme, ok bool) {
	if s.Timed() {
		return sign.Scheme{}, false
	}
	contents := s.Contents(m)
	for i := range schemes {
		t := &schemes[i]
		if !t.Timed() || t.Name == s.Name {
			continue
		}
		for _, content := range contents {
			if couldSign(t, content, m.URL, now) {
				return *t, true
			}
		}
	}
	return sign.Scheme{}, false
}

// couldSign reports whether content has the form of a timed scheme's signed content.
func couldSign(s *sign.Scheme, content []byte, url string, now time.Time) bool {
	switch {
	case s.JWT != nil:
		return looksLikeToken(content)
	case s.Code != "":
		return codeCouldSign(s, content, now)
	case strings.Contains(s.Content, "{ts}"):
		f := contentForm{unit: s.Time.Unit, now: now, steps: maxFormSteps}
		return f.hasForm(content, s.Content)
	}
	text, n := s.Time.In.Read(&sign.Message{Body: content, URL: url})
	at, ok := s.Time.Unit.Parse(text)
	return n > 0 && ok && plausible(at, now)
}

// looksLikeToken reports whether content is the signed part of a JSON Web Token (RFC 7515, section 5.1).
func looksLikeToken(content []byte) bool {
	head, claims, ok := bytes.Cut(content, []byte("."))
	if !ok || len(content) > maxToken || bytes.IndexByte(claims, '.') >= 0 {
		return false
	}
	encoding := base64.RawURLEncoding.Strict()
	text, err := encoding.DecodeString(strings.TrimRight(string(head), "="))
	if _, wrong := encoding.DecodeString(strings.TrimRight(string(claims), "=")); err != nil || wrong != nil {
		return false
	}
	var object map[string]any
	return json.Unmarshal(text, &object) == nil
}

// codeCouldSign is couldSign for schemes whose content is made by code. A scheme without a case here matches any
// content, so that a test notices a new one.
func codeCouldSign(s *sign.Scheme, content []byte, now time.Time) bool {
	f := contentForm{unit: s.Time.Unit, now: now, steps: maxFormSteps}
	switch s.Code {
	case sign.Hook0:
		return f.hasForm(content, "{ts}.{body}")
	case sign.MercadoPago:
		return f.hasForm(content, "ts:{ts};") || f.hasForm(content, "{body};ts:{ts};")
	case sign.Contentful:
		lines := bytes.SplitN(content[:min(len(content), maxForm)], []byte("\n"), 4)
		return len(lines) > 2 && bytes.HasPrefix(lines[1], []byte("/")) &&
			bytes.Contains(lines[2], []byte("x-contentful-timestamp:"))
	case sign.RFC9421:
		return bytes.Contains(content[max(0, len(content)-maxForm):], []byte(`"@signature-params": (`))
	case sign.SNS: // a line for each name and each value
		return bytes.Contains(content[max(0, len(content)-maxForm):], []byte("\nTimestamp\n"))
	}
	return true
}

// plausible reports whether a provider may have signed at that time: not before webhooks existed, nor long after
// now. It keeps other numbers at the end of a body, such as telephone numbers, from being taken for a time.
func plausible(at, now time.Time) bool {
	return at.Unix() >= 1e9 && at.Before(now.AddDate(1, 0, 0))
}

const (
	maxToken     = 8 << 10 // bytes of a token
	maxForm      = 8 << 10 // bytes examined on either side of the body
	maxFormField = 1 << 10 // bytes of a value in a content
	maxFormSteps = 1 << 17 // steps of one comparison; a content that takes more counts as a match
)

// contentForm compares content with a template.
type contentForm struct {
	unit  sign.Unit
	now   time.Time
	steps int // steps left
}

// hasForm reports whether content begins with the part of a template before the body and ends with the part after it.
func (f *contentForm) hasForm(content []byte, template string) bool {
	pieces := slices.Collect(sign.Pieces(template))
	first := slices.IndexFunc(pieces, isAny)
	if first < 0 {
		return len(content) <= maxForm && f.match(pieces, content, true)
	}
	last := len(pieces) - 1
	for !isAny(pieces[last]) {
		last--
	}
	before, after := pieces[:first], pieces[last+1:]
	if !slices.ContainsFunc(slices.Concat(before, after), func(p sign.Piece) bool { return p.Named && p.Text == "ts" }) {
		return false
	}
	if !f.match(before, content[:min(len(content), maxForm)], false) {
		return false
	}
	if len(after) == 0 {
		return true
	}
	for start := max(0, len(content)-maxForm); start <= len(content); start++ {
		if f.match(after, content[start:], true) {
			return true
		}
	}
	return false
}

// isAny reports whether a piece matches any bytes.
func isAny(p sign.Piece) bool {
	return p.Named && (p.Text == "body" || p.Text == "body|json" || p.Text == "form|sorted")
}

// match reports whether text begins with the pieces' values or, with whole, consists of nothing else.
func (f *contentForm) match(pieces []sign.Piece, text []byte, whole bool) bool {
	if f.steps--; f.steps < 0 {
		return true
	}
	if len(pieces) == 0 {
		return !whole || len(text) == 0
	}
	p, rest := pieces[0], pieces[1:]
	if !p.Named {
		after, ok := bytes.CutPrefix(text, []byte(p.Text))
		return ok && f.match(rest, after, whole)
	}
	least, most, ok := f.lengths(p.Text, text)
	for n := least; ok && n <= most; n++ {
		if f.fits(p.Text, text[:n]) && f.match(rest, text[n:], whole) {
			return true
		}
	}
	return false
}

// lengths returns how many bytes of text a name may take; ok is false when the name cannot match.
func (f *contentForm) lengths(name string, text []byte) (least, most int, ok bool) {
	upTo := func(n int, allowed func(byte) bool) int {
		n = min(n, len(text))
		if end := slices.IndexFunc(text[:n], func(b byte) bool { return !allowed(b) }); end >= 0 {
			return end
		}
		return n
	}
	digit := func(b byte) bool { return '0' <= b && b <= '9' }
	switch name {
	case "ts":
		if n := f.unit.Digits(); n > 0 {
			return n, n, upTo(n, digit) == n
		}
		const shortest, longest = len("2006-01-02T15:04:05Z"), len("2006-01-02T15:04:05.000000000-07:00")
		return shortest, min(longest, len(text)), upTo(4, digit) == 4
	case "secret":
		return 0, 0, true
	case "id":
		text = text[:min(len(text), sign.MaxID)]
		n := sign.IDLength(text)
		return 1, len(text) - len(bytes.TrimLeft(text[n:], "=")), n > 0
	case "lb", "rb":
		brace := map[string]byte{"lb": '{', "rb": '}'}[name]
		return 1, 1, len(text) > 0 && text[0] == brace
	case "body|sha256hex":
		return 64, 64, upTo(64, func(b byte) bool { return digit(b) || 'a' <= b && b <= 'f' }) == 64
	case "body|crc32":
		return 1, upTo(10, digit), true
	case "method":
		return 1, upTo(16, func(b byte) bool { return 'A' <= b && b <= 'Z' }), true
	case "url":
		return 0, upTo(maxFormField, isVisible), bytes.HasPrefix(text, []byte("http"))
	}
	return 0, upTo(maxFormField, func(b byte) bool { return b >= ' ' && b != 0x7f }), true
}

func isVisible(b byte) bool { return b > ' ' && b != 0x7f }

// fits reports whether text, whose length and characters the name allows, is a value of the name.
func (f *contentForm) fits(name string, text []byte) bool {
	switch {
	case name == "ts":
		at, ok := f.unit.Parse(string(text))
		return ok && plausible(at, f.now)
	case name == "id" && text[len(text)-1] == '=':
		return sign.IsPadded(string(text))
	}
	return true
}
