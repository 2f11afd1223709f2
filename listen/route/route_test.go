package route_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/barbhq/barb/listen/route"
)

func TestAStarMatchesAnyPart(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"invoice.paid", "invoice.paid", true}, {"invoice.paid", "invoice.paid.x", false},
		{"invoice.*", "invoice.paid", true},
		{"invoice.*", "invoice", false}, {"*", "", true}, {"*.paid", "a.b.paid", true}, {"*.paid", "paid", false},
		{"a*b*c", "aXbYc", true}, {"a*b*c", "acb", false}, {"a*a", "a", false}, {"*a*a", "a", false}, {"*b*ab", "bab", true},
		{"*a*", "bab", true}, {"a**b", "ab", true},
		{"orders/*", "orders/create", true}, {"[a]", "a", false}, {"a?", "ab", false}, {"*ab", "aab", true},
		{"", "", true}, {"", "a", false}, {"a*c", "a\nb\xff\nc", true},
	} {
		if got := route.Match(c.pattern, c.text); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.text, got)
		}
	}
}

func TestPatternsMatchAsTheirExpressionsDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*.]{0,8}`).Draw(t, "pattern")
		s := rapid.StringMatching(`[ab.]{0,8}`).Draw(t, "s")
		expression := `^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`
		want := regexp.MustCompile(expression).MatchString(s)
		if got := route.Match(pattern, s); got != want {
			t.Errorf("%q matches %q: %t, want %t", pattern, s, got, want)
		}
	})
}

func TestPathIsThePathThatAnAppSees(t *testing.T) {
	for target, want := range map[string]string{
		"/stripe": "/stripe", "/%73tripe?x=1": "/stripe", "//stripe": "/stripe", "/x/../stripe/": "/stripe",
		"/STRIPE;v=1":       "/stripe",
		"http://x/stripe?a": "/stripe", "http://x": "/", "http://x?a": "/", "http://x#/b": "/", "/a/b": "/a/b",
		"/bad%zz": "/bad%zz", "/%4g": "/%4g", "/%g4": "/%g4", "/%4A%4b": "/jk", "/%C1%B3tripe": "/stripe",
		"*": "/*", "/?to=http://x/stripe": "/", "/%2573tripe": "/stripe", "/\xc1\xb3tripe": "/stripe",
		`\stripe`: "/stripe", "": "/",
		"/\u212aey\xff": "/key\xff",
	} {
		if got := route.Path(target); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
	}
}

func TestARouteCoversItsPathAndWhatIsBelow(t *testing.T) {
	for path, want := range map[string]map[string]bool{
		"":    {"/": true, "/a": true},
		"/":   {"/": true, "/a": true},
		"/A/": {"/": false, "/a": true, "/a/b": true, "/ab": false},
	} {
		r := route.Route{Path: path}
		for at, covered := range want {
			if r.Covers(at) != covered {
				t.Errorf("a route at %q covers %q: %t", path, at, !covered)
			}
		}
	}
}

func TestARouteSelectsByMethodAndEvent(t *testing.T) {
	r := route.Route{Path: "/a", Methods: []string{"POST", "PUT"}, Event: "a.*",
		Targets: []route.Target{{URL: "http://h"}}}
	if !r.Selects("PUT", "a.b") || r.Selects("GET", "a.b") || r.Selects("PUT", "b") || r.CoversAll() {
		t.Errorf("%+v selects something else", r)
	}
	if name := r.Name(); name != "POST,PUT /a a.*" || r.Targets.First() != "http://h" {
		t.Errorf("it is named %q and forwards to %q", name, r.Targets.First())
	}
	chosen := route.Route{Event: "a", Where: ".body.b"}
	if only := (&route.Route{Where: ".body.b"}); only.CoversAll() || chosen.Name() != "a .body.b" {
		t.Errorf("a route with an expression selects everything, or is named %q", chosen.Name())
	}
	if all := (&route.Route{Path: "/"}); !all.CoversAll() || !all.Selects("GET", "") || all.Name() != "/" ||
		all.Targets.First() != "" {
		t.Errorf("%+v does not select everything", all)
	}
}

func TestTheRowOfAPathIsTheLongestThatCoversIt(t *testing.T) {
	table := route.Table{{Path: "/a", Scheme: "one"}, {Path: "/a/b", Scheme: "two"}, {Path: "/a", Scheme: "three"}}
	index := func(r *route.Route) int {
		return slices.IndexFunc(table, func(o route.Route) bool { return r != nil && o.Scheme == r.Scheme })
	}
	for path, want := range map[string]int{"/a": 0, "/a/b/c": 1, "/a/c": 0, "/": -1} {
		if got := index(table.Covering(path)); got != want {
			t.Errorf("%s: row %d, want %d", path, got, want)
		}
	}
	for _, c := range []struct {
		scheme, path string
		want         int
	}{{"", "/a", 0}, {"one", "/a", 0}, {"three", "/a", 2}, {"two", "", 1}, {"", "", -1}, {"four", "/a", -1},
		{"two", "/c", 1}} {
		if got := index(table.ForScheme(c.scheme, c.path)); got != c.want {
			t.Errorf("%s at %q: row %d, want %d", c.scheme, c.path, got, c.want)
		}
	}
}
