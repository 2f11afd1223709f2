package httpsig

import (
	"encoding/base64"
	"slices"
	"strings"
)

// The part of structured fields (RFC 9651) that HTTP message signatures and digests use, read without changing a byte:
// what is signed is a parameter's own spelling.

// maxMembers is how many members a dictionary may have.
const maxMembers = 32

// Member is one member of a dictionary, its value as it is written.
type Member struct{ Name, Value string }

// Dictionary splits a dictionary of structured fields (RFC 9651 section 3.2) at the commas that are in no string, list
// or bytes. Of a name that comes twice the last counts, as the RFC has it; Repeats says so of names that decide
// something.
func Dictionary(text string) (members []Member, ok bool) {
	for text != "" {
		end, ok := endOfMember(text)
		if !ok {
			return nil, false
		}
		name, value, found := strings.Cut(strings.Trim(text[:end], " \t"), "=")
		if !found || name == "" || value == "" || len(members) == maxMembers {
			return nil, false
		}
		members = slices.DeleteFunc(members, func(m Member) bool { return m.Name == name })
		members = append(members, Member{name, value})
		text = text[min(end+1, len(text)):]
	}
	return members, len(members) > 0
}

// Repeats reports whether members of a dictionary are fewer than the text has: a name is there twice. Not every parser
// takes the last one then.
func Repeats(text string, members []Member) bool {
	n := 0
	for text != "" {
		end, _ := endOfMember(text)
		text = text[min(end+1, len(text)):]
		n++
	}
	return n > len(members)
}

func endOfMember(text string) (int, bool) {
	quoted, list := false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			list = true
		case c == ')':
			list = false
		case c == ',' && !list:
			return i, true
		}
	}
	return len(text), !quoted && !list
}

// readBytes reads ":base64:".
func readBytes(text string) ([]byte, bool) {
	if len(text) < 2 || text[0] != ':' || text[len(text)-1] != ':' {
		return nil, false
	}
	text = text[1 : len(text)-1]
	if strings.ContainsAny(text, "\r\n") { // which the standard library passes over
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	return b, err == nil
}

// Read reads `("@method" "date");created=1;keyid="x"` and the signature that belongs to it.
func Read(input, value string) (s Signature, ok bool) {
	if s.Value, ok = readBytes(value); !ok || len(s.Value) == 0 {
		return s, false
	}
	list, params, found := strings.Cut(input, ")")
	inner, opened := strings.CutPrefix(list, "(")
	if !found || !opened {
		return s, false
	}
	s.Params = input
	for _, item := range strings.Fields(inner) {
		name, quoted := strings.CutPrefix(item, `"`)
		name, closed := strings.CutSuffix(name, `"`)
		known := name != "" && strings.ToLower(name) == name && !strings.ContainsAny(name, `";\`)
		if !quoted || !closed || !known || slices.Contains(s.Components, name) || len(s.Components) == MaxComponents {
			return s, false
		}
		s.Components = append(s.Components, name)
	}
	return s, s.readParams(params)
}

// readParams takes the parameters that decide something; the rest is signed, but says nothing to us.
func (s *Signature) readParams(text string) bool {
	seen := map[string]bool{}
	for text != "" {
		if text[0] != ';' {
			return false
		}
		end := endOfParam(text[1:]) + 1
		name, value, _ := strings.Cut(strings.Trim(text[1:end], " "), "=")
		if name == "" || seen[name] {
			return false
		}
		seen[name] = true
		switch name {
		case "created":
			s.Created = value
		case "expires":
			s.Expires = value
		case "alg":
			s.Alg = strings.Trim(value, `"`)
		}
		text = text[end:]
	}
	return true
}

func endOfParam(text string) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			return i
		}
	}
	return len(text)
}
