package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/ui"
)

// The sizes of an answer. A model reads all of it.
const (
	mostText  = 2 << 10  // bytes of one text
	mostItems = 100      // values of one list
	mostData  = 48 << 10 // bytes of all texts and numbers of an answer
	mostDeep  = 32       // values within values
)

// cleaner makes JSON of strangers safe to read for a model: it hides secrets, escapes what cannot be seen, and cuts
// what is too long.
type cleaner struct {
	scrub func(string) string
	left  int // bytes that may still be shown
	cut   bool
}

func newCleaner(scrub func(string) string) *cleaner { return &cleaner{scrub: scrub, left: mostData} }

// value returns any value that marshals to JSON in the form that is shown.
func (c *cleaner) value(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return c.raw(data)
}

// raw is value for JSON text.
func (c *cleaner) raw(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return c.clean(v, 0), nil
}

func (c *cleaner) clean(v any, depth int) any {
	if depth > mostDeep || c.left <= 0 {
		c.cut = true
		return "…"
	}
	switch v := v.(type) {
	case string:
		return c.text(v)
	case json.Number:
		if len(v) > 64 { // a number of a body, whose digits have no end
			return c.text(v.String())
		}
		c.left -= len(v)
	case []any:
		if len(v) > mostItems {
			v, c.cut = v[:mostItems], true
		}
		for i := range v {
			if c.left <= 0 {
				v, c.cut = v[:i], true
				break
			}
			v[i] = c.clean(v[i], depth+1)
		}
		return v
	case map[string]any:
		out := make(map[string]any, min(len(v), mostItems))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if len(out) == mostItems || c.left <= 0 {
				c.cut = true
				break
			}
			shown := name
			if depth > 0 { // the names of a whole result are barb's own, so no secret is in them
				shown = c.text(name)
			}
			out[shown] = c.clean(v[name], depth+1)
		}
		return out
	}
	return v
}

// text returns a text as it is shown.
func (c *cleaner) text(s string) string {
	s, isCut := clip(visible(c.scrub(s)), min(mostText, max(c.left, 0)))
	c.cut = c.cut || isCut
	c.left -= len(s) + 4 // and what JSON has around it
	return s
}

// clip cuts a text to a number of bytes, between two characters, and says so in it.
func clip(s string, most int) (string, bool) {
	if len(s) <= most {
		return s, false
	}
	at := most
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return s[:at] + fmt.Sprintf("… (%d of %d bytes)", at, len(s)), true
}

// visible escapes control and bidirectional characters and everything else that a person would not see and a model
// would read.
func visible(s string) string {
	s = ui.Escape(s)
	if !strings.ContainsFunc(s, isUnseen) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isUnseen(r) {
			fmt.Fprintf(&b, `\u{%x}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isUnseen(r rune) bool {
	return r >= 0x80 && unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point,
		unicode.Co)
}
