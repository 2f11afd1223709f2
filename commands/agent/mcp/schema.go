package mcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Schema is the JSON schema of the arguments of a tool: an object whose members are texts, whole numbers, truths, or
// lists of texts.
type Schema struct{ properties []property }

// property is an argument.
type property struct {
	name, description string
	kind              string // string, integer, boolean or array
	isRequired        bool
}

// SchemaOf returns the schema of a struct, whose fields and embedded structs have tags as encoding/json reads them.
// A field without omitempty must be given. describe returns the description of an argument.
func SchemaOf(arguments reflect.Type, describe func(name string) string) *Schema {
	s := &Schema{}
	s.add(arguments, describe)
	return s
}

func (s *Schema) add(arguments reflect.Type, describe func(name string) string) {
	for field := range arguments.Fields() {
		if field.Anonymous {
			s.add(field.Type, describe)
			continue
		}
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		of := field.Type
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		kind := map[reflect.Kind]string{reflect.String: "string", reflect.Int: "integer", reflect.Bool: "boolean",
			reflect.Slice: "array"}[of.Kind()]
		if kind == "" || kind == "array" && of.Elem().Kind() != reflect.String {
			panic("no argument can be a " + field.Type.String())
		}
		s.properties = append(s.properties, property{name, describe(name), kind, option != "omitempty"})
	}
}

// MarshalJSON returns the schema with its arguments in the order of the fields.
func (s *Schema) MarshalJSON() ([]byte, error) {
	type schema struct {
		Type        string            `json:"type"`
		Items       map[string]string `json:"items,omitempty"`
		Description string            `json:"description,omitempty"`
	}
	var members []string
	required := []string{}
	for _, p := range s.properties {
		one := schema{Type: p.kind, Description: p.description}
		if p.kind == "array" {
			one.Items = map[string]string{"type": "string"}
		}
		data, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		members = append(members, fmt.Sprintf("%q:%s", p.name, data))
		if p.isRequired {
			required = append(required, p.name)
		}
	}
	names, err := json.Marshal(required)
	return fmt.Appendf(nil, `{"type":"object","properties":{%s},"required":%s,"additionalProperties":false}`,
		strings.Join(members, ","), names), err
}

// check returns what is wrong with arguments, "" for nothing.
func (s *Schema) check(arguments json.RawMessage) string {
	given := map[string]json.RawMessage{}
	if len(arguments) > 0 && json.Unmarshal(arguments, &given) != nil {
		return "the arguments are not a JSON object"
	}
	names := s.names()
	for _, name := range slices.Sorted(maps.Keys(given)) { // first: an argument that is missing may be misspelt
		if !slices.Contains(names, name) {
			return fmt.Sprintf("there is no argument %q; there are %s", clip(name), strings.Join(names, ", "))
		}
	}
	for _, p := range s.properties {
		value, isGiven := given[p.name]
		switch {
		case !isGiven && p.isRequired:
			return fmt.Sprintf("the argument %s is missing", p.name)
		case isGiven && !p.fits(value):
			return fmt.Sprintf("the argument %s is %s, and must be %s", p.name, clip(string(value)), p.expected())
		}
	}
	return ""
}

// names returns the names of the arguments.
func (s *Schema) names() []string {
	all := make([]string, len(s.properties))
	for i, p := range s.properties {
		all[i] = p.name
	}
	return all
}

// fits reports whether JSON text is a value of the kind of an argument.
func (p *property) fits(value json.RawMessage) bool {
	var into any
	switch p.kind {
	case "string":
		into = new(string)
	case "integer":
		into = new(int)
	case "boolean":
		into = new(bool)
	case "array":
		var items []*string // null is no text
		return !bytes.Equal(value, []byte("null")) && json.Unmarshal(value, &items) == nil && !slices.Contains(items, nil)
	}
	return !bytes.Equal(value, []byte("null")) && json.Unmarshal(value, into) == nil
}

func (p *property) expected() string {
	return map[string]string{"string": "a text", "integer": "a whole number", "boolean": "true or false",
		"array": "a list of texts"}[p.kind]
}
