package rawjson

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFirstFindsStringsAndNumbers(t *testing.T) {
	for _, c := range []struct {
		doc, path, want string
		ok              bool
	}{
		{`{"type":"a.b"}`, "type", "a.b", true},
		{` { "x" : [ 1 , {"y":2} ] , "type" : "t" } `, "type", "t", true},
		{`{"event":{"type":"t"}}`, "event.type", "t", true},
		{`[{"event":"e"}]`, "0.event", "e", true},
		{`[1,[2,[3]],{"a":{}}, "x"]`, "3", "x", true},
		{`{"a":[10,20]}`, "a.1", "20", true},
		{`{"a":-1.5e3}`, "a", "-1.5e3", true},
		{`{"0":"key"}`, "0", "key", true},
		{`{"a":"first","a":"second"}`, "a", "first", true},
		{`{"a\u0062":"x"}`, "ab", "x", true},
		{`{"a":"q\"\\","b":"y"}`, "b", "y", true},
		{`{"a":"\u00e9\n\"\ud83d\ude00"}`, "a", "é\n\"😀", true},
		{`{"s":"}],{","a":"x"}`, "a", "x", true},
		{`{"n":1e999,"a":"x"}`, "a", "x", true},
		{"{\"n\":\"\xff\",\"a\":\"x\"}", "a", "x", true},
		{`{"a":""}`, "a", "", true},
		{`7`, "", "", false},
		{`{"a":"x"`, "a", "x", true},
		{`{"a":"x`, "a", "", false},
		{`{"a":1 2}`, "a", "", false},
		{`{"a":"x" 2}`, "a", "", false},
		{`{"a":null,"b":true,"c":{},"d":[]}`, "a", "", false},
		{`{"a":null,"b":true,"c":{},"d":[]}`, "b", "", false},
		{`{"a":null,"b":true,"c":{},"d":[]}`, "c", "", false},
		{`{"a":"\ux"}`, "a", "", false},
		{`[]`, "0", "", false},
		{`[1]`, "1", "", false},
		{`[1]`, "-1", "", false},
		{`[1]`, "99999999999999999999", "", false},
		{`{`, "a", "", false},
		{`{"a"`, "a", "", false},
		{`{"a":`, "a", "", false},
		{`}`, "a", "", false},
		{``, "a", "", false},
		{strings.Repeat("[", 200_000), "0.0.0", "", false},
		{`{"x":` + strings.Repeat("[", 200_000), "a", "", false},
		{`{"x":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `,"a":"deep"}`, "a", "deep", true},
		{`{"a":"` + strings.Repeat("x", MaxScalar+1) + `"}`, "a", "", false},
	} {
		if got, ok := First([]byte(c.doc), c.path); got != c.want || ok != c.ok {
			t.Errorf("%.60s at %s: %q %v, want %q %v", c.doc, c.path, got, ok, c.want, c.ok)
		}
	}
}

// TestFirstAgreesWithEncodingJSON compares every string member of random objects.
func TestFirstAgreesWithEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members := rapid.MapOf(rapid.StringMatching(`[^.]*`), rapid.String()).Draw(t, "members")
		doc, err := json.Marshal(map[string]any{"list": []any{1, "x", []int{}, members}, "object": members})
		if err != nil {
			t.Fatal(err)
		}
		for name := range members {
			var parsed struct{ Object map[string]string }
			if err := json.Unmarshal(doc, &parsed); err != nil {
				t.Fatal(err)
			}
			want, ok := parsed.Object[name]
			for _, path := range []string{"object.", "list.3."} {
				if got, found := First(doc, path+name); ok && (got != want || !found) {
					t.Errorf("%q: %q %v, want %q", name, got, found, want)
				}
			}
		}
	})
}
