package redact

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// Replace returns a copy of the exchange in which the values at the places are replaced, and their names. with gets a
// text decoded and returns the new text, without line breaks for a header; of a JSON value that is no text it gets and
// returns JSON. x is not changed. An encoded body is replaced as a whole where a place is in a body.
func Replace(x *record.Exchange, places []Place,
	with func(old string, isJSON bool) string) (*record.Exchange, []string) {
	f := finder{whole: places}
	inBody := slices.ContainsFunc(places, func(p Place) bool { return p.kind == "json" || p.kind == "form" })
	found := f.request(x, inBody)
	if x.Response != nil {
		found = append(found, f.answer(x.Response, inBody)...)
	}
	changed := copyOf(x)
	var names record.Exchange
	for _, p := range found {
		edit(changed, p.part, func(text string) string {
			var out strings.Builder
			end := 0
			for _, s := range p.spans {
				names.Masks = append(names.Masks, record.Mask{Name: s.name})
				out.WriteString(text[end:s.from])
				out.WriteString(s.replaced(text[s.from:s.to], with))
				end = s.to
			}
			return out.String() + text[end:]
		})
	}
	return changed, names.Masked()
}

// replaced returns the new text of a span in the encoding of the old one.
func (s *span) replaced(old string, with func(string, bool) string) string {
	switch {
	case s.placeholder != "":
		return with(old, true)
	case s.style == percent:
		return url.QueryEscape(with(decoded(old), false))
	case s.style == quoted:
		var text string
		if json.Unmarshal([]byte(`"`+old+`"`), &text) != nil {
			text = old
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(with(text, false)) // a string cannot fail
		return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
	}
	return with(old, false)
}
