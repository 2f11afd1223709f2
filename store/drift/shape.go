// Package drift finds what changed in the shape of webhooks: fields that appeared, vanished or have other types. It
// compares no values and prints nothing. What it keeps of strangers' bodies is bounded.
package drift

import (
	"encoding/json"
	"maps"
	"math/bits"
	"slices"
)

// Types is a set of JSON types, and of Text and Empty for a body that is no JSON.
type Types uint16

// The types. A body that is no JSON, no form and no multipart is a Text, or Empty.
const (
	Object Types = 1 << iota
	Array
	String
	Number
	Boolean
	Null
	Text
	Empty
	masked // a value that is not stored: its type is not known
)

const allTypes = 9

// names are the names of the types in the order of their bits.
var names = []string{"object", "array", "string", "number", "boolean", "null", "text", "empty"}

// Names returns the names of the types, such as "string" and "null".
func (t Types) Names() (all []string) {
	for i, name := range names {
		if t&(1<<i) != 0 {
			all = append(all, name)
		}
	}
	return all
}

// Bounds of a Shape. Fields beyond them are not compared.
const (
	maxDepth    = 64      // of a field below the body
	maxFields   = 50_000  // of all event types together
	maxChildren = 2_000   // of one object
	maxName     = 256     // bytes of the name of a field
	maxText     = 4 << 20 // bytes of all names together
	maxEvents   = 1_000
)

// Event is a kind of webhook. Webhooks of one kind are expected to have one shape.
type Event struct{ Scheme, Type string }

// Shape is the fields of many webhooks with their types, by event. The zero value is that of no webhook.
type Shape struct {
	Masked []string // strings that stand for values of unknown types

	events map[Event]*kind
	fields int
	text   int
	cut    bool
	added  int
}

// kind is the shape of the webhooks of one event.
type kind struct {
	webhooks int
	body     field
}

// field is a place in the bodies of an event: a field of an object, the elements of an array, or the body.
type field struct {
	types    Types
	webhooks int             // that have it
	examples [allTypes]int64 // by the bit of a type, a webhook that has it; see Add
	last     int             // the number of the last one that was added
	fields   map[string]*field
	elements *field
	cut      bool // some fields below it are not kept
}

// Add adds a webhook. example is a number by which a person finds the webhook again. value is the body as JSON has it:
// nil, bool, string, json.Number, float64, []any or map[string]any.
func (s *Shape) Add(event Event, example int64, value any) { s.add(event, example, value, 0) }

// AddOther adds a webhook whose body is not JSON, of type Text or Empty.
func (s *Shape) AddOther(event Event, example int64, t Types) { s.add(event, example, nil, t) }

func (s *Shape) add(event Event, example int64, value any, other Types) {
	k := s.events[event]
	if k == nil {
		if len(s.events) == maxEvents || s.text+len(event.Scheme)+len(event.Type) > maxText {
			s.cut = true
			return
		}
		if s.events == nil {
			s.events = map[Event]*kind{}
		}
		s.text += len(event.Scheme) + len(event.Type)
		k = &kind{}
		s.events[event] = k
	}
	s.added++
	k.webhooks++
	if other != 0 {
		k.body.note(s.added, example, other)
		return
	}
	s.walk(&k.body, example, value, 0)
}

// note notes that the webhook of a number has a value of this type here.
func (f *field) note(number int, example int64, t Types) {
	if f.types&t == 0 {
		f.types |= t
		f.examples[bits.TrailingZeros16(uint16(t))] = example
	}
	if f.last != number {
		f.last = number
		f.webhooks++
	}
}

// walk notes a value and all below it.
func (s *Shape) walk(f *field, example int64, value any, depth int) {
	f.note(s.added, example, s.typeOf(value))
	switch v := value.(type) {
	case map[string]any:
		if depth == maxDepth {
			s.drop(f)
			return
		}
		for _, name := range s.order(f, v) {
			if inner := s.child(f, name); inner != nil {
				s.walk(inner, example, v[name], depth+1)
			}
		}
	case []any:
		if len(v) == 0 {
			return
		}
		if f.elements == nil {
			if depth == maxDepth || s.fields == maxFields {
				s.drop(f)
				return
			}
			s.fields++
			f.elements = &field{}
		}
		for _, inner := range v {
			s.walk(f.elements, example, inner, depth+1)
		}
	}
}

// order returns the names of an object. Where not all of them are kept, the same ones are kept each time.
func (s *Shape) order(f *field, object map[string]any) []string {
	if len(f.fields)+len(object) <= maxChildren && s.fields+len(object) <= maxFields && s.text < maxText/2 {
		return slices.Collect(maps.Keys(object))
	}
	return slices.Sorted(maps.Keys(object))
}

// child returns a field of an object; nil where it is not kept.
func (s *Shape) child(f *field, name string) *field {
	if inner := f.fields[name]; inner != nil {
		return inner
	}
	if len(name) > maxName || len(f.fields) == maxChildren || s.fields == maxFields || s.text+len(name) > maxText {
		s.drop(f)
		return nil
	}
	if f.fields == nil {
		f.fields = map[string]*field{}
	}
	s.fields++
	s.text += len(name)
	inner := &field{}
	f.fields[name] = inner
	return inner
}

func (s *Shape) drop(f *field) { f.cut, s.cut = true, true }

func (s *Shape) typeOf(value any) Types {
	switch v := value.(type) {
	case map[string]any:
		return Object
	case []any:
		return Array
	case string:
		if slices.Contains(s.Masked, v) {
			return masked
		}
		return String
	case json.Number, float64:
		return Number
	case bool:
		return Boolean
	}
	return Null
}

// Webhooks returns how many webhooks were added.
func (s *Shape) Webhooks() int { return s.added }

// Cut reports whether some fields are beyond the bounds. Those are not compared.
func (s *Shape) Cut() bool { return s.cut }
