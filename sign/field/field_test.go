package field_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign/field"
)

func TestAHeaderInAnotherSpellingCounts(t *testing.T) {
	for _, c := range []struct {
		h    http.Header
		want string
		n    int
	}{
		{http.Header{"X-Sig": {" a\t"}}, "a", 1},
		{http.Header{"X-Sig": {"a", "b"}}, "a", 2},
		{http.Header{"x-sig": {"a"}}, "a", 1},
		{http.Header{"X-Sig": {"a"}, "X_sig": {"b"}}, "a", 2},
		{http.Header{"X_Sig": {"b"}}, "", 0},
		{http.Header{"X-Sig": {}}, "", 0},
		{nil, "", 0},
	} {
		if got, n := field.Header(c.h, "X-Sig"); got != c.want || n != c.n {
			t.Errorf("%v: %q %d", c.h, got, n)
		}
	}
}

func TestLinesOfAHeaderAreJoined(t *testing.T) {
	h := http.Header{"X-Sig": {" a ", "b"}}
	if got := field.Joined(h, "x-sig", ","); got != " a ,b" {
		t.Errorf("%q", got)
	}
	if got, ok := field.Combined(h, "x-sig"); !ok || got != "a, b" {
		t.Errorf("%q %v", got, ok)
	}
	h["x_sig"] = []string{"c"}
	if got, ok := field.Combined(h, "x-sig"); ok {
		t.Errorf("%q", got)
	}
	if got, ok := field.Combined(h, "other"); ok {
		t.Errorf("%q", got)
	}
}

func TestAFormFieldInAnotherSpellingCounts(t *testing.T) {
	for _, c := range []struct {
		form, want string
		n          int
	}{
		{"a.b=1", "1", 1}, {"a.b=x+y%zz%41", "x y%zzA", 1}, {"%61.b=1", "1", 1}, {"a.b=1&a.b=2", "1", 2},
		{"a.b=1&A.B=2", "1", 2}, {"a_b=1", "", 2}, {"a.b[]=1", "", 2}, {"a.b[0]=1&a.b=2", "2", 2}, {"a.b%00x=1", "", 2},
		{"a.b=1;a.b=2", "1", 3},
		{"c=1;a.b=2", "", 2}, {"a.b=1;c", "1", 2}, {"c=1", "", 0}, {"", "", 0}, {"[x]=1", "", 0},
	} {
		if got, n := field.Form(c.form, "a.b"); got != c.want || n != c.n {
			t.Errorf("%s: %q %d, want %q %d", c.form, got, n, c.want, c.n)
		}
	}
}

func TestAFormIsSorted(t *testing.T) {
	for _, c := range []struct {
		form   string
		unique bool
		want   string
		ok     bool
	}{
		{"b=2&a=1&&a=0", false, "a0a1b2", true},
		{"a=1&a=1", false, "a1a1", true},
		{"a=1&a=1", true, "a1", true},
		{"a=1;b=2", false, "", false},
		{"a=%zz", false, "", false},
		{"", false, "", true},
	} {
		if got, ok := field.Sorted([]byte(">"), []byte(c.form), c.unique); ok != c.ok || string(got) != ">"+c.want {
			t.Errorf("%s: %s %v", c.form, got, ok)
		}
	}
}

func TestAPartOfAFormIsFoundOnce(t *testing.T) {
	part := func(disposition, body string) string {
		return "--x\r\nContent-Disposition: " + disposition + "\r\n\r\n" + body + "\r\n"
	}
	for _, c := range []struct {
		form, want string
		n          int
		ok         bool
	}{
		{part(`form-data; name="json"`, "{}") + "--x--", "{}", 1, true},
		{part(`form-data; name="other"`, "{}") + "--x--", "", 0, true},
		{part(`form-data; name="json"`, "1") + part(`form-data; name="JSON"`, "2") + "--x--", "1", 2, true},
		{part(`form-data; name="JSON"`, "2") + "--x--", "", 2, true},
		{part("form-data; name=\"json\"\r\nContent-Disposition: form-data; name=\"other\"", "2") + "--x--", "", 2, true},
		{part(`;`, "2") + "--x--", "", 0, true},
		{part(`form-data; name="json"`, "{}"), "", 0, false},
		{strings.Repeat(part(`form-data; name="a"`, ""), 33) + "--x--", "", 0, false},
	} {
		got, n, err := field.Part([]byte(c.form), "x", "json")
		if string(got) != c.want || n != c.n || (err == nil) != c.ok {
			t.Errorf("%q: %q %d %v", c.form, got, n, err)
		}
	}
}

func TestAURLIsCutWithoutChangingAByte(t *testing.T) {
	for _, c := range []struct{ url, before, query, fragment, path string }{
		{"https://h/a%2fb?x=1&y#z?", "https://h/a%2fb", "x=1&y", "#z?", "/a%2fb"},
		{"https://h", "https://h", "", "", "/"},
		{"https://h?x", "https://h", "x", "", "/"},
		{"/a?", "/a", "", "", "/a"},
	} {
		before, query, fragment := field.SplitURL(c.url)
		if before != c.before || query != c.query || fragment != c.fragment || field.Path(c.url) != c.path {
			t.Errorf("%s: %q %q %q %q", c.url, before, query, fragment, field.Path(c.url))
		}
	}
	if value, n := field.Query("https://h/?a=%41&b&a=2#a=3", "a"); value != "2" || n != 2 {
		t.Errorf("%q %d", value, n)
	}
}
