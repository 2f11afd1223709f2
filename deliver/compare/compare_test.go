package compare_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/store/record"
)

// message is an answer with a status, headers as lines, and a body.
func message(status int, header, body string) compare.Message {
	m := compare.Message{Status: status, Body: []byte(body)}
	for line := range strings.SplitSeq(header, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			m.Header = append(m.Header, record.Field{Name: name, Value: value})
		}
	}
	return m
}

// said lists differences, one a line.
func said(all []compare.Difference) string {
	text := func(s *string) string {
		if s == nil {
			return "–"
		}
		return *s
	}
	var lines []string
	for _, d := range all {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s", d.Part, d.Name))+": "+text(d.Old)+" → "+text(d.New))
	}
	return strings.Join(lines, "\n")
}

func TestWhatDiffersIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ a, b, ignore, want string }{
		"the same":          {`{"a":1}`, `{"a":1}`, "", ""},
		"only its spelling": {`{"a":1,"b":[1, 2.0]}`, "{\n\"b\": [1,2], \"a\": 1.0}", "", ""},
		"a value":           {`{"a":{"b":1}}`, `{"a":{"b":"1"}}`, "", `body .a.b: 1 → "1"`},
		"null is a value":   {`{"a":null}`, `{}`, "", `body .a: null → –`},
		"a field":           {`{"a":1,"b":2}`, `{"b":2,"c":[]}`, "", "body .a: 1 → –\nbody .c: – → []"},
		"an odd name": {`{"a b":1,"":2,"1":3}`, `{"a b":2,"":3,"1":4}`, "",
			"body .\"\": 2 → 3\nbody .\"1\": 3 → 4\nbody .\"a b\": 1 → 2"},
		"a new element":   {`[1,2,3]`, `[0,1,2,3]`, "", "body .[0]: – → 0"},
		"an element less": {`{"l":[{"i":1},{"i":2},{"i":3}]}`, `{"l":[{"i":1},{"i":3}]}`, "", `body .l[1]: {"i":2} → –`},
		"within an element": {`{"l":[{"i":1},{"i":2},{"i":3}]}`, `{"l":[{"i":1},{"i":5},{"i":3}]}`, "",
			`body .l[1].i: 2 → 5`},
		"many digits": {`{"id":9007199254740993}`, `{"id":9007199254740992}`, "",
			"body .id: 9007199254740993 → 9007199254740992"},
		"another type": {`{"a":[1]}`, `{"a":{"0":1}}`, "", `body .a: [1] → {"0":1}`},
		"ignored":      {`{"a":1,"m":{"id":1}}`, `{"a":2,"m":{"id":2}}`, ".m.id", "body .a: 1 → 2"},
		"ignored in each": {`[{"id":1,"x":1},{"id":2}]`, `[{"id":3,"x":1},{"id":4},{"id":5}]`, ".[].id",
			`body .[2]: – → {}`},
		"ignored by quotes": {`{"a b":{"c-d":1}}`, `{"a b":{"c-d":2}}`, `."a b"["c-d"]`, ""},
		"one element":       {`{"l":[1,2]}`, `{"l":[3,4]}`, ".l[1]", "body .l[0]: 1 → 3"},
		"the whole body":    {`a`, `b`, "body", ""},
		"text":              {"one\ntwo\nthree", "one\n2\nthree\nfour", "", "body line 2: two → 2\nbody line 4: – → four"},
		"scalars are text":  {"1", "2", "", "body line 1: 1 → 2"},
		"JSON became text":  {`{"a":1}`, `Internal error`, "", `body line 1: {"a":1} → Internal error`},
		"an empty body":     {``, `{"a":1}`, "", `body: – → {"a":1}`},
		"bytes":             {"\x00\x01", "\x00\x02\xff", "", "body: 2 bytes that are not text → 3 bytes that are not text"},
	} {
		var texts []string
		if c.ignore != "" {
			texts = []string{c.ignore}
		}
		ignore, err := compare.ParseIgnored(texts)
		if err != nil {
			t.Fatal(err)
		}
		got := said(compare.Messages(message(200, "", c.a), message(200, "", c.b), compare.Options{Ignore: ignore}))
		if got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestHeadersAreComparedByTheirNames(t *testing.T) {
	a := message(200, "Content-Type: text/plain\nX-A: 1\nSet-Cookie: a\nDate: now", "")
	b := message(500, "x-a: 1\nset-cookie: a\nSet-Cookie: b\nContent-type: text/html\nDate: later", "")
	ignore, err := compare.ParseIgnored([]string{"header:DATE"})
	if err != nil {
		t.Fatal(err)
	}
	want := "status: 200 → 500\nheader content-type: text/plain → text/html\nheader set-cookie: a → a, b"
	if got := said(compare.Messages(a, b, compare.Options{Ignore: ignore})); got != want {
		t.Error(got)
	}
	if got := said(compare.Messages(a, b, compare.Options{Headers: []string{"location"}})); got != "status: 200 → 500" {
		t.Error(got)
	}
	none, _ := compare.ParseIgnored([]string{"headers", "status"})
	if got := said(compare.Messages(a, b, compare.Options{Ignore: none})); got != "" {
		t.Error(got)
	}
	none = compare.Ignored{}
	if got := said(compare.Messages(compare.Message{}, message(200, "", ""), compare.Options{Ignore: none})); got !=
		"status: – → 200" {
		t.Error(got)
	}
}

func TestWhatNamesNothingToIgnoreIsAnError(t *testing.T) {
	for text, at := range map[string]int{"a": 0, "": 0, ".a..b": 2, ".a[x]": 2, ".a[": 2, `.a["b]`: 2, "header:": 0,
		".a.": 2} {
		_, err := compare.ParseIgnored([]string{text})
		if e, ok := errors.AsType[*compare.IgnoreError](err); !ok || e.At != at {
			t.Errorf("%q: %+v", text, err)
		}
	}
}

// TestLongListsAreComparedInTime compares what a table of all places would be too large for.
func TestLongListsAreComparedInTime(t *testing.T) {
	var a, b []string
	for i := range 60000 {
		a, b = append(a, fmt.Sprint(i)), append(b, fmt.Sprint(i+i%3))
	}
	x, y := message(0, "", strings.Join(a, "\n")), message(0, "", strings.Join(b, "\n"))
	all := compare.Messages(x, y, compare.Options{})
	if len(all) == 0 {
		t.Error("no difference")
	}
}

// FuzzEqualAndDifferent compares a message with itself and with another one, in both directions.
func FuzzEqualAndDifferent(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, `{"a":[{"b":1}]}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := message(200, "Content-Type: application/json", a), message(200, "Content-Type: application/json", b)
		if got := compare.Messages(x, x, compare.Options{}); len(got) != 0 {
			t.Errorf("%q differs from itself: %s", a, said(got))
		}
		there, back := compare.Messages(x, y, compare.Options{}), compare.Messages(y, x, compare.Options{})
		if (len(there) == 0) != (len(back) == 0) {
			t.Errorf("%q and %q: %s, back %s", a, b, said(there), said(back))
		}
	})
}
