package mcp

import (
	"encoding/json"
	"regexp"
	"sync"
)

// whole matches a whole number as JSON writes it.
var whole = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})$`) })

// lenient returns arguments with whole numbers where texts are wanted as texts, and the other way round. A model that
// reads "id":17 in an answer asks for 17, not for "17".
func (s *Schema) lenient(arguments json.RawMessage) json.RawMessage {
	given := map[string]json.RawMessage{}
	if json.Unmarshal(arguments, &given) != nil {
		return arguments // check says so
	}
	changed := false
	for _, p := range s.properties {
		value, isGiven := given[p.name]
		if !isGiven {
			continue
		}
		if now := p.lenient(value); string(now) != string(value) {
			given[p.name], changed = now, true
		}
	}
	if !changed {
		return arguments
	}
	data, err := json.Marshal(given)
	if err != nil {
		return arguments
	}
	return data
}

func (p *property) lenient(value json.RawMessage) json.RawMessage {
	switch p.kind {
	case "string":
		return asText(value)
	case "integer":
		var text string
		if json.Unmarshal(value, &text) == nil && whole().MatchString(text) {
			return json.RawMessage(text)
		}
	case "array":
		var items []json.RawMessage
		if json.Unmarshal(value, &items) != nil || items == nil {
			return value
		}
		for i := range items {
			items[i] = asText(items[i])
		}
		if data, err := json.Marshal(items); err == nil {
			return data
		}
	}
	return value
}

// asText returns a whole number as a text, and any other value as it is.
func asText(value json.RawMessage) json.RawMessage {
	if whole().Match(value) {
		return json.RawMessage(`"` + string(value) + `"`)
	}
	return value
}
