package compare

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// differ finds the differences of two JSON values by path.
type differ struct{ found []Difference }

// compare compares the values at a path, which is that of the old one where the places in arrays differ.
func (d *differ) compare(at string, old, now any) {
	switch o := old.(type) {
	case map[string]any:
		if n, ok := now.(map[string]any); ok {
			d.objects(at, o, n)
			return
		}
	case []any:
		if n, ok := now.([]any); ok {
			d.arrays(at, o, n)
			return
		}
	}
	if !same(old, now) {
		d.add(at, text(old), text(now))
	}
}

func (d *differ) objects(at string, old, now map[string]any) {
	names := slices.Concat(slices.Collect(maps.Keys(old)), slices.Collect(maps.Keys(now)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		o, was := old[name]
		n, is := now[name]
		switch where := at + key(name); {
		case was && is:
			d.compare(where, o, n)
		case was:
			d.add(where, text(o), nil)
		default:
			d.add(where, nil, text(n))
		}
	}
}

// arrays compares what stands between equal elements: element by element, and then what only one of them has.
func (d *differ) arrays(at string, old, now []any) {
	matches := matching(len(old), len(now), func(i, j int) bool { return same(old[i], now[j]) })
	i, j := 0, 0
	for _, m := range append(matches, pair{len(old), len(now)}) {
		for i < m.a && j < m.b {
			d.compare(at+index(i), old[i], now[j])
			i, j = i+1, j+1
		}
		for ; i < m.a; i++ {
			d.add(at+index(i), text(old[i]), nil)
		}
		for ; j < m.b; j++ {
			d.add(at+index(j), nil, text(now[j]))
		}
		i, j = m.a+1, m.b+1
	}
}

func (d *differ) add(at string, old, now *string) {
	if at == "" || at[0] == '[' {
		at = "." + at
	}
	d.found = append(d.found, Difference{Part: Body, Name: at, Old: old, New: now, JSON: true})
}

// key is the step to a field, as jq has it.
func key(name string) string {
	isName := name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" &&
		(name[0] < '0' || name[0] > '9')
	if isName {
		return "." + name
	}
	return "." + *text(name)
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

// same reports whether two values are equal: numbers by their value where a float64 holds it, else by their digits.
func same(a, b any) bool {
	switch x := a.(type) {
	case json.Number:
		y, ok := b.(json.Number)
		return ok && (x == y || sameNumber(x, y))
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && maps.EqualFunc(x, y, same)
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, same)
	}
	return reflect.DeepEqual(a, b)
}

func sameNumber(x, y json.Number) bool {
	const exact = 15 // digits that a float64 always holds
	if len(x) > exact || len(y) > exact {
		return false
	}
	a, errA := x.Float64()
	b, errB := y.Float64()
	return errA == nil && errB == nil && a == b
}

// text returns a value as JSON.
func text(v any) *string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // a number that overflowed
		return new("null")
	}
	return new(strings.TrimSuffix(b.String(), "\n"))
}
