package sign

import (
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// hook0 signs time, body and the headers that the signature lists by name behind "h=". Source:
// https://documentation.hook0.com/how-to-guides/client-verify-signatures and hook0-client.
type hook0 struct{}

// hook0Signed are the headers that barb signs where a message has them.
var hook0Signed = [...]string{"x-event-id", "x-event-type"}

func (hook0) formula() string { return "{ts}.{names of the signed headers}.{their values}.{body}" }

// read returns the signatures with a list of headers; those without belong to hook0's older version.
func (hook0) read(s *Scheme, m *Message) (reading, error) {
	r, err := s.readCarriers(m)
	if _, listed := s.item(r.value, "h"); err == nil && !listed {
		err = refuse(MissingField, "the signature does not list the signed headers (h=)")
	}
	return r, err
}

func (h hook0) parts(s *Scheme, v *values, r *reading) ([]part, error) {
	list, _ := s.item(r.value, "h")
	content, err := hook0Content(v, list)
	return onePart(r, content), err
}

func (h hook0) compose(s *Scheme, v *values) ([][]byte, error) {
	head := v.m.Header.Clone()
	fields := s.tail(v, s.head(v))
	for _, f := range fields {
		if head == nil {
			head = make(map[string][]string)
		}
		head.Set(f.Name, f.Value)
	}
	v.m.Header = head
	var names []string
	for _, name := range hook0Signed {
		if _, n := field.Header(head, name); n == 1 {
			names = append(names, name)
		}
	}
	list := strings.Join(names, " ")
	v.item = func(string) (string, bool) { return list, true }
	content, err := hook0Content(v, list)
	return [][]byte{content}, err
}

func hook0Content(v *values, list string) ([]byte, error) {
	var out []string
	names := strings.Fields(list)
	if !eachOnce(names) {
		return nil, refuse(MalformedField, "the signature lists a header twice, or too many headers (h=)")
	}
	for _, name := range names {
		value, n := field.Header(v.m.Header, name)
		if n != 1 {
			return nil, refuse(MissingField, "a signed header is missing, or occurs more than once")
		}
		out = append(out, value)
	}
	head := strings.Join([]string{v.time, list, strings.Join(out, "."), ""}, ".")
	return append([]byte(head), v.m.Body...), nil
}
