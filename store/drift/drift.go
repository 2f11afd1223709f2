package drift

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"math/bits"
	"slices"
	"strings"
)

// Change is what became of a field.
type Change string

// The changes.
const (
	Appeared Change = "appeared"
	Vanished Change = "vanished"
	Changed  Change = "changed" // its types
)

// Side is a field in one of two shapes.
type Side struct {
	Types    Types // 0 where no webhook has the field, and for a value that is not stored
	Webhooks int   // that have it
	Of       int   // webhooks of this event
	Example  int64 // of a webhook that has it, with a type that only this side has where there is one; see Shape.Add
}

// Difference is a field that two shapes do not have alike.
type Difference struct {
	Event
	Path     string // as jq has it, with [] for the elements of an array: .data.items[].id
	Change   Change
	Old, New Side
}

// Compared is what was found of two shapes.
type Compared struct {
	Differences []Difference
	More        int     // differences beyond the first 1000, which are not in the list
	Events      int     // that were compared
	OnlyOld     []Event // those that the new shape has no webhook of
	OnlyNew     []Event
}

// Compare compares two shapes event by event, in their order. A field is compared where both shapes have webhooks with
// the object that it belongs to: nothing is said about the elements of an array that is always empty in one of them,
// nor about fields below one that appeared, vanished or is no object any more. ignored are paths that are left out with
// all below them; the path of the elements of a body that is an array begins with [].
func Compare(old, now *Shape, ignored []string) (c Compared) {
	for event := range old.events {
		if now.events[event] == nil {
			c.OnlyOld = append(c.OnlyOld, event)
		}
	}
	for _, event := range sorted(slices.Collect(maps.Keys(now.events))) {
		o, n := old.events[event], now.events[event]
		if o == nil {
			c.OnlyNew = append(c.OnlyNew, event)
			continue
		}
		c.Events++
		d := comparison{Compared: &c, event: event, old: o.webhooks, now: n.webhooks, ignored: ignored}
		d.compare("", &o.body, &n.body)
	}
	sorted(c.OnlyOld)
	return c
}

func sorted(all []Event) []Event {
	slices.SortFunc(all, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Scheme, b.Scheme), cmp.Compare(a.Type, b.Type))
	})
	return all
}

// comparison compares the two shapes of one event.
type comparison struct {
	*Compared
	event    Event
	old, now int // webhooks
	ignored  []string
}

// compare compares a field that both have.
func (c *comparison) compare(path string, old, now *field) {
	if slices.Contains(c.ignored, path) {
		return
	}
	if known := (old.types | now.types) & masked; known == 0 && old.types != now.types {
		c.add(path, Changed, old, now)
	}
	if old.types&now.types&Object != 0 {
		c.objects(path, old, now)
	}
	if old.elements != nil && now.elements != nil {
		c.compare(path+"[]", old.elements, now.elements)
	}
}

func (c *comparison) objects(path string, old, now *field) {
	names := slices.Concat(slices.Collect(maps.Keys(old.fields)), slices.Collect(maps.Keys(now.fields)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		o, n, at := old.fields[name], now.fields[name], path+step(name)
		switch {
		case o != nil && n != nil:
			c.compare(at, o, n)
		case slices.Contains(c.ignored, at):
		case o == nil && !old.cut:
			c.add(at, Appeared, &field{}, n)
		case n == nil && !now.cut:
			c.add(at, Vanished, o, &field{})
		}
	}
}

func (c *comparison) add(path string, change Change, old, now *field) {
	const most = 1000
	if len(c.Differences) == most {
		c.More++
		return
	}
	if path == "" || path[0] == '[' {
		path = "." + path
	}
	c.Differences = append(c.Differences, Difference{c.event, path, change, old.side(c.old, now.types),
		now.side(c.now, old.types)})
}

// side returns the field as one side has it. other are the types of the other side.
func (f *field) side(of int, other Types) Side {
	telling := cmp.Or(f.types&^other, f.types)
	s := Side{Types: f.types &^ masked, Webhooks: f.webhooks, Of: of}
	if telling != 0 {
		s.Example = f.examples[bits.TrailingZeros16(uint16(telling))]
	}
	return s
}

// step is the step of a path to a field, as jq has it.
func step(name string) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	if name != "" && strings.Trim(name, letters+"0123456789") == "" && strings.ContainsRune(letters, rune(name[0])) {
		return "." + name
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(name) // a string can be encoded
	return "." + strings.TrimSuffix(b.String(), "\n")
}
