package sign

import "strings"

// Place is where a value travels: "header:NAME", "json:PATH", "form:NAME" or "query:NAME". A path is keys and array indexes
// joined by dots; "*" stands for every element of an array, which must all hold the same value.
type Place string

// kind is "header", "json", "form" or "query"; "" for the empty place.
func (p Place) kind() string {
	kind, _, _ := strings.Cut(string(p), ":")
	return kind
}

// name is the header's, field's or parameter's name, or the path.
func (p Place) name() string {
	_, name, _ := strings.Cut(string(p), ":")
	return name
}

func (p Place) header() (string, bool) { return strings.CutPrefix(string(p), "header:") }
func (p Place) json() (string, bool)   { return strings.CutPrefix(string(p), "json:") }

// carrier is the place of the signature, or of the i-th further one.
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

// read returns the value at a place and how often it is there. A JSON field counts once, of duplicate keys the first, but
// twice when the elements that "*" stands for differ.
func (p Place) read(m *Message) (value string, n int) {
	switch name := p.name(); p.kind() {
	case "header":
		return headerValue(m.Header, name)
	case "json":
		return jsonValue(m.Body, name)
	case "form":
		return formValue(string(m.Body), name)
	case "query":
		_, query, _ := splitURL(m.URL)
		return formValue(query, name)
	}
	return "", 0
}

// String names a place to a person.
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

// write puts a value into the message that is being signed: into its body, its URL or a copy of its header.
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
		if m.Body, ok = setJSON(m.Body, name, value); !ok {
			return refuse(MalformedBody, "the body is no JSON object that "+p.String()+" could be written into")
		}
	case "form":
		m.Body = []byte(setForm(string(m.Body), name, value))
	case "query":
		before, query, fragment := splitURL(m.URL)
		m.URL = before + "?" + setForm(query, name, value) + fragment
	}
	return nil
}
