package rawjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign/rawjson"
)

// path is a path in the notation of tests: keys behind dots, elements behind "#".
func path(text string) rawjson.Path {
	p := rawjson.Dotted(text)
	for i := range p {
		if number, ok := strings.CutPrefix(p[i].Key, "#"); ok {
			p[i].Index = int(number[0] - '0')
		}
	}
	return p
}

func TestSetKeepsEveryOtherByte(t *testing.T) {
	for _, c := range []struct{ doc, path, value, want string }{
		{`{"data":{"amount":1,"x":1.0}}`, "data.amount", "1200", `{"data":{"amount":1200,"x":1.0}}`},
		{`{"a" : 1 , "b":2}`, "a", "null", `{"a" : null , "b":2}`},
		{" {\"a\":\"é\\/\"}\n", "b", `"x"`, " {\"a\":\"é\\/\",\"b\":\"x\"}\n"},
		{`{"items":[{"sku":"a"}, {"sku":"b"}]}`, "items.#1.sku", "1", `{"items":[{"sku":"a"}, {"sku":1}]}`},
		{`{"items":[{"sku":"a"}]}`, "items.0.sku", "1", `{"items":[{"sku":1}]}`},
		{`{"items":[1, 2]}`, "items.#2", "3", `{"items":[1, 2, 3]}`},
		{`{}`, "a.b.#0.c", "true", `{"a":{"b":[{"c":true}]}}`},
		{`{ }`, "a", "1", `{"a":1 }`},
		{`{"a":null}`, "a.b", "1", `{"a":{"b":1}}`},
		{`null`, "a", "1", `{"a":1}`},
		{`{"a":1,"a":2}`, "a", "3", `{"a":1,"a":3}`},
		{`{"\u0061":1}`, "a", "2", `{"\u0061":2}`},
		{"{\n  \"a\" : 1\n}", "b", "2", "{\n  \"a\" : 1,\n  \"b\" : 2\n}"},
		{`{"a":[[1,2],[3]]}`, "a.#1.#0", "9", `{"a":[[1,2],[9]]}`},
		{`{"a":1,}`, "b", "2", `{"a":1,"b":2,}`},
	} {
		got, err := rawjson.Set([]byte(c.doc), path(c.path), []byte(c.value))
		if err != nil || string(got) != c.want {
			t.Errorf("%s at %s: %v\n got %s\nwant %s", c.doc, c.path, err, got, c.want)
		}
	}
}

func TestSetSaysWhatIsInTheWay(t *testing.T) {
	for _, c := range []struct{ doc, path, want string }{
		{`{"a":{"b":1}}`, "a.b.c", "a.b is a number, true or false: nothing is below it"},
		{`{"a":{"b":true}}`, "a.b.c", "a.b is a number, true or false: nothing is below it"},
		{`{"a":"x"}`, "a.#0", "a is text: nothing is below it"},
		{`"x"`, "a", "the payload is text: nothing is below it"},
		{`{"a":{}}`, "a.#0", "a is an object, not an array"},
		{`[[1]]`, "#0.b", `[0] is an array, which has no "b"`},
		{`{"a":[1]}`, "a.#3", "a has 1 elements: the next one is [1]"},
		{`{}`, "a.#1", "a is not there yet: its first element is [0]"},
		{`{"a":`, "a.b", "not JSON"},
		{`{"a" 1}`, "b", "not JSON"},
		{`{1}`, "b", "not JSON"},
		{`{"a":1 "b":2}`, "c", "not JSON"},
		{`[`, "#0", "not JSON"},
	} {
		if got, err := rawjson.Set([]byte(c.doc), path(c.path), []byte("1")); err == nil || err.Error() != c.want {
			t.Errorf("%s at %s: %v %s, want %s", c.doc, c.path, err, got, c.want)
		}
	}
}

func TestPathsAreWrittenAsJqHasThem(t *testing.T) {
	p := rawjson.Path{{Key: "a", Index: -1}, {Index: 2}, {Key: "b.c", Index: -1}, {Key: "d", Index: -1}}
	if p.String() != `a[2]["b.c"].d` {
		t.Error(p)
	}
}

func TestSetTextReachesEveryElement(t *testing.T) {
	got, ok := rawjson.SetText([]byte(`{"a":[{"b":"x"}, {}],"c":0}`), "a.*.b", `"`)
	if !ok || string(got) != `{"a":[{"b":"\""}, {"b":"\""}],"c":0}` {
		t.Errorf("%v %s", ok, got)
	}
	for _, doc := range []string{`{"a":[]}`, `{"a":[1]}`, `{}`, ``} {
		if got, ok := rawjson.SetText([]byte(doc), "a.*.b", "x"); ok {
			t.Errorf("%s became %s", doc, got)
		}
	}
}

func TestWordsAreTakenAsTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		doc, want string
		there     bool
		err       error
	}{
		{`{"a":true}`, "true", true, nil},
		{`{"a": 1.0 }`, "1.0", true, nil},
		{`{"a":""}`, "", true, nil},
		{`{"a":null}`, "null", false, nil},
		{`{}`, "", false, nil},
		{`{"a":1,"A":1}`, "", false, rawjson.ErrTwice},
		{`{"a":{}}`, "", false, rawjson.ErrNotScalar},
		{`{"a":nul}`, "", false, rawjson.ErrNotScalar},
	} {
		got, there, err := rawjson.Word([]byte(c.doc), "a")
		if got != c.want || there != c.there || !errors.Is(err, c.err) {
			t.Errorf("%s: %q %v %v", c.doc, got, there, err)
		}
	}
}

func TestAKeyThatIsThereTwiceIsCounted(t *testing.T) {
	for _, c := range []struct {
		doc, path, want string
		n               int
	}{
		{`{"a":"x"}`, "a", "x", 1},
		{`{"a":"x","a":"x"}`, "a", "", 2},
		{`{"a":"x","A":"x"}`, "a", "", 2},
		{`{"A":"x"}`, "a", "", 2},
		{`{"\u0041":"x"}`, "a", "", 2},
		{`{"a":{}}`, "a", "", 0},
		{`[{"a":"x"}]`, "0.a", "x", 1},
		{`[{"a":"x"},{"a":"x"}]`, "1.a", "x", 1},
		{`{"l":[{"a":"x"},{"a":"x"}]}`, "l.*.a", "x", 1},
		{`{"l":[{"a":"x"},{"a":"y"}]}`, "l.*.a", "", 2},
		{`{"l":[{"a":"x"},{}]}`, "l.*.a", "", 0},
		{`{"l":[]}`, "l.*.a", "", 0},
		{`{"l":[{"a":"x"}`, "l.*.a", "", 0},
	} {
		if got, n := rawjson.Once([]byte(c.doc), c.path); got != c.want || n != c.n {
			t.Errorf("%s at %s: %q %d", c.doc, c.path, got, n)
		}
	}
	for doc, want := range map[string]bool{
		`{"a":1,"b":2}`: false, `{"a":1,"A":2}`: true, `{"a":1,"\u0061":2}`: true, `{"a":{"b":1,"b":1}}`: false,
		`{"a" 1}`: false, `{1}`: false, `[]`: false,
	} {
		if got := rawjson.NamesTwice([]byte(doc)); got != want {
			t.Errorf("%s: %v", doc, got)
		}
	}
	if n := rawjson.Times([]byte(`{"a":{},"a":{}}`), "a"); n != 2 {
		t.Error(n)
	}
}

func TestElementsAreNoMoreThanAreLookedAt(t *testing.T) {
	list := func(n int) []byte { return []byte(`{"a":[` + strings.TrimSuffix(strings.Repeat("1,", n), ",") + `]}`) }
	if n := len(rawjson.Elements(list(rawjson.MaxElements), "a")); n != rawjson.MaxElements {
		t.Error(n)
	}
	if n := len(rawjson.Elements(list(rawjson.MaxElements+1), "a")); n != 0 {
		t.Error(n)
	}
	if n := len(rawjson.Elements([]byte(`{"a":[1 2]}`), "a")); n != 0 {
		t.Error(n)
	}
}

func TestEveryStyleWritesTheSameText(t *testing.T) {
	text := "a\"\\/\b\f\n\r\t\x00\x1f\x7f<>&'+é\u2028\U0001F600"
	for _, c := range []struct {
		style rawjson.Style
		want  string
	}{
		{rawjson.Style{}, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f<>&'+é\u2028\U0001F600\""},
		{rawjson.Style{Also: "<>&", Lines: true},
			"\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\\u003c\\u003e\\u0026'+é\\u2028\U0001F600\""},
		{rawjson.Style{ASCII: true, DEL: true, Slash: true, Quote: true, Upper: true},
			`"a\u0022\\\/\b\f\n\r\t\u0000\u001F\u007F<>&'+\u00E9\u2028\uD83D\uDE00"`},
	} {
		got := c.style.Append(nil, []byte(text))
		if string(got) != c.want {
			t.Errorf("%+v\n got %s\nwant %s", c.style, got, c.want)
		}
		var back string
		if err := json.Unmarshal(got, &back); err != nil || back != text {
			t.Errorf("%+v: %v %q", c.style, err, back)
		}
	}
}
