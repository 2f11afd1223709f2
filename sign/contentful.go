package sign

import (
	"net/url"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// contentful signs the method, the path with its query escaped twice, the headers that X-Contentful-Signed-Headers
// lists, and the body, a line each. Source: https://www.contentful.com/developers/docs/webhooks/request-verification/
// and signRequest of @contentful/node-apps-toolkit.
type contentful struct{}

const contentfulList = "X-Contentful-Signed-Headers"

func (contentful) formula() string {
	return "{method}, {path} with the query escaped twice, the signed headers and {body}, a line each"
}

func (c contentful) parts(_ *Scheme, v *values, r *reading) ([]part, error) {
	list, n := field.Header(v.m.Header, contentfulList)
	switch {
	case n > 1:
		return nil, refuseTwice("header:" + contentfulList)
	case list == "":
		return nil, refuse(MissingField, "no header "+contentfulList)
	}
	names := strings.Split(strings.ToLower(list), ",")
	if !eachOnce(names) {
		return nil, refuse(MalformedField, "header "+contentfulList+" lists a header twice, or too many headers")
	}
	if !slices.Contains(names, "x-contentful-timestamp") || !slices.Contains(names, strings.ToLower(contentfulList)) {
		return nil, refuse(MissingTimestamp, "header "+contentfulList+" does not list itself or the timestamp")
	}
	content, err := c.content(v, names)
	return onePart(r, content), err
}

func (c contentful) compose(s *Scheme, v *values) ([][]byte, error) {
	names := []string{strings.ToLower(contentfulList), "x-contentful-timestamp"}
	if err := Place("header:"+contentfulList).write(v.m, strings.Join(names, ",")); err != nil {
		return nil, err
	}
	if err := s.Time.In.write(v.m, v.time); err != nil {
		return nil, err
	}
	content, err := c.content(v, names)
	return [][]byte{content}, err
}

func (c contentful) content(v *values, names []string) ([]byte, error) {
	if v.m.URL == "" {
		return nil, refuse(MissingURL, "contentful signs the path as the sender knows it")
	}
	headers := make([]string, len(names))
	for i, name := range names {
		value, n := field.Header(v.m.Header, name)
		if n != 1 {
			return nil, refuse(MissingField, "a signed header is missing, or occurs more than once")
		}
		headers[i] = name + ":" + value
	}
	head := strings.Join([]string{v.m.Method, contentfulPath(v.m.URL), strings.Join(headers, ";")}, "\n")
	return append([]byte(head+"\n"), v.m.Body...), nil
}

// contentfulPath escapes the query as a component, and then path and query as a whole once more.
func contentfulPath(u string) string {
	path := field.Path(u)
	if _, query, _ := field.SplitURL(u); query != "" {
		path += "?" + strings.ReplaceAll(url.QueryEscape(query), "+", "%20")
	}
	return encodeURI(path)
}

// encodeURI is the function of ECMAScript (ECMA-262, URI Handling Functions).
func encodeURI(s string) string {
	const plain = ";/?:@&=+$,#-_.!~*'()"
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		b := s[i]
		letter := 'a' <= b|0x20 && b|0x20 <= 'z' || '0' <= b && b <= '9'
		if letter || strings.IndexByte(plain, b) >= 0 {
			out = append(out, b)
		} else {
			out = append(out, '%', digits[b>>4], digits[b&15])
		}
	}
	return string(out)
}

// finish adds the list of signed headers.
func (c contentful) finish(s *Scheme, v *values, _ *key, sigs [][]byte) ([]Field, error) {
	fields, err := s.fields(v, sigs)
	list, _ := field.Header(v.m.Header, contentfulList)
	return append(fields, Field{contentfulList, list}), err
}
