package explain

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// hints returns the oddities of a message that no change makes match: lost data cannot be restored, but its loss shows.
func hints(q *Question) (all []Hint) {
	m, found := &q.Message, newEvidence(q, nil)
	add := func(kind Kind, words string) {
		all = append(all, Hint{kind, words, fixes(kind, found)})
	}
	all = credentials(q)
	body := m.Body
	if length, err := strconv.Atoi(m.Header.Get("Content-Length")); err == nil && length > len(body) &&
		m.Header.Get("Content-Encoding") == "" {
		add(Truncated, "Content-Length is "+strconv.Itoa(length)+", but the body has "+strconv.Itoa(len(body))+
			" bytes: its end is missing")
	} else if _, _, isCut := openAtEnd(body); isCut {
		place := ""
		if i := slices.IndexFunc(roundSizes[:], func(r roundSizeRow) bool { return r.size == len(body) }); i >= 0 {
			place = ", after exactly " + roundSizes[i].name
		}
		add(Truncated, "the body is truncated JSON: it ends in the middle"+place+"")
	}
	if coding := strings.ToLower(m.Header.Get("Content-Encoding")); coding != "" && coding != "identity" &&
		isPlainJSON(body) {
		add(UnpackedUnprovable, "Content-Encoding is set, but the body is not compressed: if the sender signs the "+
			"compressed body, the signature can no longer be checked")
	}
	if len(body) == 0 {
		add(BodyMissing, "the body is empty: something had already read it, or it was not passed on")
	}
	if bytes.Equal(bytes.TrimSpace(body), []byte("[object Object]")) {
		add(ObjectStringified, "the body is [object Object]: a parsed object was converted to text, and its content is lost")
	}
	if bytes.Contains(body, []byte("\uFFFD")) {
		add(CharactersLost, "the body contains U+FFFD: bytes that are not UTF-8 were read as text, and the "+
			"originals are lost")
	}
	return all
}

func isPlainJSON(body []byte) bool {
	_, ok := parseJSON(body)
	return ok && utf8.Valid(body)
}

// seen returns the headers that look like signatures, when the scheme's own cannot be read.
func seen(m sign.Message, err error) (all []Seen) {
	switch reasonOf(err) {
	case sign.MissingSignature, sign.MalformedSignature, sign.WeakerSignature:
	default:
		return nil
	}
	schemes := new(catalog.Set).Detect(m)
	for _, name := range headerNames(m.Header) {
		s := Seen{Header: name}
		for _, scheme := range schemes {
			if strings.EqualFold(scheme.Header, name) && len(s.Schemes) < maxSchemesShown {
				s.Schemes = append(s.Schemes, scheme.Name)
			}
		}
		if len(s.Schemes) > 0 || soundsLikeSignature(name) {
			all = append(all, s)
		}
	}
	return all
}

// maxSchemesShown is how many providers are listed that share a header.
const maxSchemesShown = 5

func soundsLikeSignature(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"signature", "hmac", "-sig", "digest", "-mac", "webhook-token"},
		func(part string) bool { return strings.Contains(name, part) })
}
