package rawjson

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzJSONEdit writes a value into a text and reads it back; every other byte stays, and what was JSON is JSON.
func FuzzJSONEdit(f *testing.F) {
	for _, doc := range []string{
		`{}`, ` { "a" : [ 1 , {"b":2} ] , "x" : null } `, `{"a":{"b":"c"}}`, `[{"a":1},{}]`,
		`{"a":"first","a":"second"}`, `{"\u0061":1}`,
		`{"value":[{"c":"x"},{"c":"y"}]}`, `{"a":[]}`, `{"a"`, `{"a":1,}`, "", "null", "\xff", `{"a":{}`, `{"a":"\"}`,
	} {
		for _, path := range []string{"a", "a.b", "0.a", "value.*.c", "x.y.z", "", "a.*.b.*.c"} {
			f.Add([]byte(doc), path, `v"\`+"\n")
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte, path, value string) {
		before := bytes.Clone(doc)
		out, ok := SetText(doc, path, value)
		if !bytes.Equal(doc, before) {
			t.Fatalf("%q changed", before)
		}
		if !ok || len(value) > MaxScalar/6 {
			return
		}
		got, n := Once(out, path)
		_, times := Once(doc, path)
		valid := json.Valid(doc)
		if valid && !json.Valid(out) {
			t.Fatalf("%q at %q became %q", doc, path, out)
		}
		if !valid || times > 1 || !json.Valid(quote(value)) || !utf8.ValidString(value) || !utf8.ValidString(path) ||
			twice(doc, path) {
			return
		}
		if n != 1 || got != value {
			t.Fatalf("%q at %q became %q, read back as %q %d", doc, path, out, got, n)
		}
		if again, ok := SetText(out, path, value); !ok || !bytes.Equal(again, out) {
			t.Fatalf("%q at %q written twice became %q", out, path, again)
		}
		if !strings.Contains(path, "*") && !outside(doc, out) {
			t.Fatalf("%q at %q became %q", doc, path, out)
		}
	})
}

// twice reports whether some object on a path has a key of it twice; what is written there is not read back.
func twice(doc []byte, path string) bool {
	before, _, _ := strings.Cut(path, ".*.")
	parts := strings.Split(before, ".")
	for i := range parts {
		if Times(doc, strings.Join(parts[:i+1], ".")) > 1 {
			return true
		}
	}
	return strings.Contains(path, "*")
}

// outside reports whether one text is the other with a single stretch of it replaced.
func outside(before, after []byte) bool {
	head := 0
	for head < min(len(before), len(after)) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < min(len(before), len(after))-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	return len(before)-head-tail >= 0 && bytes.Equal(before[:head], after[:head])
}
