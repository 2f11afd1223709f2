package edit_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/barbhq/barb/deliver/edit"
)

func apply(t *testing.T, body, contentType string, edits ...string) (string, error) {
	t.Helper()
	out := []byte(body)
	for _, text := range edits {
		e, err := edit.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if out, err = e.Apply(out, contentType); err != nil {
			return "", err
		}
	}
	return string(out), nil
}

func TestAFieldIsSetAndEveryOtherByteStays(t *testing.T) {
	for _, c := range []struct{ body, edit, want string }{
		{`{"data":{"amount":1,"x":1.0}}`, `data.amount=1200`, `{"data":{"amount":1200,"x":1.0}}`},
		{`{"a" : 1 , "b":2}`, `.a=null`, `{"a" : null , "b":2}`},
		{` {"a":"é\/"}` + "\n", `b=x y`, ` {"a":"é\/","b":"x y"}` + "\n"},
		{`{"items":[{"sku":"a"}, {"sku":"b"}]}`, `items[1].sku=x`, `{"items":[{"sku":"a"}, {"sku":"x"}]}`},
		{`{"items":[{"sku":"a"}]}`, `items.0.sku=x`, `{"items":[{"sku":"x"}]}`},
		{`{"items":[1, 2]}`, `items[2]=3`, `{"items":[1, 2, 3]}`},
		{`[{"a":1}]`, `[0].b.c=1`, `[{"a":1,"b":{"c":1}}]`},
		{`{}`, `a.b[0].c=true`, `{"a":{"b":[{"c":true}]}}`},
		{`[]`, `[0]={"a":[1]}`, `[{"a":[1]}]`},
		{`{ }`, `a=1`, `{"a":1 }`},
		{``, `type=ping`, `{"type":"ping"}`},
		{`{"a":null}`, `a.b=1`, `{"a":{"b":1}}`},
		{`{"a":1,"a":2}`, `a=3`, `{"a":1,"a":3}`},
		{`{"a.b":1,"c=d":2}`, `["a.b"]=3`, `{"a.b":3,"c=d":2}`},
		{`{"a.b":1,"c=d":2}`, `["c=d"]=3`, `{"a.b":1,"c=d":3}`},
		{`{"\u0061":1}`, `a=2`, `{"\u0061":2}`},
		{`{"a":1}`, `a="1"`, `{"a":"1"}`},
		{`{"a":1}`, `a=`, `{"a":""}`},
		{`{"a":1}`, `a=x=y`, `{"a":"x=y"}`},
		{`{"a":1}`, "a=</script>\"\n", `{"a":"</script>\"\n"}`},
		{"{\n  \"a\": 1\n}", `b.c=2`, "{\n  \"a\": 1,\n  \"b\": {\"c\":2}\n}"},
		{`{"a":[[1,2],[3]]}`, `a[1][0]=9`, `{"a":[[1,2],[9]]}`},
	} {
		if got, err := apply(t, c.body, "application/json", c.edit); err != nil || got != c.want {
			t.Errorf("%s, %s: %v\n got %s\nwant %s", c.body, c.edit, err, got, c.want)
		}
	}
}

func TestAFormsFieldIsSet(t *testing.T) {
	const form = "application/x-www-form-urlencoded; charset=UTF-8"
	for _, c := range []struct{ body, edit, want string }{
		{"From=%2B1&Body=hello+world&&To=2", "Body=hi & bye", "From=%2B1&Body=hi+%26+bye&&To=2"},
		{"a=1&b=2&a=3", "a=x", "a=x&b=2"},
		{"a=1", "b[c].d=2", "a=1&b%5Bc%5D.d=2"},
		{"", "a=1", "a=1"},
		{"%=1&b", "b=2", "%=1&b=2"},
	} {
		if got, err := apply(t, c.body, form, c.edit); err != nil || got != c.want {
			t.Errorf("%s, %s: %v %s, want %s", c.body, c.edit, err, got, c.want)
		}
	}
}

func TestWhatCannotBeSetIsSaid(t *testing.T) {
	for _, c := range []struct{ body, edit, want string }{
		{`{"a":{"b":1}}`, `a.b.c=1`, `a.b is a number, true or false: nothing is below it`},
		{`{"a":"x"}`, `a[0]=1`, `a is text: nothing is below it`},
		{`"x"`, `a=1`, `the payload is text`},
		{`{"a":{}}`, `a[0]=1`, `a is an object, not an array`},
		{`{"a":[1]}`, `a.b=1`, `a is an array, which has no "b"`},
		{`{"a":[1]}`, `a[3]=1`, `a has 1 elements: the next one is [1]`},
		{`{}`, `a[1]=1`, `a is not there yet`},
		{`<xml/>`, `a=1`, `neither JSON nor a form`},
		{strings.Repeat("[", 200000), `a=1`, `neither JSON nor a form`},
	} {
		if _, err := apply(t, c.body, "", c.edit); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s, %s: %v, want %q", c.body, c.edit, err, c.want)
		}
	}
	for _, text := range []string{"a..b=1", "a.=1", "[x]=1", "[-1]=1", "a[0=1", ".=1", "a[0]b=1"} {
		if got, err := apply(t, "{}", "", text); err == nil || !strings.Contains(err.Error(), "is not a path such as") {
			t.Errorf("%q: %v %s", text, err, got)
		}
	}
	for _, text := range []string{"", "=1", "a", `["a=1`, "a=\xff"} {
		if e, err := edit.Parse(text); err == nil {
			t.Errorf("%q is %+v", text, e)
		}
	}
	if _, err := apply(t, "x", "text/plain", "a=1"); !errors.Is(err, edit.ErrUnstructured) {
		t.Error(err)
	}
}

func FuzzSettingKeepsJSONValidAndCanBeReadBack(f *testing.F) {
	f.Add(`{"a":[1,{"b":2}]}`, `a[1].b=3`)
	f.Add(`[ ]`, `[0].x="y"`)
	f.Add("{\"a\" :\n1 }", `b.c=x`)
	f.Fuzz(func(t *testing.T, body, text string) {
		e, err := edit.Parse(text)
		if err != nil || !json.Valid([]byte(body)) {
			return
		}
		once, err := e.Apply([]byte(body), "application/json")
		if err != nil {
			return
		}
		if !json.Valid(once) {
			t.Fatalf("%q with %q is %q", body, text, once)
		}
		if twice, err := e.Apply(once, "application/json"); err != nil || string(twice) != string(once) {
			t.Errorf("again: %v %q, not %q", err, twice, once)
		}
	})
}
