package sign

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// plivo signs the URL with its sorted query, then the sorted fields of a form, then a nonce. Source:
// https://www.plivo.com/docs/voice/concepts/signature-validation and the plivo package for Node.
type plivo struct{}

func (plivo) formula() string {
	return "{url} with its query sorted, the sorted fields of the form, . and the nonce"
}

func (plivo) parts(s *Scheme, v *values, r *reading) ([]part, error) {
	nonce, n := s.Nonce.Read(v.m)
	switch {
	case n > 1:
		return nil, refuseTwice(s.Nonce)
	case nonce == "":
		return nil, refuse(MissingField, "no "+s.Nonce.String())
	}
	content, err := plivoContent(v.m, nonce)
	return onePart(r, content), err
}

func (plivo) compose(_ *Scheme, v *values) ([][]byte, error) {
	content, err := plivoContent(v.m, v.nonce)
	return [][]byte{content}, err
}

func plivoContent(m *Message, nonce string) ([]byte, error) {
	if m.URL == "" {
		return nil, refuse(MissingURL, "plivo signs the URL as the sender knows it")
	}
	if len(m.Body) > 0 && !isForm(m) {
		return nil, refuse(UnsignedBody, "plivo signs forms, and the body is not a form")
	}
	before, query, _ := field.SplitURL(m.URL)
	params, ok := field.Parse([]byte(query))
	if !ok {
		return nil, refuse(MalformedField, "the URL's query is not well formed")
	}
	out := []byte(before)
	hasForm := len(m.Body) > 0
	if len(params) > 0 || hasForm {
		out = append(out, '?')
	}
	out = append(out, sortedQuery(params)...)
	if len(params) > 0 && hasForm {
		out = append(out, '.')
	}
	out, err := sortedFields(out, m.Body, false)
	return append(out, "."+nonce...), err
}

// sortedQuery returns a decoded query sorted by name, then value.
func sortedQuery(params []field.Pair) string {
	slices.SortFunc(params, field.Compare)
	pairs := make([]string, len(params))
	for i, p := range params {
		pairs[i] = p.Name + "=" + p.Value
	}
	return strings.Join(pairs, "&")
}
