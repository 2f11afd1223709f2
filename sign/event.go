package sign

import (
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/sign/rawjson"
)

// maxShown is the number of characters kept of an id or event type, because a sender chooses them freely.
const maxShown = 128

// ID returns the webhook id of a message, "" when it has none: at most 128 characters of valid UTF-8, which the
// caller must escape before showing them. The id proves nothing before Verify has succeeded.
func (s Scheme) ID(m Message) string {
	_ = s.unwrap(&m) // a form that Verify refuses has nothing to show
	return shown(s.IDIn, &m)
}

// Event returns the event type of a message, under the same terms as ID.
func (s Scheme) Event(m Message) string {
	_ = s.unwrap(&m) // a form that Verify refuses has nothing to show
	return shown(s.EventIn, &m)
}

// Stamp returns the timestamp of a message as written, under the same terms as ID; "" when it has none, or only
// within a token.
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
	if path, ok := p.json(); ok { // of duplicate keys the first is shown
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
