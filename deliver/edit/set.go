package edit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// member is one element of an array or member of an object, by where it stands.
type member struct {
	key      string
	lead     extent // blanks before it
	colon    extent // what stands between key and value
	from, to int    // its value
}

type extent struct{ from, to int }

// set returns doc, which is valid JSON, with the value at what is left of the path behind its first depth steps.
func set(doc []byte, path []step, depth int, value []byte) ([]byte, error) {
	if depth == len(path) {
		return value, nil
	}
	opening := bytes.TrimLeft(doc, " \t\r\n")[0]
	switch opening {
	case 'n': // null: as good as missing
		return nest(path, depth, value)
	case '{', '[':
	default:
		what := map[bool]string{true: "text", false: "a number, true or false"}[opening == '"']
		return nil, fmt.Errorf("%s is %s: nothing is below it", orPayload(pathText(path[:depth])), what)
	}
	members, open, err := membersOf(doc)
	if err != nil {
		return nil, err
	}
	i, err := find(members, path, depth, opening == '[')
	switch {
	case err != nil:
		return nil, err
	case i == len(members):
		return add(doc, members, open, path, depth, value)
	}
	m := members[i]
	inner, err := set(doc[m.from:m.to], path, depth+1, value)
	if err != nil {
		return nil, err
	}
	return slices.Concat(doc[:m.from], inner, doc[m.to:]), nil
}

func orPayload(path string) string {
	if path == "" {
		return "the payload"
	}
	return path
}

// membersOf finds where the members of an object or array stand, and where its opening bracket ends.
func membersOf(doc []byte) (members []member, open int, err error) {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	opening, err := decoder.Token()
	if err != nil {
		return nil, 0, err
	}
	open = int(decoder.InputOffset())
	for end := open; decoder.More(); {
		m := member{lead: blanks(doc, end)}
		if opening == json.Delim('{') {
			key, err := decoder.Token()
			if err != nil {
				return nil, 0, err
			}
			m.key, _ = key.(string)
			m.colon.from = int(decoder.InputOffset())
		}
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return nil, 0, err
		}
		end = int(decoder.InputOffset())
		m.from, m.to = end-len(bytes.TrimLeft(raw, " \t\r\n")), end
		m.colon.to = m.from
		members = append(members, m)
	}
	return members, open, nil
}

// blanks are those behind the bracket or comma that comes next.
func blanks(doc []byte, from int) extent {
	rest := doc[from:]
	if comma := bytes.TrimLeft(rest, " \t\r\n"); len(comma) > 0 && comma[0] == ',' {
		from += len(rest) - len(comma) + 1
	}
	rest = doc[from:]
	return extent{from, from + len(rest) - len(bytes.TrimLeft(rest, " \t\r\n"))}
}

// find returns which member the next step of the path means, and their number when it is one to be added. Of equal keys it
// is the last one, which is what most parsers take.
func find(members []member, path []step, depth int, array bool) (int, error) {
	s := path[depth]
	if !array {
		if s.index >= 0 {
			return 0, fmt.Errorf("%s is an object, not an array", orPayload(pathText(path[:depth])))
		}
		for i := len(members) - 1; i >= 0; i-- {
			if members[i].key == s.key {
				return i, nil
			}
		}
		return len(members), nil
	}
	n := s.index
	if n < 0 {
		var err error
		if n, err = strconv.Atoi(s.key); err != nil || n < 0 {
			return 0, fmt.Errorf("%s is an array, which has no %q", orPayload(pathText(path[:depth])), s.key)
		}
	}
	if n > len(members) {
		return 0, fmt.Errorf("%s has %d elements: the next one is [%d]", orPayload(pathText(path[:depth])), len(members), len(members))
	}
	return n, nil
}

// add puts a new member behind the last one, laid out as that one is.
func add(doc []byte, members []member, open int, path []step, depth int, value []byte) ([]byte, error) {
	inner, err := nest(path, depth+1, value)
	if err != nil {
		return nil, err
	}
	at, lead, colon := open, []byte(nil), []byte(":")
	if n := len(members); n > 0 {
		last := members[n-1]
		at = last.to
		lead = slices.Concat([]byte(","), doc[last.lead.from:last.lead.to])
		colon = doc[last.colon.from:last.colon.to]
	}
	if opening := bytes.TrimLeft(doc, " \t\r\n")[0]; opening == '{' {
		inner = slices.Concat(quote(path[depth].key), colon, inner)
	}
	return slices.Concat(doc[:at], lead, inner, doc[at:]), nil
}

// nest writes a value that lies behind the steps of a path from depth on.
func nest(path []step, depth int, value []byte) ([]byte, error) {
	for i := len(path) - 1; i >= depth; i-- {
		switch s := path[i]; {
		case s.index < 0:
			value = slices.Concat([]byte("{"), quote(s.key), []byte(":"), value, []byte("}"))
		case s.index == 0:
			value = slices.Concat([]byte("["), value, []byte("]"))
		default:
			return nil, fmt.Errorf("%s is not there yet: its first element is [0]", orPayload(pathText(path[:i])))
		}
	}
	return value, nil
}
