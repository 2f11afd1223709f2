package sign

import (
	"errors"
	"strings"

	"github.com/barbhq/barb/sign/field"
	"github.com/barbhq/barb/sign/rawjson"
)

// Place names the location of a value: "header:NAME", "json:PATH", "form:NAME" or "query:NAME". A path consists of keys
// and array indexes joined by dots; "*" stands for every element of an array, and all must hold the same value.
type Place string

// kind returns "header", "json", "form" or "query"; "" for the empty place.
func (p Place) kind() string {
	kind, _, _ := strings.Cut(string(p), ":")
	return kind
}

// name returns the name of the header, field or parameter, or the path.
func (p Place) name() string {
	_, name, _ := strings.Cut(string(p), ":")
	return name
}

func (p Place) header() (string, bool) { return strings.CutPrefix(string(p), "header:") }
func (p Place) json() (string, bool)   { return strings.CutPrefix(string(p), "json:") }

// carrier returns the place of the signature (i = 0) or of a further one.
func (s *Scheme) carrier(i int) Place {
	if i > 0 {
		return Place("header:" + s.Alt[i-1])
	}
	for _, kind := range [...]string{"json:", "form:", "query:"} {
		if strings.HasPrefix(s.Header, kind) {
			return Place(s.Header)
		}
	}
	return Place("header:" + s.Header)
}

// Carrier returns the place of the signature.
func (s Scheme) Carrier() Place { return s.carrier(0) }

// Signature returns the signature as it is written: "t=…,v1=…"; "" when there is none, or more than one.
func (s Scheme) Signature(m Message) string {
	value, n := s.readCarrier(&m, 0)
	if n != 1 {
		return ""
	}
	return value
}

// InBody reports whether the signature travels in the body or the URL instead of a header.
func (s Scheme) InBody() bool { return s.carrier(0).kind() != "header" }

// Read returns the value at the place and how often it is there; elements of "*" that differ count as two.
func (p Place) Read(m *Message) (value string, n int) {
	switch name := p.name(); p.kind() {
	case "header":
		return field.Header(m.Header, name)
	case "json":
		return rawjson.Once(m.Body, name)
	case "form":
		return field.Form(string(m.Body), name)
	case "query":
		_, query, _ := field.SplitURL(m.URL)
		return field.Form(query, name)
	}
	return "", 0
}

// sortedFields returns field.Sorted of a form body, with an *Error.
func sortedFields(dst, form []byte, unique bool) ([]byte, error) {
	out, ok := field.Sorted(dst, form, unique)
	if !ok {
		return dst, refuse(MalformedBody, "the body is not a well-formed form")
	}
	return out, nil
}

// bodyField returns a signed string, number or literal of a JSON body as written, and whether the field is there. A
// null counts as absent. The error is an *Error.
func bodyField(body []byte, path string) (value string, there bool, err error) {
	value, there, err = rawjson.Word(body, path)
	switch {
	case errors.Is(err, rawjson.ErrTwice):
		return "", false, refuseTwice(Place("json:" + path))
	case err != nil:
		return "", false, refuse(MalformedField, "body field "+path+" is signed, but neither text nor number")
	}
	return value, there, nil
}

// String names a place for error messages.
func (p Place) String() string {
	switch p.kind() {
	case "":
		return ""
	case "header":
		return "header " + p.name()
	case "form":
		return "form field " + p.name()
	case "query":
		return "query parameter " + p.name()
	}
	return "body field " + p.name()
}

// write sets a value in the message that is being signed: in its body, its URL or a copy of its header.
func (p Place) write(m *Message, value string) error {
	var ok bool
	switch name := p.name(); p.kind() {
	case "header":
		m.Header = m.Header.Clone()
		if m.Header == nil {
			m.Header = make(map[string][]string)
		}
		m.Header.Set(name, value)
		return nil
	case "json":
		if m.Body, ok = rawjson.SetText(m.Body, name, value); !ok {
			return refuse(MalformedBody, "the body is not a JSON object, so "+p.String()+" cannot be written into it")
		}
	case "form":
		m.Body = []byte(field.SetForm(string(m.Body), name, value))
	case "query":
		before, query, fragment := field.SplitURL(m.URL)
		m.URL = before + "?" + field.SetForm(query, name, value) + fragment
	}
	return nil
}
