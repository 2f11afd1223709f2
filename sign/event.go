package sign

import (
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/sign/rawjson"
)

// maxShown is how many characters of an id or event type are kept: they come from strangers.
const maxShown = 128

// ID returns the webhook id that a message carries where this scheme has it, "" when there is none: at most 128
// characters of valid UTF-8, still to be escaped before a person sees it. It proves nothing before Verify has.
func (s Scheme) ID(m Message) string {
	_ = s.unwrap(&m) // of a form that Verify refuses there is nothing to show
	return shown(s.IDIn, &m)
}

// Event returns the event type that a message carries, under the same terms as ID.
func (s Scheme) Event(m Message) string {
	_ = s.unwrap(&m) // of a form that Verify refuses there is nothing to show
	return shown(s.EventIn, &m)
}

// Stamp returns the timestamp that a message carries where this scheme has it, as it is written and under the same
// terms as ID; "" when there is none, or only within a token.
func (s Scheme) Stamp(m Message) string {
	if s.Time.In != "" {
		return shown(s.Time.In, &m)
	}
	key := strings.TrimSuffix(s.Time.Key, "=")
	if key == "" {
		return ""
	}
	value, _ := s.item(s.Signature(m), key)
	return value[:min(len(value), maxShown)]
}

func shown(p Place, m *Message) string {
	var value string
	if path, ok := p.json(); ok { // of duplicate keys the first will do for people
		value, _ = rawjson.First(m.Body, path)
	} else {
		value, _ = p.Read(m)
	}
	if len(value) > maxShown*utf8.UTFMax {
		value = value[:maxShown*utf8.UTFMax]
	}
	value = strings.ToValidUTF8(value, "\uFFFD")
	n := 0
	for i := range value {
		if n == maxShown {
			return value[:i]
		}
		n++
	}
	return value
}
