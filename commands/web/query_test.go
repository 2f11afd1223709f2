package web_test

import (
	"regexp"
	"strings"
	"testing"
)

// The query string of a webhook is a table like the fields of a form: decoded, in its order, with what occurs twice. An
// escape that is none stays as it is, and what cannot be seen is a mark.
func TestAQueryStringIsATable(t *testing.T) {
	t.Parallel()
	s := entered(t)
	for _, query := range []string{"", "?", "?b=2&a=Gr%C3%BC%C3%9Fe+you&b=3&&%3Cb%3E=%zz&flag&dir=%E2%80%AE&nul=%00",
		"?" + strings.Repeat("n=1&", 502)} {
		x := received(1)
		x.Request.Target, x.Request.URL = "/hooks"+query, "http://h/hooks"+query
		s.add(x)
	}
	for _, path := range []string{"/w/1", "/w/2"} {
		if text := s.get(path); strings.Contains(text, "<h3>Query") || strings.Contains(text, "<h3>Header fields") {
			t.Errorf("%s has a query", path)
		}
	}
	_, text, _ := strings.Cut(s.get("/w/3"), "<h3>Query</h3>")
	table, rest, _ := strings.Cut(text, "</table>")
	var got []string
	pair := regexp.MustCompile(`<tr><th scope=row>(.*?)</th><td>(.*?)</td>`)
	for _, cells := range pair.FindAllStringSubmatch(table, -1) {
		got = append(got, cells[1]+"="+cells[2])
	}
	want := []string{"b=2", "a=Grüße you", "b=3", "&lt;b&gt;=%zz", "flag=", `dir=<i class=u title="U+202E">RLO</i>`,
		`nul=<i class=u title="U+0000">NUL</i>`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", got, want)
	}
	has(t, rest, "<h3>Header fields</h3>")
	has(t, s.get("/w/4"), "2 more are in the request line.")
}
