package sign

import (
	"slices"
	"strings"
)

// The part of structured fields (RFC 9651) that HTTP message signatures and digests use, read without changing a byte: what is
// signed is a parameter's own spelling.

// member is one member of a dictionary, its value still written.
type member struct{ name, value string }

// readDictionary splits a dictionary of structured fields (RFC 9651 section 3.2) at the commas that are in no string, list or
// bytes. Of a name that comes twice the last counts, as the RFC has it; repeats says so of names that decide something.
func readDictionary(text string) ([]member, bool) {
	var members []member
	for text != "" {
		end, ok := endOfMember(text)
		if !ok {
			return nil, false
		}
		name, value, found := strings.Cut(strings.Trim(text[:end], " \t"), "=")
		if !found || name == "" || value == "" || len(members) == maxCandidates {
			return nil, false
		}
		members = slices.DeleteFunc(members, func(m member) bool { return m.name == name })
		members = append(members, member{name, value})
		text = text[min(end+1, len(text)):]
	}
	return members, len(members) > 0
}

// repeats reports whether members of a dictionary are fewer than the text has: a name is there twice. Not every parser takes
// the last one then.
func repeats(text string, members []member) bool {
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
	return Base64.decode(text[1 : len(text)-1])
}

// readMessageSignature reads `("@method" "date");created=1;keyid="x"` and the signature that belongs to it.
func readMessageSignature(input, sig string) (ms messageSignature, ok bool) {
	if ms.sig, ok = readBytes(sig); !ok || len(ms.sig) == 0 {
		return ms, false
	}
	list, params, found := strings.Cut(input, ")")
	inner, opened := strings.CutPrefix(list, "(")
	if !found || !opened {
		return ms, false
	}
	ms.params = input
	for _, item := range strings.Fields(inner) {
		name, quoted := strings.CutPrefix(item, `"`)
		name, closed := strings.CutSuffix(name, `"`)
		known := name != "" && strings.ToLower(name) == name && !strings.ContainsAny(name, `";\`)
		if !quoted || !closed || !known || slices.Contains(ms.components, name) || len(ms.components) == maxComponents {
			return ms, false
		}
		ms.components = append(ms.components, name)
	}
	return ms, ms.readParams(params)
}

// readParams takes the parameters that decide something; the rest is signed, but says nothing to us.
func (ms *messageSignature) readParams(text string) bool {
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
			ms.created = value
		case "expires":
			ms.expires = value
		case "alg":
			ms.alg = strings.Trim(value, `"`)
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
