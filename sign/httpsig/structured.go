package httpsig

import (
	"encoding/base64"
	"slices"
	"strings"
)

// The part of structured fields (RFC 9651) that HTTP message signatures and digests use. Parameters keep their
// spelling, because the signature covers it.

// maxMembers is the largest number of members in a dictionary.
const maxMembers = 32

// Member is one member of a dictionary, its value as written.
type Member struct{ Name, Value string }

// Dictionary splits a dictionary of structured fields (RFC 9651 section 3.2) at commas outside strings, lists and
// bytes. Of duplicate names the last counts, as in the RFC; repeats reports whether there is one, because not every
// parser takes the last.
func Dictionary(text string) (members []Member, repeats, ok bool) {
	for text != "" {
		end, ok := endOfMember(text)
		if !ok {
			return nil, false, false
		}
		name, value, found := strings.Cut(strings.Trim(text[:end], " \t"), "=")
		if !found || name == "" || value == "" || len(members) == maxMembers {
			return nil, false, false
		}
		if i := slices.IndexFunc(members, func(m Member) bool { return m.Name == name }); i >= 0 {
			members, repeats = slices.Delete(members, i, i+1), true
		}
		members = append(members, Member{name, value})
		text = text[min(end+1, len(text)):]
	}
	return members, repeats, len(members) > 0
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
	if strings.ContainsAny(text, "\r\n") { // the standard library ignores these
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	return b, err == nil
}

// Read reads `("@method" "date");created=1;keyid="x"` and its signature.
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

// readParams reads the parameters that matter for verifying and ignores the others, which are signed too.
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
