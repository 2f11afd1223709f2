package redact

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Place is the location of a value that the history does not store.
type Place struct {
	kind string   // "header", "query", "form" or "json"
	name string   // of the field or parameter, decoded; for JSON the pointer as written
	path []string // the keys and indexes of JSON; "*" is every element
	any  bool     // "*" in the path is every element and not a key of that name
}

// ParsePlace parses "header:NAME", "query:NAME", "form:NAME" or "json:POINTER" with a JSON Pointer (RFC 6901); "json:"
// alone is the whole body.
func ParsePlace(text string) (Place, error) {
	kind, name, _ := strings.Cut(text, ":")
	p := Place{kind: kind, name: name}
	switch kind {
	case "header", "query", "form":
		if name == "" {
			return p, fmt.Errorf("%s: needs a name", kind)
		}
		return p, nil
	case "json":
		var err error
		p.path, err = parsePointer(name)
		return p, err
	}
	return p, errors.New("a place is header:NAME, json:/POINTER, query:NAME or form:NAME")
}

// parsePointer parses a JSON Pointer (RFC 6901, section 3).
func parsePointer(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	if pointer[0] != '/' {
		return nil, errors.New("a JSON Pointer begins with /")
	}
	path := strings.Split(pointer[1:], "/")
	for i, part := range path {
		if strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(part), "~") {
			return nil, errors.New("in a JSON Pointer write ~ as ~0 and / as ~1")
		}
		path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
	}
	return path, nil
}

// schemePlace returns the place of a scheme's secret: its Header.
func schemePlace(header string) Place {
	kind, name, ok := strings.Cut(header, ":")
	switch {
	case !ok || kind != "json" && kind != "form" && kind != "query":
		return Place{kind: "header", name: header}
	case kind == "json":
		return Place{kind: kind, name: "/" + strings.ReplaceAll(name, ".", "/"), path: strings.Split(name, "."), any: true}
	}
	return Place{kind: kind, name: name}
}

// parameters yields the position of each value of a query or form, with its decoded name. A name that cannot be decoded
// stays as it is.
func parameters(form string, do func(name string, from, to int)) {
	for at := 0; at <= len(form); {
		end := strings.IndexByte(form[at:], '&')
		if end < 0 {
			end = len(form) - at
		}
		if name, value, ok := strings.Cut(form[at:at+end], "="); ok && value != "" {
			do(decoded(name), at+len(name)+1, at+end)
		}
		at += end + 1
	}
}

func decoded(name string) string {
	text, err := url.QueryUnescape(name)
	if err != nil {
		return name
	}
	return text
}
